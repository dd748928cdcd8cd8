"""Any folder of recordings, with an optional CSV table that says whose they are and what is known of them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ecg_text.data.catalogue import SPLITS, Catalogue
from ecg_text.data.sources.folder_table import Row, read_table
from ecg_text.data.splits import check_disjoint, split_by_patient
from ecg_text.errors import DataError, SignalError
from ecg_text.record import OLDEST_TOLD
from ecg_text.signal.formats.facts import pseudonym
from ecg_text.signal.formats.recording import NOTHING_STATED, Stated
from ecg_text.signal.formats.walk import files_of, may_be_recording, recording_of
from ecg_text.text.cleaning.sources import clean_reports, describe
from ecg_text.text.identifiers import find_in_name, masked

DEFAULT_CSV = "records.csv"
SEX: Mapping[str, str] = MappingProxyType({"female": "female", "f": "female", "male": "male", "m": "male"})
MAX_AGE = 130.0
KEPT = "patient ids are hashes with the key you hold: the same patient has the same hash in all your stores of that key"
THROWN_AWAY = (
    "patient ids are hashes with a key that was drawn for this store and forgotten: nobody can link them to another "
    "store (with --key-file FILE, you can)"
)
_KEY_BYTES = 32


def folder(
    folder: Path, *, csv_path: Path | None = None, key: bytes | None = None, stated: Stated = NOTHING_STATED
) -> Catalogue:
    """The catalogue of every recording in a folder, of any format, with what records.csv (or another table) says.

    A record's id is its path in the folder, without the suffix. A file that cannot be read is in the catalogue, too:
    preparing it will say why. stated is for files that do not say it themselves. The table (UTF-8) has a heading and
    the columns id (or record_id), and of patient_id, age, sex, report, labels (joined by '|' or ';') and split those
    that are known.
    An id may leave its folder out where no other file has that name. What the table leaves empty of age, sex and
    labels is taken from the recording itself. Without a split column, 80, 10 and 10 per cent of the patients go
    to train, val and test by a hash of their ids, whatever the key.

    The catalogue holds no patient's id but its hash with the key; without one, a key is drawn for this catalogue and
    forgotten: patients stay apart, and nobody can tell who they are or find them again in another catalogue. An age
    above 90 becomes 90. Raises DataError where the folder has no recording, or the table cannot be read, names a
    record without a file or of several, repeats one, or has an impossible value.
    """
    folder = Path(folder)
    table = folder / DEFAULT_CSV if csv_path is None else Path(csv_path)
    if csv_path is not None and not table.is_file():
        raise DataError(f"there is no table {table}; give the CSV file that describes the records")
    files = _files(folder, table)
    headings, facts, notes = read_table(table, files) if table.is_file() else ((), {}, [])
    rows = [{**_own_facts(folder, path, stated), **facts.get(record_id, {})} for record_id, path in files.items()]
    reports = clean_reports([row.get("report") or None for row in rows], "folder")
    notes += describe(reports, "folder")
    columns = _columns(tuple(files), rows)
    columns["report"] = [report.text or None if report else None for report in reports]
    columns["path"] = [path.relative_to(folder).as_posix() for path in files.values()]
    columns["patient_id"], unknown = _patients(tuple(files), rows)
    if unknown:
        notes.append(f"{unknown} of {len(files)} records have no patient id: each counts as a patient of its own")
    columns["split"] = [row.get("split", "") for row in rows]
    if "split" not in headings:
        columns["split"] = split_by_patient(columns["patient_id"])
        notes.append("no splits are given: 80/10/10 % of the patients, by a hash of their ids")
    if unknown < len(files):
        notes.append(THROWN_AWAY if key is None else KEPT)
    catalogue = Catalogue.from_columns(columns, source="folder", notes=[*notes, *_doubts(tuple(files))])
    check_disjoint(catalogue)
    return _pseudonymised(catalogue, secrets.token_bytes(_KEY_BYTES) if key is None else key)


def _pseudonymised(catalogue: Catalogue, key: bytes) -> Catalogue:
    """The catalogue with a keyed hash in place of each patient's id."""
    ids = catalogue.column("patient_id")
    hashed = {patient: pseudonym(patient, key) for patient in set(ids)}
    return catalogue.with_columns({"patient_id": [hashed[patient] for patient in ids]})


def _doubts(record_ids: Sequence[str]) -> list[str]:
    """One note where records are called by a name, a date or a number, for their ids go wherever the catalogue goes."""
    found = [hits[0] for record_id in record_ids if (hits := find_in_name(record_id))]
    if not found:
        return []
    kinds = ", ".join(sorted({hit.kind for hit in found}))
    return [
        (
            f"{len(found)} record ids look as if they hold a {kinds} (the first: {masked(found[0].text)}): "
            "rename the files before the store is shared"
        )
    ]


def _files(folder: Path, table: Path) -> dict[str, Path]:
    """The files of a folder that may be recordings, by record id."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; point at the folder that contains the recordings")
    files: dict[str, Path] = {}
    for path in files_of(folder):
        record_id = path.relative_to(folder).with_suffix("").as_posix()
        if path == table or not may_be_recording(path):
            continue
        if record_id in files:
            raise DataError(f"{path} and {files[record_id].name} are two files of one record; remove one")
        files[record_id] = path
    if not files:
        raise DataError(f"{folder} has no recording; point at the folder that contains the recordings")
    return files


def _own_facts(folder: Path, path: Path, stated: Stated) -> Row:
    """Age, sex and labels that a recording says itself; nothing where it cannot be read: preparing it will say why."""
    try:
        facts = recording_of(folder, path, stated).facts
    except SignalError:
        return {}
    row = {
        "age": "" if facts.age is None else f"{facts.age:g}",
        "sex": facts.sex or "",
        "labels": "|".join(facts.labels),
    }
    return {name: value for name, value in row.items() if value}


def _columns(record_ids: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {
        "record_id": list(record_ids),
        "age": _parsed(record_ids, rows, "age", _age),
        "sex": _parsed(record_ids, rows, "sex", lambda text: SEX.get(text.lower())),
        "raw_report": [row.get("report") for row in rows],
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
    return min(age, OLDEST_TOLD) if 0 <= age <= MAX_AGE else None


def _patients(record_ids: Sequence[str], rows: Sequence[Row]) -> tuple[list[str], int]:
    """Each record's patient, and how many are not known; these are patients of their own."""
    known = [row.get("patient_id") for row in rows]
    ids = [patient or f"record:{record_id}" for record_id, patient in zip(record_ids, known, strict=True)]
    return ids, sum(patient is None for patient in known)
