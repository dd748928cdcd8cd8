"""A CSV file that a spreadsheet opens as what it says: a cell of text is never taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from ecg_text.whole_file import whole_file

# What a spreadsheet may take for the beginning of a formula (OWASP, CSV Injection; ASVS 5.0, requirement 1.2.10).
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\n", "\0", "＝", "＋", "－", "＠")


def write_csv(path: Path, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV file, whole or not at all; a text that a spreadsheet would compute gets an apostrophe before it.

    A number, and a text that is one, stays as it is; a line end in a cell is written as the file's own.
    """
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(headings)
        table.writerows([_as_text(cell) for cell in row] for row in rows)


def _as_text(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\r\n", "\n").replace("\r", "\n")  # csv quotes no other line end than the file's
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip()
