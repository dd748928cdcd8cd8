"""What is raised over a damaged file becomes our own error, in one short line that steers no terminal."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecg_text.errors import EcgTextError, MissingPackageError, SignalError

MOST_SIGNS = 480
_MOST_REASON_SIGNS = 160
_NEEDED_BEHIND = 2  # of three parts of a cut message, the part that is kept of its end, where the advice stands


@contextmanager
def refusing(path: Path, what: str, advice: str = "get the original file") -> Iterator[list[str]]:
    """Inside the block, an error of any other kind than ours is raised as SignalError: 'path: what (why); advice'.

    Warnings of libraries are caught; afterwards their texts stand in the list that is given. Our own errors pass,
    in one line. Raises MissingPackageError where an optional package is absent.
    """
    warned: list[str] = []
    try:
        with in_one_line(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield warned
        warned += [one_line(str(warning.message)) for warning in caught]
    except EcgTextError:
        raise
    except ImportError as error:
        reason = f"{path}: {what} without a package ({_reason(path, error)})"
        raise MissingPackageError(plain(f"{reason}; pip install 'ecg-text[formats]'")) from error
    except Exception as error:
        raise SignalError(plain(f"{path}: {what} ({_reason(path, error)}); {advice}")) from error


@contextmanager
def in_one_line() -> Iterator[None]:
    """Inside the block, an error of ours whose message is too long or not printable is raised with a plain one."""
    try:
        yield
    except EcgTextError as error:
        if str(error) == plain(str(error)):
            raise
        raise type(error)(plain(str(error))) from error


def one_line(text: str) -> str:
    """A library's text in one line of at most 160 signs, all of them printable."""
    return plain(" ".join(text.split()), _MOST_REASON_SIGNS)


def plain(text: str, most_signs: int = MOST_SIGNS) -> str:
    """The text with escapes for what is not printable, and without its middle where it is longer than most_signs."""
    if len(text) <= most_signs and text.isprintable():
        return text
    # Nothing further in is looked at: a name out of a file may have millions of letters.
    ends = text if len(text) <= 2 * most_signs else text[:most_signs] + text[-most_signs:]
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in ends)
    if len(shown) <= most_signs:
        return shown
    behind = most_signs * _NEEDED_BEHIND // 3
    return f"{shown[: most_signs - behind - 3]}...{shown[-behind:]}"


def _reason(path: Path, error: Exception) -> str:
    return one_line(str(error).replace(str(path), path.name)) or type(error).__name__
