"""Tables of numbers as text: CSV with commas, semicolons, tabs or spaces, with decimal points or commas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.bare import bare_recording
from ecg_text.signal.formats.columns import names_a_lead, understand, with_rate
from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Reader, Recording, Stated

MOST_BYTES = 200 * 2**20  # a day of one lead at 250 Hz; the numbers take four times this in memory at the most
MOST_LINE = 2**20  # signs; a row holds a sample of each lead, or, in a table that lies on its side, a lead
_NO_NUMBER = re.compile(r"could not convert string .* at row (\d+), column (\d+)\.?", re.DOTALL)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def recognises_csv(path: Path, head: bytes) -> bool:
    """Whether it is text with a line of numbers near its top; the last resort, for no mark says that it is CSV."""
    if head.startswith(_UTF_16) or not head.strip():
        return path.suffix.lower() == ".csv"
    if b"\0" in head:
        return False
    lines = [line for line in head.decode("utf-8-sig", errors="replace").splitlines() if _says_something(line)][:3]
    if not lines:
        return path.suffix.lower() == ".csv"
    delimiter = _delimiter(lines[0])
    rows = [[cell.strip() for cell in _cells(line, delimiter)] for line in lines]
    if len(head) >= 512 and len(rows) == 1:
        del rows[0][-1:]  # the first bytes end somewhere in a number
    numbers = [all(_is_number(cell.replace(",", ".")) or not cell for cell in row) and any(row) for row in rows]
    named = len(rows) == 1 and path.suffix.lower() == ".csv"
    return any(numbers) or named or _has_a_lead(rows)


def _has_a_lead(rows: list[list[str]]) -> bool:
    """Whether a first row names a lead above a number: a table of samples, even where another column is of words."""
    if len(rows) < 2 or len(rows[0]) != len(rows[1]):
        return False
    columns = zip(rows[0], rows[1], strict=True)
    return any(_is_number(cell.replace(",", ".")) and not _is_number(name) and names_a_lead(name)
               for name, cell in columns)  # fmt: skip


def open_csv(path: Path, stated: Stated, _keep: Keep) -> Iterator[Recording]:
    """The recording of a CSV file; a first row may name leads, their unit and the time, comments (#) may stand above.

    Raises SignalError for text that is not UTF-8 or no table of numbers, or a file larger than MOST_BYTES.
    """
    if path.stat().st_size > MOST_BYTES:
        raise SignalError(f"{path}: a CSV file of more than {MOST_BYTES} bytes is not read; save it as .npy or WFDB")
    with path.open("rb") as file:
        if file.read(2) in _UTF_16:
            raise SignalError(f"{path}: it is UTF-16 text; save it as CSV UTF-8")
    try:
        array, names, remarks = _read(path)
    except UnicodeDecodeError as error:
        raise SignalError(f"{path}: it is not UTF-8 text ({error.reason}); save it as CSV UTF-8") from error
    if not names:
        yield bare_recording(path, array, stated, kind="CSV", remarks=remarks)
        return
    if array.shape[1] != len(names):
        raise SignalError(f"{path}: {len(names)} names above {array.shape[1]} columns; give one name a column")
    columns = understand(path, names, [True] * len(names), stated)
    if columns.time is not None:
        columns = with_rate(path, columns, array[:, columns.time])
    told = (*remarks, *columns.told)
    array = array[:, list(columns.kept)]
    yield bare_recording(path, array, columns.stated, kind="CSV", named_columns=True, remarks=told)


def _read(path: Path) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """The numbers (rows, columns), the columns' names where a first row has them, and a remark on decimal commas."""
    with path.open(encoding="utf-8-sig") as file:
        first = next((line for line in _lines(file) if _says_something(line)), "")
        if len(first) > MOST_LINE:
            raise SignalError(f"{path}: its first line is longer than {MOST_LINE} signs; write a row for each sample")
        delimiter = _delimiter(first)
        names = [name.strip() for name in _cells(first.rstrip("\r\n"), delimiter)]
        has_names = not all(_is_number(name.replace(",", ".")) for name in names)
        rest = _Numbers(file, first if not has_names else "", commas=delimiter != ",")
        with refusing(path, "the file cannot be read", "give a complete .csv file"):
            lines = iter(rest)
            top = next((line for line in lines if line.strip()), None)
            if top is None:
                raise ValueError("it has no numbers")
            try:
                array = np.loadtxt(chain([top], lines), delimiter=delimiter, ndmin=2, comments=None)
            except ValueError as error:
                raise _in_our_words(path, error) from error
    return array, tuple(names) if has_names else (), ("read decimal commas",) if rest.saw_comma else ()


def _in_our_words(path: Path, error: ValueError) -> ValueError | SignalError:
    """The place of a cell that is no number, whose text is not repeated; any other error as it is."""
    place = _NO_NUMBER.fullmatch(str(error))
    if place is None:
        return error
    row, column = int(place[1]) + 1, int(place[2])
    return SignalError(f"{path}: column {column} is no number in row {row} of the numbers; leave out what is no number")


def _lines(file: TextIO) -> Iterator[str]:
    """The lines of a file, one that is too long only as far as is needed to tell that it is."""
    return iter(lambda: file.readline(MOST_LINE + 1), "")


def _says_something(line: str) -> bool:
    """Whether it is neither empty nor a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


class _Numbers:
    """Lines with decimal points, whatever the file has; a file with both points and commas may mean thousands."""

    def __init__(self, lines: Iterator[str], first: str, *, commas: bool) -> None:
        self.lines, self.first, self.commas = lines, first, commas
        self.saw_comma = self.saw_point = False

    def __iter__(self) -> Iterator[str]:
        lines = chain([self.first], self.lines)
        # A file of points is handed on as it is: a call for each of a million lines would double the time.
        return map(self._with_points, lines) if self.commas else lines

    def _with_points(self, line: str) -> str:
        self.saw_point = self.saw_point or "." in line
        self.saw_comma = self.saw_comma or "," in line
        if self.saw_comma and self.saw_point:
            raise ValueError("it has both decimal points and commas")
        return line.replace(",", ".")


def _delimiter(line: str) -> str | None:
    """The mark between cells; None stands for blanks, as for np.loadtxt."""
    found = next((mark for mark in ("\t", ";", ",") if mark in line), None)
    return found or (None if len(line.split()) > 1 else ",")


def _cells(line: str, delimiter: str | None) -> list[str]:
    return line.split() if delimiter is None else next(csv.reader([line], delimiter=delimiter), [])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


CSV = Reader(name="CSV", recognises=recognises_csv, open=open_csv)
