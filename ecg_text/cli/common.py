"""What the verbs share: one console each for results and for talk, a progress bar, one JSON document."""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

# The same words as on every drawing (ecg_text.plots.svg), which is too heavy to import for a help text.
RESEARCH_USE = "research use only, not a medical device"

# Exit statuses beside 0 (done) and typer's own 2 (wrong usage).
REFUSED, INTERRUPTED = 1, 130

Advance = Callable[[int, int], None]

# Control signs but tab and line end, and single bytes of another encoding, as of a file's name.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_WIDTH_OF_A_PIPE = 160  # a file has no width; a table in it must not be cut to that of an imagined screen


def visible(text: str) -> str:
    """The text as a screen may show it: signs that would steer a terminal, or cannot be written, become U+FFFD."""
    return text if text.isprintable() else _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def excerpt(text: str, width: int) -> str:
    """The text in one line and at most this many signs; what is left out is shown as "…"."""
    told = " ".join(text.split())
    return told if len(told) <= width else told[: width - 1].rstrip() + "…"


def is_first_process() -> bool:
    """Whether this process is the one that speaks: the only one, or the first that a launcher started."""
    return os.environ.get("RANK", "0") == "0"


def talk_console() -> Console:
    """The console for progress and remarks: stderr, so that stdout holds results alone."""
    from rich.console import Console

    return Console(stderr=True, quiet=not is_first_process(), highlight=False)


def remark(line: str) -> None:
    """One line on stderr, for people."""
    if is_first_process():
        typer.echo(visible(line), err=True)


def complain(message: str) -> None:
    """The one line of a refusal."""
    rank = os.environ.get("RANK", "0")
    process = "" if is_first_process() else f" on process {rank}"
    typer.echo(f"error{process}: {visible(' '.join(message.split()))}", err=True)


def say(line: str = "") -> None:
    """One line of the result, for people."""
    if is_first_process():
        typer.echo(visible(line))


def say_research_use() -> None:
    """The line that ends every output of scores."""
    say(f"({RESEARCH_USE})")


def print_json(document: Any) -> None:
    """The whole result as one JSON document, and nothing else on stdout; NaN becomes null."""
    if is_first_process():
        typer.echo(json.dumps(_json_ready(document), indent=2, ensure_ascii=False, allow_nan=False))


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), widest: int | None = None
) -> None:
    """Rows of texts under headings; the columns named in right are set flush right, as numbers are.

    widest: the most signs that a cell shows; what is longer is cut, and ends in "…".
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(visible(cell if widest is None else excerpt(cell, widest)) for cell in row))
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    Console(quiet=not is_first_process(), highlight=False, markup=False, width=width).print(table)


@contextmanager
def progress(label: str) -> Iterator[Advance]:
    """Inside the block, a function (done, total) that moves a bar on stderr; no bar where nobody is watching."""
    from rich import progress as parts

    columns = (
        parts.TextColumn(label),
        parts.BarColumn(),
        parts.MofNCompleteColumn(),
        parts.TimeElapsedColumn(),
        parts.TimeRemainingColumn(),
    )
    console = talk_console()
    with parts.Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Inside the block no garbage is collected: a tenth of a long import is a search among objects that all stay."""
    worked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if worked:
            gc.enable()


def quiet_libraries() -> None:
    """Silence the bars and remarks of transformers and the hub; what matters reaches people as an error."""
    from huggingface_hub.utils import disable_progress_bars
    from transformers.utils import logging

    # Forked workers would each warn of it; the tokenizers here are faster than the models they feed.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    disable_progress_bars()
    logging.disable_progress_bar()
    logging.set_verbosity_error()


def _json_ready(value: Any) -> Any:
    """Plain JSON values: tuples as lists, paths as text, numbers of numpy as numbers, NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(key): _json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "tolist"):
        return _json_ready(value.tolist())
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return str(value)
