"""What a library raises over a damaged file becomes our own error, in one line."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecg_text.errors import EcgTextError, SignalError


@contextmanager
def told(path: Path, what: str, advice: str = "get the original file") -> Iterator[None]:
    """Inside the block, an error of any other kind than ours is raised as SignalError: 'path: what (why); advice'."""
    try:
        # Libraries warn of what they guess; the guesses that matter are checked here, or are on the trail.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except EcgTextError:
        raise
    except Exception as error:
        raise SignalError(f"{path}: {what} ({one_line(error)}); {advice}") from error


def one_line(error: Exception) -> str:
    """What an error says, in one line of at most 120 signs."""
    text = " ".join(str(error).split()) if str(error) else type(error).__name__
    return text if len(text) <= 120 else text[:117] + "..."
