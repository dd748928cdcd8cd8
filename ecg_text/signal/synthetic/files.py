"""WFDB files in format 16, written directly: an order of magnitude faster than the general writer."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecg_text.record import Record
from ecg_text.whole_file import whole_file

_UNITS_PER_MV = 1000
_COLUMNS = ("record_id", "patient_id", "age", "sex", "report", "labels", "split")


def write_format16(record: Record, folder: Path) -> Path:
    """Write <record_id>.dat (16-bit little-endian samples of 1 uV, leads interleaved) and <record_id>.hea.

    The header carries age and sex, and nothing that tells the diagnosis. Returns the path of the header.
    """
    samples = np.rint(record.signal * _UNITS_PER_MV).clip(-32767, 32767).astype("<i2").T
    checksums = samples.sum(axis=0, dtype=np.int64).astype(np.int16)
    name = record.record_id
    lines = [f"{name} {len(record.leads)} {record.rate_hz:g} {record.num_samples}"]
    for lead, first, checksum in zip(record.leads, samples[0], checksums, strict=True):
        lines.append(f"{name}.dat 16 {_UNITS_PER_MV}/mV 16 0 {first} {checksum} 0 {lead}")
    if record.age is not None:
        lines.append(f"# Age: {record.age:g}")
    if record.sex is not None:
        lines.append(f"# Sex: {record.sex.capitalize()}")
    header = folder / f"{name}.hea"
    for path, content in (
        (header.with_suffix(".dat"), samples.tobytes()),
        (header, ("\n".join(lines) + "\n").encode()),
    ):
        with whole_file(path) as draft:
            draft.write_bytes(content)
    return header


def catalogue_row(record: Record, split: str) -> tuple[str, ...]:
    """The facts of a record as one line of records.csv."""
    age = "" if record.age is None else f"{record.age:g}"
    facts = (record.patient_id or "", age, record.sex or "", record.report or "", "|".join(record.labels))
    return (record.record_id, *facts, split)


def write_catalogue(rows: Sequence[tuple[str, ...]], path: Path) -> None:
    """Write records.csv: the header and these rows."""
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([_COLUMNS, *rows])
