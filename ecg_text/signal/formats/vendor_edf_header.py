"""The header of EDF, EDF+ and BDF: where the samples of each signal are, their scale, and the facts that are kept."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.facts import Facts, Keep
from ecg_text.signal.formats.vendor_facts import facts
from ecg_text.signal.formats.vendor_guard import years_between
from ecg_text.signal.units import mv_per_unit

MAIN_BYTES = 256
_MOST_SIGNALS = 1024
# The fields of every signal, in the order of the file: name and width in bytes.
_FIELDS = (
    ("label", 16), ("transducer", 80), ("unit", 8), ("physical_min", 8), ("physical_max", 8),
    ("digital_min", 8), ("digital_max", 8), ("filters", 80), ("samples", 8), ("reserved", 32),
)  # fmt: skip
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

# EDF+ prescribes code, sex, birth date and name; writers of plain EDF fill the field in the same way.
_PLUS_PATIENT = re.compile(r"\S+ [MFX] (X|\d\d-[A-Za-z]{3}-\d{4})( .*)?")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the samples are: records of record_bytes from data_at on, bytes_each bytes a sample."""

    data_at: int
    num_records: int
    record_s: float
    record_bytes: int
    bytes_each: int


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One signal: samples a record from byte at of each, physical = gain * digital + offset in unit."""

    label: str
    unit: str
    samples: int
    at: int
    gain: float
    offset: float


def count_signals(path: Path, main: bytes) -> int:
    """How many signals the header announces."""
    count = int(_text(main[252:256]) or 0)
    if not 0 < count <= _MOST_SIGNALS:
        raise SignalError(f"{path}: {count} signals; an EDF file of an ECG has 1 to {_MOST_SIGNALS}")
    return count


def read_header(path: Path, main: bytes, rest: bytes, size: int) -> tuple[Layout, list[Signal], list[str]]:
    """Where the samples are, the signals, and lines of the trail, from the two parts of a header and the file's size.

    Raises SignalError where they contradict each other, and ValueError for a field that is no number.
    """
    count = count_signals(path, main)
    if len(rest) < MAIN_BYTES * count:
        raise SignalError(f"{path}: the file is cut within its header; get the original file")
    columns: dict[str, list[str]] = {}
    at = 0
    for field, width in _FIELDS:
        columns[field] = [_text(rest[at + number * width : at + (number + 1) * width]) for number in range(count)]
        at += width * count
    bytes_each = 3 if main[:1] == b"\xff" else 2
    samples = [int(text) for text in columns["samples"]]
    if min(samples) < 1:
        raise SignalError(f"{path}: a signal with {min(samples)} samples a record; get the original file")
    starts = np.cumsum([0, *samples]) * bytes_each
    signals = [
        Signal(
            label=label,
            unit=unit,
            samples=number,
            at=int(at),
            **_scale(path, columns, row, is_used=mv_per_unit(unit) is not None),
        )
        for row, (label, unit, number, at) in enumerate(
            zip(columns["label"], columns["unit"], samples, starts[:-1], strict=True)
        )
    ]
    layout, told = _layout(path, main, count, int(starts[-1]), bytes_each, size)
    return layout, signals, told


def _scale(path: Path, columns: dict[str, list[str]], row: int, *, is_used: bool) -> dict[str, float]:
    """Gain and offset of a signal; a physical minimum above the maximum is a gain below zero."""
    if not is_used:
        return {"gain": 1.0, "offset": 0.0}
    low, high, least, most = (
        float(columns[field][row]) for field in ("physical_min", "physical_max", "digital_min", "digital_max")
    )
    if not (all(map(math.isfinite, (low, high, least, most))) and most > least and high != low):
        raise SignalError(
            f"{path}: signal {row + 1} has no scale (physical {low:g} to {high:g}, digital {least:g} to {most:g}); "
            "get the original file"
        )
    gain = (high - low) / (most - least)
    return {"gain": gain, "offset": low - gain * least}


def _layout(
    path: Path, main: bytes, count: int, record_bytes: int, bytes_each: int, size: int
) -> tuple[Layout, list[str]]:
    """Where the samples are, checked against the size of the file."""
    num_records, record_s = int(_text(main[236:244])), float(_text(main[244:252]))
    data_at = MAIN_BYTES * (count + 1)
    whole, rest = divmod(size - data_at, record_bytes)
    told = []
    if num_records == -1:
        num_records = whole
        told.append("take the records there are, the recorder did not write their number")
    elif num_records > whole:
        raise SignalError(f"{path}: the file is cut: {whole} of {num_records} records are there; get the original file")
    elif num_records < whole or rest:
        told.append(f"leave out {size - data_at - num_records * record_bytes} bytes behind the last record")
    if num_records < 1 or not (math.isfinite(record_s) and record_s > 0):
        raise SignalError(f"{path}: {num_records} records of {record_s:g} s hold no ECG; get the original file")
    layout = Layout(
        data_at=data_at,
        num_records=num_records,
        record_s=record_s,
        record_bytes=record_bytes,
        bytes_each=bytes_each,
    )
    return layout, told


def edf_facts(main: bytes, keep: Keep) -> Facts:
    """What EDF+ says in fixed places; plain EDF has free text there, of which nothing is kept but a hash, if named."""
    patient, recording = _text(main[8:88]).split(), _text(main[88:168]).split()
    is_plus = main[192:196] in (b"EDF+", b"BDF+") or _PLUS_PATIENT.fullmatch(_text(main[8:88])) is not None
    born = _date(patient[2]) if is_plus and len(patient) > 2 else None
    recorded = _date(recording[1]) if is_plus and len(recording) > 1 else None
    patient_id = (patient[:1] or [""])[0] if is_plus else " ".join(patient)
    return facts(
        keep,
        age=years_between(born, recorded) if born and recorded else None,
        sex=patient[1] if is_plus and len(patient) > 1 else None,
        device=tuple(word.replace("_", " ") for word in recording[4:]) if is_plus else (),
        patient_id="" if patient_id == "X" else patient_id,
    )


def _date(text: str) -> date | None:
    """EDF+'s date, 02-AUG-1951."""
    parts = re.fullmatch(r"(\d\d)-([A-Za-z]{3})-(\d{4})", text)
    if parts is None or parts[2].upper() not in _MONTHS:
        return None
    try:
        return date(int(parts[3]), _MONTHS.index(parts[2].upper()) + 1, int(parts[1]))
    except ValueError:
        return None


def _text(field: bytes) -> str:
    return field.decode("latin-1").replace("\0", " ").strip()
