"""Any folder of WFDB recordings, with an optional CSV table that says whose they are and what is known of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from ecg_text.data.catalogue import SPLITS, Catalogue
from ecg_text.data.splits import check_disjoint, split_by_patient
from ecg_text.errors import DataError, SignalError
from ecg_text.signal.formats.wfdb_files import SUFFIXES
from ecg_text.signal.formats.wfdb_header import facts_from_comments, read_header_lines
from ecg_text.signal.read import find_records
from ecg_text.text.reports import clean_report

DEFAULT_CSV = "records.csv"
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
SEX: Mapping[str, str] = MappingProxyType({"female": "female", "f": "female", "male": "male", "m": "male"})
MAX_AGE = 130.0

Row = dict[str, str]


def folder(folder: Path, *, csv_path: Path | None = None) -> Catalogue:
    """The catalogue of every readable recording in a folder, with what records.csv (or another table) says of them.

    A record's id is its path in the folder, without the suffix. The table (UTF-8) has a heading and the columns id
    (or record_id), and of patient_id, age, sex, report, labels (joined by '|' or ';') and split those that are known.
    An id may leave its folder out where no other file has that name. What the table leaves empty of age, sex and
    labels is taken from the recording's own header. Without a split column, 80, 10 and 10 per cent of the patients go
    to train, val and test by a hash of their ids. Raises DataError where the folder has no recording, or the table
    cannot be read, names a record without a file or of several, repeats one, or has an impossible value.
    """
    folder = Path(folder)
    table = folder / DEFAULT_CSV if csv_path is None else Path(csv_path)
    if csv_path is not None and not table.is_file():
        raise DataError(f"there is no table {table}; give the CSV file that describes the records")
    files = _files(folder)
    headings, facts, notes = _read_table(table, files) if table.is_file() else ((), {}, [])
    rows = [{**_header_facts(path), **facts.get(record_id, {})} for record_id, path in files.items()]
    columns = _columns(tuple(files), rows)
    columns["path"] = [path.relative_to(folder).as_posix() for path in files.values()]
    columns["patient_id"], unknown = _patients(tuple(files), rows)
    if unknown:
        notes.append(f"{unknown} of {len(files)} records have no patient id: each counts as a patient of its own")
    columns["split"] = [row.get("split", "") for row in rows]
    if "split" not in headings:
        columns["split"] = split_by_patient(columns["patient_id"])
        notes.append("no splits are given: 80/10/10 % of the patients, by a hash of their ids")
    catalogue = Catalogue.from_columns(columns, source="folder", notes=notes)
    check_disjoint(catalogue)
    return catalogue


def _files(folder: Path) -> dict[str, Path]:
    """The recordings of a folder by record id."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; point at the folder that contains the recordings")
    files: dict[str, Path] = {}
    for path in find_records(folder):
        record_id = path.relative_to(folder).with_suffix("").as_posix()
        if record_id in files:
            raise DataError(f"{path} and {files[record_id].name} are two headers of one record; remove one")
        files[record_id] = path
    if not files:
        raise DataError(f"{folder} has no WFDB header (.hea); point at the folder that contains the recordings")
    return files


def _header_facts(path: Path) -> Row:
    """Age, sex and labels from a recording's header; nothing where it is damaged: preparing it will say why."""
    try:
        facts = facts_from_comments(read_header_lines(path)[1])
    except SignalError:
        return {}
    row = {
        "age": "" if facts.age is None else f"{facts.age:g}",
        "sex": facts.sex or "",
        "labels": "|".join(facts.labels),
    }
    return {name: value for name, value in row.items() if value}


def _read_table(table: Path, files: Mapping[str, Path]) -> tuple[tuple[str, ...], dict[str, Row], list[str]]:
    """The known headings of a table, its rows by record id, and notes."""
    text = _text(table)
    heading = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in heading and "," not in heading else ","
    )
    try:
        names = {name: HEADINGS.get(name.strip().lower()) for name in reader.fieldnames or ()}
        written = [{names[k]: v.strip() for k, v in row.items() if names.get(k) and v} for row in reader]
    except csv.Error as error:
        raise DataError(f"{table}: no CSV after line {reader.line_num} ({error}); save it as CSV UTF-8") from error
    headings = tuple(name for name in names.values() if name)
    if "record_id" not in headings or len(set(headings)) != len(headings):
        raise DataError(f"{table} has columns {', '.join(names)}; give one id column, and each other column once")
    ignored = [name for name, known in names.items() if not known]
    notes = [f"{table.name}: columns not used: {', '.join(ignored)}"] if ignored else []
    return headings, _by_record(table, written, files), notes


def _text(table: Path) -> str:
    """What a table says, without a byte order mark."""
    try:
        text = table.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without a byte order mark is UTF-8 with zeros
        raise DataError(f"{table}: is not UTF-8 text; save it as CSV UTF-8")
    return text


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


def _columns(record_ids: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Any]]:
    raw = [row.get("report") for row in rows]
    return {
        "record_id": list(record_ids),
        "age": _parsed(record_ids, rows, "age", _age),
        "sex": _parsed(record_ids, rows, "sex", lambda text: SEX.get(text.lower())),
        "report": [(clean_report(text) or None) if text else None for text in raw],
        "raw_report": raw,
        "labels": [[part.strip() for part in re.split(r"[|;]", row.get("labels", "")) if part.strip()] for row in rows],
        "split": _parsed(record_ids, rows, "split", lambda text: text if text in SPLITS else None),
    }


def _parsed(record_ids: Sequence[str], rows: Sequence[Row], name: str, parse: Callable[[str], Any]) -> list[Any]:
    """One column; an empty cell is unknown, a cell that parse answers with None is refused."""
    wanted = {"age": f"years, 0 to {MAX_AGE:g}", "sex": ", ".join(SEX), "split": ", ".join(SPLITS[:-1])}
    values: list[Any] = []
    for record_id, row in zip(record_ids, rows, strict=True):
        text = row.get(name, "")
        value = parse(text) if text else None
        if text and value is None:
            raise DataError(f"record {record_id!r} has {name} {text!r}; give {wanted[name]}, or leave it empty")
        values.append(value)
    return values


def _age(text: str) -> float | None:
    try:
        age = float(text)
    except ValueError:
        return None
    return age if 0 <= age <= MAX_AGE else None


def _patients(record_ids: Sequence[str], rows: Sequence[Row]) -> tuple[list[str], int]:
    """Each record's patient, and how many are not known; these are patients of their own."""
    known = [row.get("patient_id") for row in rows]
    ids = [patient or f"record:{record_id}" for record_id, patient in zip(record_ids, known, strict=True)]
    return ids, sum(patient is None for patient in known)
