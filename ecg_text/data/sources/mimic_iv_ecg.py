"""MIMIC-IV-ECG 1.0 (Gow et al. 2023): 800,035 ten-second 12-lead ECGs of 161,352 patients, read by their machines."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.splits import split_by_patient
from ecg_text.errors import DataError
from ecg_text.signal.formats.paths import is_file
from ecg_text.text.cleaning.sources import clean_reports, describe, join_statements

NAME = "mimic-iv-ecg"
RECORDS, MEASUREMENTS = "record_list.csv", "machine_measurements.csv"
RECORD_COLUMNS = ("subject_id", "study_id", "path")
STATEMENT_COLUMNS = tuple(f"report_{number}" for number in range(18))


def mimic_iv_ecg(folder: Path) -> Catalogue:
    """The catalogue of MIMIC-IV-ECG, or of the part of it that is there, from the folder with its two tables.

    A record's id is its study_id, a patient's id the subject_id that was drawn for the release. A report is what the
    machine states, report_0 to report_17; ages, sexes and labels are not published with the ECGs, and times are not
    read. 80, 10 and 10 per cent of the patients go to train, val and test by a hash of their ids, so that a part has
    the splits of the whole. Records without a header file are left out, and a note counts them; one without a row in
    machine_measurements.csv is there without a report. Raises DataError where a table or all records are missing, a
    table is not as published, names a study twice, or has a path that leads out of the folder.
    """
    folder = Path(folder)
    for table in (RECORDS, MEASUREMENTS):
        if not is_file(folder / table):
            raise DataError(f"{folder} has no {table}; point at the folder that contains {RECORDS} and {MEASUREMENTS}")
    present, num_listed = _present(folder)
    raw, num_measured = _reports(folder / MEASUREMENTS, present)
    reports = clean_reports(raw, NAME)
    columns: dict[str, list[Any]] = {
        "record_id": present.studies,
        "patient_id": present.patients,
        "path": present.paths,
        "report": [report.text or None if report else None for report in reports],
        "raw_report": raw,
        "split": split_by_patient(present.patients),
    }
    notes = [*_told(num_listed, len(raw), num_measured), *describe(reports, NAME)]
    notes.append("no splits are published: 80/10/10 % of the patients, by a hash of their ids")
    return Catalogue.from_columns(columns, source=NAME, notes=notes)


def _told(num_listed: int, num: int, num_measured: int) -> list[str]:
    """What a person should know of the records that are left out, and of those without measurements."""
    absent, bare = num_listed - num, num - num_measured
    notes = (
        [f"left out, for their files are not here: {absent} of the {num_listed} records of {RECORDS}"] if absent else []
    )
    if bare:
        notes.append(f"without a report, for they have no row in {MEASUREMENTS}: {bare} of {num} records")
    return notes


class _Present(NamedTuple):
    """The records whose files are there, column by column: 800,000 rows as dictionaries would take gigabytes."""

    studies: list[str]
    patients: list[str]
    paths: list[str]


def _present(folder: Path) -> tuple[_Present, int]:
    """The records of record_list.csv that are there, and how many it lists. Raises DataError where none is there."""
    table = folder / RECORDS
    present, num_listed = _Present([], [], []), 0
    for line, (subject, study, path) in _rows(table, RECORD_COLUMNS):
        _check_ids(table, line, subject, study)
        if not _stays_inside(path):
            raise DataError(
                f"{table}, line {line}: the path {path[:80]!r} leads out of the folder; take {RECORDS} as published"
            )
        num_listed += 1
        if is_file(folder / f"{path}.hea"):
            for column, cell in zip(present, (study, subject, path), strict=True):
                column.append(cell)
    if not present.studies:
        raise DataError(
            f"{folder} has none of the {num_listed} records of {RECORDS}; put their folder, files, beside it"
        )
    return present, num_listed


def _reports(table: Path, present: _Present) -> tuple[list[str | None], int]:
    """The joined statements of each record that is there, None where nothing is stated, and how many have a row.

    A row counts for a record when study and subject agree. Raises DataError where two do.
    """
    row_of = {study: row for row, study in enumerate(present.studies)}
    reports: list[str | None] = [None] * len(present.studies)
    has_row = bytearray(len(reports))
    known: dict[str, str] = {}  # thousands of normal ECGs share one text
    for line, (subject, study, *statements) in _rows(table, ("subject_id", "study_id", *STATEMENT_COLUMNS)):
        _check_ids(table, line, subject, study)
        row = row_of.get(study)
        if row is None or present.patients[row] != subject:
            continue
        if has_row[row]:
            raise DataError(f"{table}, line {line}: a second row for study {study}; keep one")
        has_row[row] = True
        report = join_statements([*filter(None, statements)])
        reports[row] = known.setdefault(report, report) or None
    return reports, sum(has_row)


def _rows(table: Path, names: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The cells of these columns, row by row, each with the number of its line.

    Raises DataError where the table is no CSV, lacks a column, or is cut.
    """
    with table.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        try:
            heading = [name.strip() for name in next(reader, [])]
            missing = [name for name in names if name not in heading]
            if missing:
                raise DataError(f"{table} has no column {', '.join(missing)}; take the file as published")
            places = [heading.index(name) for name in names]
            cells_at = itemgetter(*places)
            for row in reader:
                if not row:
                    continue
                if len(row) <= max(places):
                    found = f"{len(row)} of {len(heading)} cells"
                    raise DataError(f"{table}, line {reader.line_num}: {found}; the file is cut, get it again")
                yield reader.line_num, cells_at(row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{table}: no CSV in UTF-8 after line {reader.line_num} ({error}); get it again") from error


def _check_ids(table: Path, line: int, subject: str, study: str) -> None:
    for name, cell in (("subject_id", subject), ("study_id", study)):
        if not (cell.isascii() and cell.isdigit()):
            raise DataError(
                f"{table}, line {line}: {name} is {cell[:40]!r}, which is no number; take the file as published"
            )


def _stays_inside(path: str) -> bool:
    """Whether a relative path names something below the folder it is relative to, on any system."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return bool(parts) and not path.startswith(("/", "\\")) and ".." not in parts and ":" not in path
