"""WFDB files, read and written: the format of PhysioNet, a text header beside binary samples."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ecg_text.errors import EcgTextError, SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.channels import Choice, choose_leads
from ecg_text.signal.formats.facts import NOTHING_MORE, Keep, coded_labels
from ecg_text.signal.formats.paths import is_file
from ecg_text.signal.formats.recording import Reader, Recording, Stated
from ecg_text.signal.formats.wfdb_header import (
    PlainHeader,
    facts_from_comments,
    is_uncalibrated,
    parse_plain_header,
    read_header_lines,
)
from ecg_text.signal.formats.wfdb_samples import other_signals, plain_signals
from ecg_text.signal.units import mv_per_unit

SUFFIXES = (".hea", ".dat", ".mat")
_HEAD_BYTES = 512
_GEORGIA_DOUBT = "keep the gain of 4880 units per mV, which the 2021 release of these records gives as 1000"
# Bits of a stored sample in the formats that can be written.
BITS = {"16": 16, "24": 24, "32": 32, "212": 12}


def header_path(path: Path) -> Path:
    """The header of a record given by its header, its signal file or its name without a suffix; REC.HEA too."""
    suffix = path.suffix.lower()
    if suffix == ".hea" and is_file(path):
        return path
    stem = path.stem if suffix in SUFFIXES else path.name
    header = path.with_name(stem + ".hea")
    upper = path.with_name(stem + ".HEA")
    return upper if not is_file(header) and is_file(upper) else header


def read_wfdb(path: str | Path) -> Record:
    """The whole record of a WFDB header, in millivolts, with the leads it has; see open_wfdb."""
    return next(open_wfdb(Path(path), Stated(), NOTHING_MORE)).record()


def recognises_wfdb(path: Path, head: bytes) -> bool:
    """Whether a path means a WFDB record: it is a header, or one lies beside the signal file or name.

    A header is text; other makers' headers of that name hold numbers.
    """
    if head and path.suffix.lower() not in ("", *SUFFIXES):
        return False  # a file that is there, and is neither a header nor signals; nothing else needs a look at the disk
    if path.name in ("", "..") or not is_file(header := header_path(path)):
        return False
    try:
        with header.open("rb") as file:
            return b"\0" not in file.read(_HEAD_BYTES)
    except OSError:  # which the reader tells
        return True


def open_wfdb(path: Path, stated: Stated, keep: Keep) -> Iterator[Recording]:
    """The recording of a WFDB header: the leads it has, any stretch of which is read alone.

    Channels that are no leads and measure no voltage (pressure, respiration) are left out, and the trail says so. Of
    the comments, age, sex and diagnosis codes are kept, and the whole text where a report is named. Only leads may be
    stated, of voltages that have no lead's name. Raises SignalError where a file is missing, cut, damaged or out of
    the header's folder, a lead's unit is no voltage or a sample is invalid, LeadError for a voltage of no known lead.
    """
    header = header_path(path)
    if stated.rate_hz is not None or stated.unit is not None:
        raise SignalError(f"{path}: a WFDB header says its own {', '.join(stated.names)}; leave that out")
    lines, comments = read_header_lines(header)
    plain = parse_plain_header(lines)
    if plain is not None:
        signals = plain_signals(header, replace(plain, file=_real_name(header, plain.file)))
    else:
        signals = other_signals(header, lines)
    try:
        choice = _choose(signals.names, signals.units, stated.leads)
    except EcgTextError:
        choice = choose_leads(header, signals.names, signals.units, stated=stated.leads)
    scale = np.array([[mv_per_unit(signals.units[row])] for row in choice.rows], dtype=np.float64)
    named = "report" in keep.names
    assumed = ["assume 200 units per mV, the header gives no gain"] if is_uncalibrated(lines) else []
    doubts = [_GEORGIA_DOUBT] if _is_georgia_of_2020(header.stem, plain) else []
    yield Recording(
        record_id=header.stem,
        format="WFDB",
        rate_hz=signals.rate_hz,
        leads=choice.leads,
        num_samples=signals.num_samples,
        load=lambda start, stop: signals.load(start, stop, choice.rows) * scale,
        facts=replace(facts_from_comments(comments), report="\n".join(comments) or None if named else None),
        trail=(f"read WFDB {header.name}", *assumed, *doubts, *choice.told),
    )


def _is_georgia_of_2020(name: str, plain: PlainHeader | None) -> bool:
    """Whether it is a record of the Georgia set as the Challenge of 2020 released it, by its name and its gain."""
    return (
        plain is not None
        and re.fullmatch(r"E\d{5}", name) is not None
        and (plain.rate_hz, len(plain.channels)) == (500.0, 12)
        and all((channel.gain, channel.unit) == (4880.0, "mV") for channel in plain.channels)
    )


@lru_cache(maxsize=64)
def _choose(names: tuple[str, ...], units: tuple[str, ...], stated: tuple[str, ...] | None) -> Choice:
    """The choice of leads, made once for the records of an archive that name their channels alike."""
    return choose_leads("a record", names, units, stated=stated)


WFDB = Reader(name="WFDB", recognises=recognises_wfdb, open=open_wfdb, says=("rate_hz", "unit"), may_say=("leads",))


def _real_name(header: Path, file: str) -> str:
    """The name on disk of a signal file: old systems turned REC.DAT and rec.dat into each other."""
    if not is_file(header.with_name(file)):
        for name in (file.upper(), file.lower(), Path(file).stem + Path(file).suffix.upper()):
            if is_file(header.with_name(name)):
                return name
    return file


def write_wfdb(
    record: Record, folder: str | Path, *, fmt: str = "16", units_per_mv: float = 1000, report: bool = False
) -> Path:
    """Writes a record as <record_id>.hea and .dat, rounded to 1 / units_per_mv millivolts, and returns the header.

    Reading it back gives the rounded samples, the rate, the leads, age, sex, coded labels and class of device; the
    report is written where asked for, a patient id never. Raises SignalError where a sample
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
            comments=_comments(record, report=report),
            write_dir=writing,
        )
        for suffix in (".dat", ".hea"):
            name = record.record_id + suffix
            os.replace(Path(writing, name), Path(folder, name))
    return Path(folder, record.record_id + ".hea")


def _comments(record: Record, *, report: bool) -> list[str]:
    told = {
        "Age": "" if record.age is None else f"{record.age:g}",
        "Sex": (record.sex or "").capitalize(),
        "Dx": ",".join(coded_labels(record.labels)),
        "Device": record.device or "",
        "Report": " ".join((record.report or "").split()) if report else "",
    }
    return [f"{name}: {value}" for name, value in told.items() if value]
