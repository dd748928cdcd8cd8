"""WFDB files, read and written: the format of PhysioNet, a text header beside binary samples."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecg_text.errors import LeadError, SignalError
from ecg_text.leads import find_lead
from ecg_text.record import Record
from ecg_text.signal.formats.wfdb_header import (
    facts_from_comments,
    is_uncalibrated,
    parse_plain_header,
    read_header_lines,
)
from ecg_text.signal.formats.wfdb_samples import Channels, read_plain, read_with_wfdb
from ecg_text.signal.units import mv_per_unit

SUFFIXES = (".hea", ".dat", ".mat")
# Bits of a stored sample in the formats that can be written.
BITS = {"16": 16, "24": 24, "32": 32, "212": 12}


def header_path(path: Path) -> Path:
    """The header of a record given by its header, its signal file or its name without a suffix; REC.HEA too."""
    suffix = path.suffix.lower()
    if suffix == ".hea" and path.is_file():
        return path
    stem = path.stem if suffix in SUFFIXES else path.name
    header = path.with_name(stem + ".hea")
    upper = path.with_name(stem + ".HEA")
    return upper if upper.is_file() and not header.is_file() else header


def read_wfdb(path: str | Path) -> Record:
    """The record of a WFDB header, in millivolts, with the leads it has.

    Channels that are no leads and measure no voltage (pressure, respiration) are left out, and the trail says so.
    Of the comments, age, sex and diagnosis codes are kept. Raises SignalError where a file is missing, cut or
    damaged, a lead's unit is no voltage or a sample is invalid, LeadError where a voltage has no known lead name.
    """
    header = header_path(Path(path))
    lines, comments = read_header_lines(header)
    plain = parse_plain_header(lines)
    if plain is not None:
        channels = read_plain(header, replace(plain, file=_real_name(header, plain.file)))
    elif header.suffix == ".hea":
        channels = read_with_wfdb(header)
    else:
        raise SignalError(f"{header}: wfdb reads this record by a lower-case .hea only; name it {header.stem}.hea")
    rows, leads, left_out = _choose_leads(header, channels)
    scale = np.array([mv_per_unit(channels.units[row]) for row in rows], dtype=np.float64)
    facts = facts_from_comments(comments)
    assumed = ["assume 200 units per mV, the header gives no gain"] if is_uncalibrated(lines) else []
    return Record(
        signal=channels.samples[rows] * scale[:, None],
        rate_hz=channels.rate_hz,
        leads=leads,
        record_id=header.stem,
        age=facts.age,
        sex=facts.sex,
        labels=facts.labels,
        trail=(f"read WFDB {header.name}", *assumed, *left_out),
    )


def _real_name(header: Path, file: str) -> str:
    """The name on disk of a signal file: old systems turned REC.DAT and rec.dat into each other."""
    if not header.with_name(file).is_file():
        for name in (file.upper(), file.lower(), Path(file).stem + Path(file).suffix.upper()):
            if header.with_name(name).is_file():
                return name
    return file


def write_wfdb(record: Record, folder: str | Path, *, fmt: str = "16", units_per_mv: float = 1000) -> Path:
    """Writes a record as <record_id>.hea and .dat, rounded to 1 / units_per_mv millivolts, and returns the header.

    Reading it back gives the rounded samples, the rate, the leads, age and sex. Raises SignalError where a sample
    does not fit the format or the record id cannot be a WFDB name.
    """
    import wfdb

    if fmt not in BITS:
        raise SignalError(f"{record.record_id}: WFDB format {fmt!r} cannot be written; give one of {', '.join(BITS)}")
    if not re.fullmatch(r"[-\w]+", record.record_id):
        raise SignalError(
            f"record id {record.record_id!r} cannot name a WFDB record; use letters, digits, '-' and '_' only"
        )
    stored = np.rint(record.signal.T.astype(np.float64) * units_per_mv)
    largest = 2 ** (BITS[fmt] - 1) - 1
    if np.abs(stored).max() > largest:
        raise SignalError(
            f"{record.record_id}: {np.abs(record.signal).max():.4g} mV does not fit WFDB format {fmt} at "
            f"{units_per_mv:g} units per mV (at most {largest / units_per_mv:g} mV); give fewer units_per_mv"
        )
    num_leads = len(record.leads)
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as writing:
        wfdb.wrsamp(
            record.record_id,
            fs=record.rate_hz,
            units=["mV"] * num_leads,
            sig_name=list(record.leads),
            d_signal=stored.astype(np.int64),
            fmt=[fmt] * num_leads,
            adc_gain=[float(units_per_mv)] * num_leads,
            baseline=[0] * num_leads,
            comments=_comments(record),
            write_dir=writing,
        )
        for suffix in (".dat", ".hea"):
            name = record.record_id + suffix
            os.replace(Path(writing, name), Path(folder, name))
    return Path(folder, record.record_id + ".hea")


def _comments(record: Record) -> list[str]:
    age = [] if record.age is None else [f"Age: {record.age:g}"]
    return age + ([] if record.sex is None else [f"Sex: {record.sex.capitalize()}"])


def _choose_leads(header: Path, channels: Channels) -> tuple[list[int], tuple[str, ...], list[str]]:
    """The rows that are leads, their names, and a line of the trail for what is left out."""
    chosen: dict[str, int] = {}
    left_out = []
    for row, (name, unit) in enumerate(zip(channels.names, channels.units, strict=True)):
        lead, is_voltage = find_lead(name), mv_per_unit(unit) is not None
        if lead is None and is_voltage:
            raise LeadError(
                f"{header}: channel {name!r} is a voltage ({unit}) but no known lead; name it in the header as the "
                "lead it is (I, aVR, V1 ...)"
            )
        if lead is None:
            left_out.append(f"{name} ({unit})")
        elif not is_voltage:
            raise SignalError(f"{header}: lead {lead} has the unit {unit!r}; give mV, uV or V in the header")
        elif lead in chosen:
            raise LeadError(f"{header}: lead {lead} is given more than once; name each lead once")
        else:
            chosen[lead] = row
    if not chosen:
        raise SignalError(f"{header}: it holds {_listed(left_out)}, no ECG lead; give a recording of an ECG")
    told = [f"leave out channels {_listed(left_out)}"] if left_out else []
    return list(chosen.values()), tuple(chosen), told


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
