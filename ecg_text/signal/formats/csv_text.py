"""Tables of numbers as text: CSV with commas, semicolons, tabs or spaces, with decimal points or commas."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.bare import bare_recording
from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Reader, Recording, Stated

MOST_BYTES = 200 * 2**20  # a day of one lead at 250 Hz; the numbers take four times this in memory at the most
_TIME_COLUMNS = ("", "time", "time_s", "time_ms", "t", "sample", "index")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def recognises_csv(path: Path, head: bytes) -> bool:
    """Whether it is text with a line of numbers near its top; the last resort, for no mark says that it is CSV."""
    if head.startswith(_UTF_16) or not head.strip():
        return path.suffix.lower() == ".csv"
    if b"\0" in head:
        return False
    lines = [line for line in head.decode("utf-8-sig", errors="replace").splitlines() if line.strip()][:3]
    delimiter = _delimiter(lines[0]) if lines else None
    rows = [[cell.strip() for cell in _cells(line, delimiter)] for line in lines]
    if len(head) >= 512 and len(rows) == 1:
        del rows[0][-1:]  # the first bytes end somewhere in a number
    numbers = [all(_is_number(cell.replace(",", ".")) or not cell for cell in row) and any(row) for row in rows]
    named = len(rows) == 1 and path.suffix.lower() == ".csv"
    return any(numbers) or named


def open_csv(path: Path, stated: Stated, _keep: Keep) -> Iterator[Recording]:
    """The recording of a CSV file; a first row may name the leads, and a column of times is left out.

    Raises SignalError for text that is not UTF-8 or no table of numbers, or a file larger than MOST_BYTES.
    """
    if path.stat().st_size > MOST_BYTES:
        raise SignalError(f"{path}: a csv file of more than {MOST_BYTES} bytes is not read; save it as .npy or WFDB")
    with path.open("rb") as file:
        if file.read(2) in _UTF_16:
            raise SignalError(f"{path}: it is UTF-16 text; save it as CSV UTF-8")
    try:
        array, columns, remarks = _read(path)
    except UnicodeDecodeError as error:
        raise SignalError(f"{path}: it is not UTF-8 text ({error.reason}); save it as CSV UTF-8") from error
    yield bare_recording(path, array, stated, kind="csv", columns=columns, remarks=remarks)


def _read(path: Path) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """The numbers (rows, columns), the columns' names where a first row has them, and a remark on decimal commas."""
    with path.open(encoding="utf-8-sig") as file:
        first = next((line for line in file if line.strip()), "")
        delimiter = _delimiter(first)
        names = [name.strip() for name in _cells(first.rstrip("\r\n"), delimiter)]
        has_names = not all(_is_number(name.replace(",", ".")) for name in names)
        rest = _Numbers(file, first if not has_names else "", commas=delimiter != ",")
        with refusing(path, "the file cannot be read", "give a complete .csv file"):
            lines = iter(rest)
            top = next((line for line in lines if line.strip()), None)
            if top is None:
                raise ValueError("it has no numbers")
            array = np.loadtxt(chain([top], lines), delimiter=delimiter, ndmin=2, comments=None)
    remarks = ("read decimal commas",) if rest.saw_comma else ()
    if not has_names:
        return array, (), remarks
    if array.shape[1] != len(names):
        raise SignalError(f"{path}: {len(names)} names above {array.shape[1]} columns; give one name a column")
    kept = [number for number, name in enumerate(names) if name.lower() not in _TIME_COLUMNS]
    return array[:, kept], tuple(names[number] for number in kept), remarks


class _Numbers:
    """Lines with decimal points, whatever the file has; a file with both points and commas may mean thousands."""

    def __init__(self, lines: Iterator[str], first: str, *, commas: bool) -> None:
        self.lines, self.first, self.commas = lines, first, commas
        self.saw_comma = self.saw_point = False

    def __iter__(self) -> Iterator[str]:
        yield from map(self._with_points, chain([self.first], self.lines))

    def _with_points(self, line: str) -> str:
        if not self.commas:
            return line
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
