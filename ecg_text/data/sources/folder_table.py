"""The table that describes a folder of recordings: its headings, and its rows by the record they mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from ecg_text.errors import DataError
from ecg_text.signal.formats.wfdb_files import SUFFIXES
from ecg_text.text.cleaning.encoding import decode

HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "record_id": "record_id",
        "id": "record_id",
        "patient_id": "patient_id",
        "patient": "patient_id",
        "age": "age",
        "sex": "sex",
        "report": "report",
        "labels": "labels",
        "split": "split",
    }
)

Row = dict[str, str]


def read_table(table: Path, files: Mapping[str, Path]) -> tuple[tuple[str, ...], dict[str, Row], list[str]]:
    """The known headings of a table, its rows by record id, and notes on what is not used and how it was read.

    files are the recordings by record id. Raises DataError where the table cannot be read, has no id column, or names
    a record without a file, of several, or twice.
    """
    text, encoding = decode(table.read_bytes())
    if "\0" in text:
        raise DataError(f"{table}: is no text (it has NUL signs); save it as CSV UTF-8")
    heading = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in heading and "," not in heading else ","
    )
    try:
        names = {name: HEADINGS.get(name.strip().lower()) for name in reader.fieldnames or ()}
        written = [{names[k]: v.strip() for k, v in row.items() if names.get(k) and v} for row in reader]
    except csv.Error as error:
        raise DataError(
            f"{table}: no CSV after line {reader.line_num} ({error}); look there for a quotation mark that is not "
            "closed, or a report of more than a hundred pages"
        ) from error
    headings = tuple(name for name in names.values() if name)
    if "record_id" not in headings or len(set(headings)) != len(headings):
        raise DataError(f"{table} has columns {', '.join(names)}; give one id column, and each other column once")
    ignored = [name for name, known in names.items() if not known]
    notes = [f"{table.name}: columns not used: {', '.join(ignored)}"] if ignored else []
    if encoding != "utf-8":
        notes.append(f"{table.name} is not in UTF-8; read as {encoding}: look whether its letters are right")
    return headings, _by_record(table, written, files), notes


def _by_record(table: Path, written: Sequence[Mapping[str | None, str]], files: Mapping[str, Path]) -> dict[str, Row]:
    named: dict[str, list[str]] = {}
    for record_id in files:
        named.setdefault(PurePosixPath(record_id).name, []).append(record_id)
    facts: dict[str, Row] = {}
    unknown: list[str] = []
    for row in written:
        given = row.get("record_id", "")
        found = [given] if given in files else _records_named(given, files, named)
        if len(found) > 1:
            raise DataError(f"{table}: {given!r} names {len(found)} files; give its folder too, as in {found[0]!r}")
        record_id = found[0] if found else ""
        if not found:
            unknown.append(given)
        elif record_id in facts:
            raise DataError(f"{table} has two rows for {given!r}; keep one")
        else:
            facts[record_id] = {name: value for name, value in row.items() if name}
    if unknown:
        some = ", ".join(repr(name) for name in unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        raise DataError(f"{table} names {len(unknown)} ids with no file: {some}; remove their rows or add the files")
    return facts


def _records_named(given: str, files: Mapping[str, Path], named: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The records an id means: the one of its folder and name, or all of its name where it gives no folder."""
    path = PurePosixPath(given.replace("\\", "/"))
    bare = path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
    exact = [name for name in (path.as_posix(), bare.as_posix()) if name in files]
    if exact or len(path.parts) != 1:
        return exact[:1]
    return named.get(path.name, ()) or named.get(bare.name, ())
