"""Gallery and probe of a patient identification, from two lists of records as CSV files.

A list has a column record_id, or filename_hr with the paths of PTB-XL (records500/16000/16409_hr is record 16409), and
may have a column label, a number for each patient. Other columns are not read.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_text.data.store import Store
from ecg_text.errors import DataError

_PTBXL_FILE = re.compile(r"(?:.*/)?0*(\d+)_[hl]r")


@dataclass(frozen=True, eq=False, kw_only=True)
class Listed:
    """Records of a store in the order of a list: their rows (n,), and the patient of each."""

    rows: np.ndarray
    patients: tuple[str, ...]

    def part(self, chosen: np.ndarray) -> Listed:
        """Some of them only: (n,) bool."""
        patients = tuple(patient for patient, kept in zip(self.patients, chosen, strict=True) if kept)
        return Listed(rows=self.rows[chosen], patients=patients)


def read_lists(gallery: Path, probe: Path, store: Store) -> tuple[Listed, Listed]:
    """The records of both lists. A patient is known by the lists' labels where both have them, or else by the store.

    Raises DataError where a list cannot be read, is empty or names a record that the store does not have, where a
    record is in both, where a patient is not known, or known by two names.
    """
    place = {record_id: row for row, record_id in enumerate(store.catalogue.column("record_id"))}
    known = store.catalogue.column("patient_id")
    read = {path: _read(path) for path in (gallery, probe)}
    for path, (records, _) in read.items():
        if missing := [record_id for record_id in records if record_id not in place]:
            raise DataError(f"{path}: record {missing[0]!r} is not in {store.folder} ({len(missing)} in all)")
    if both := sorted(set(read[gallery][0]) & set(read[probe][0])):
        raise DataError(f"record {both[0]!r} is in {gallery} and in {probe}; an ECG finds itself: leave it out of one")
    labelled = all(labels for _, labels in read.values())
    sides = []
    for records, labels in read.values():
        rows = np.array([place[record_id] for record_id in records], dtype=np.int64)
        sides.append(Listed(rows=rows, patients=tuple(labels) if labelled else _of_store(rows, known)))
    _refuse_two_names(sides, known)
    return sides[0], sides[1]


def _read(path: Path) -> tuple[list[str], list[str]]:
    """Record ids, and the labels where the list has them."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            columns, lines = table.fieldnames or [], list(table)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; give a CSV list of records") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV file ({error}); give a list of records") from None
    if "record_id" not in columns and "filename_hr" not in columns:
        raise DataError(f"{path} has the columns {', '.join(columns) or 'none'}; give record_id, or filename_hr")
    if not lines:
        raise DataError(f"{path} lists no record; give at least one")
    records = [line["record_id"] if "record_id" in columns else _id_of(path, line["filename_hr"]) for line in lines]
    if repeated := sorted(record_id for record_id, times in Counter(records).items() if times > 1):
        raise DataError(f"{path} lists record {repeated[0]!r} more than once; list it once")
    return records, [line["label"] for line in lines] if "label" in columns else []


def _id_of(path: Path, name: str) -> str:
    match = _PTBXL_FILE.fullmatch(name or "")
    if match is None:
        raise DataError(f"{path}: {name!r} is no record of PTB-XL; give a column record_id")
    return match[1]


def _of_store(rows: np.ndarray, known: Sequence[str | None]) -> tuple[str, ...]:
    found = [known[row] for row in rows]
    if None in found:
        raise DataError("the store does not know the patient of every listed record; give a column label")
    return tuple(str(patient) for patient in found)


def _refuse_two_names(sides: Sequence[Listed], known: Sequence[str | None]) -> None:
    """Raises DataError where two labels are one patient of the store, or one label is two."""
    listed = [(patient, known[row]) for side in sides for patient, row in zip(side.patients, side.rows, strict=True)]
    pairs = sorted({(label, patient) for label, patient in listed if patient is not None})
    for names in zip(*pairs, strict=True):
        name, times = Counter(names).most_common(1)[0]
        if times > 1:
            raise DataError(f"the lists' labels and the store's patients disagree about {name!r}; mend the lists")
