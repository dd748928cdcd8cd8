"""What a person sees while training: a bar with rate and time left, and a line when something is to be told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Tell = Callable[[str], None]


def teller(console: Console | None, speaks: bool) -> Tell:
    """A function that says one line: on the console, else to the log; the other processes keep quiet."""
    if not speaks:
        return lambda _: None
    if console is None:
        return logging.getLogger("ecg_text.training").info
    return lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)


def _no_bar(_step: int, _words: str) -> None:
    """Moves nothing."""


@contextmanager
def progress_bar(console: Console | None, speaks: bool, step: int, total: int) -> Iterator[Callable[[int, str], None]]:
    """Inside the block, a function that moves the bar to a step with a few words beside it."""
    if console is None or not speaks:
        yield _no_bar
        return
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("training", completed=step, total=total, words="")
        yield lambda step, words: progress.update(task, completed=step, words=words)
