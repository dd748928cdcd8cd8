"""The tables that CODE-15 % and SPH ship beside their signals: age, sex and codes of each exam."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ecg_text.signal.formats.facts import Facts, Keep, coded_labels, known_age, known_sex, pseudonym

_MOST_BYTES = 200 * 2**20
_CODE15_LABELS = ("1dAVb", "RBBB", "LBBB", "SB", "ST", "AF")


def code15_facts(path: Path, exams: frozenset[str], keep: Keep) -> dict[str, Facts]:
    """Facts by exam id from exams.csv beside the file, of these exams; empty where the table is not there."""
    table = path.with_name("exams.csv")
    return {
        row["exam_id"]: Facts(
            age=_age(row.get("age")),
            sex={"true": "male", "false": "female"}.get((row.get("is_male") or "").lower()),
            labels=tuple(label for label in _CODE15_LABELS if (row.get(label) or "").lower() == "true"),
            patient_id=_patient(row.get("patient_id"), keep),
        )
        for row in _rows(table)
        if row.get("exam_id") in exams
    }


def sph_facts(path: Path, keep: Keep) -> Facts:
    """Facts from metadata.csv (or *metadata.csv) beside the file or in the folder above, by the record's name."""
    for folder in (path.parent, path.parent.parent):
        for table in (folder / "metadata.csv", folder / "sph_metadata.csv"):
            row = _sph_rows(table, _stamp(table)).get(path.stem)
            if row is not None:
                age, sex, codes, patient = row
                return Facts(age=age, sex=sex, labels=codes, patient_id=_patient(patient, keep))
    return Facts()


@lru_cache(maxsize=2)
def _sph_rows(table: Path, _stamp: tuple[int, int]) -> dict[str, tuple[float | None, str | None, tuple[str, ...], str]]:
    """Age, sex, AHA codes and patient by record, read once for a folder of records."""
    return {
        row["ECG_ID"].removesuffix(".h5"): (
            _age(row.get("Age")),
            known_sex(row.get("Sex")),
            coded_labels(re.split(r"[;,]", row.get("AHA_Code") or "")),
            row.get("Patient_ID") or "",
        )
        for row in _rows(table)
        if row.get("ECG_ID")
    }


def _stamp(table: Path) -> tuple[int, int]:
    try:
        found = table.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _rows(table: Path) -> Iterator[dict[str, str]]:
    """The rows of a table; none where it is not there, too large or no CSV, for the signals are readable without."""
    try:
        if table.stat().st_size > _MOST_BYTES:
            return
        with table.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)
    except (OSError, UnicodeDecodeError, csv.Error):
        return


def _age(text: str | None) -> float | None:
    try:
        return known_age(float(text or ""))
    except ValueError:
        return None


def _patient(patient_id: str | None, keep: Keep) -> str | None:
    if not patient_id or "patient_id" not in keep.names or keep.key is None:
        return None
    return pseudonym(patient_id, keep.key)
