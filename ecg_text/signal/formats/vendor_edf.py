"""EDF, EDF+ and BDF (BioSemi's 24 bits): the header whole, the samples by window, for a Holter is an EDF of hours.

Kemp et al., Electroencephalogr Clin Neurophysiol 82 (1992) 391; Kemp and Olivan, Clin Neurophysiol 114 (2003) 1755.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.channels import choose_leads
from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.formats.vendor_edf_header import MAIN_BYTES, Layout, Signal, count_signals, edf_facts, read_header
from ecg_text.signal.formats.vendor_guard import checked_rate
from ecg_text.signal.units import mv_per_unit

_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")


def open_edf(path: Path, stated: Stated, keep: Keep) -> Recording:
    """The recording in an EDF, EDF+ or BDF file, its samples unread.

    Signals that are no leads are left out. Raises SignalError where the file is cut or damaged, has gaps (EDF+D) or
    leads of different rates, LeadError where a voltage has no lead's name and the caller states none.
    """
    with refusing(path, "the EDF file cannot be read"), path.open("rb") as file:
        if stated.rate_hz is not None or stated.unit is not None:
            raise SignalError(f"{path}: an EDF file says its own rate_hz and unit; leave that out")
        size = path.stat().st_size
        main = file.read(MAIN_BYTES)
        name = "BDF" if main[:1] == b"\xff" else "EDF"
        layout, signals, told = read_header(path, main, file.read(MAIN_BYTES * count_signals(path, main)), size)
        choice = choose_leads(
            path, [signal.label for signal in signals], [signal.unit for signal in signals], stated=stated.leads
        )
        leads = [signals[row] for row in choice.rows]
        if len({lead.samples for lead in leads}) != 1:
            rates = sorted({lead.samples / layout.record_s for lead in leads})
            listed = ", ".join(f"{rate:g}" for rate in rates)
            raise SignalError(f"{path}: its leads have different rates ({listed} Hz); export it with one rate")
        _check_gaps(path, main, layout, signals)
        rate_hz = checked_rate(path, leads[0].samples / layout.record_s)
        kept = edf_facts(main, keep)
    return Recording(
        record_id=path.stem,
        format=name,
        rate_hz=rate_hz,
        leads=choice.leads,
        num_samples=layout.num_records * leads[0].samples,
        load=lambda start, stop: _load(path, layout, leads, start, stop),
        facts=kept,
        trail=(f"read {name} {path.name}", *told, *choice.told),
    )


def _check_gaps(path: Path, main: bytes, layout: Layout, signals: list[Signal]) -> None:
    """EDF+D may leave time out between records; each record's annotations begin with its time."""
    clock = next((signal for signal in signals if signal.label in _ANNOTATIONS), None)
    if main[192:197] not in (b"EDF+D", b"BDF+D") or clock is None:
        return
    records = _records(path, layout, 0, layout.num_records)
    first = records[:, clock.at : clock.at + min(24, clock.samples * layout.bytes_each)]
    onsets = [re.match(rb"[+-]\d+(\.\d*)?", row.tobytes()) for row in first]
    times = np.array([float(onset[0]) if onset else np.nan for onset in onsets])
    if not np.allclose(np.diff(times), layout.record_s, atol=1e-3):
        raise SignalError(f"{path}: the recording is discontinuous (EDF+D with gaps); export its parts as EDF+C")


def _records(path: Path, layout: Layout, first: int, last: int) -> np.ndarray:
    """The bytes of the records from first up to last: (records, record_bytes), of the file as it lies on the disk."""
    return np.memmap(
        path,
        dtype=np.uint8,
        mode="r",
        offset=layout.data_at + first * layout.record_bytes,
        shape=(last - first, layout.record_bytes),
    )


def _load(path: Path, layout: Layout, leads: list[Signal], start: int, stop: int) -> np.ndarray:
    """Samples start to stop of the leads, (C, stop - start) in mV; only the records they lie in are read."""
    per_record = leads[0].samples
    first, last = start // per_record, -(-stop // per_record)
    out = np.empty((len(leads), stop - start), dtype=np.float32)
    with refusing(path, "the EDF file cannot be read"):
        records = _records(path, layout, first, last)
        for row, lead in enumerate(leads):
            raw = np.ascontiguousarray(records[:, lead.at : lead.at + per_record * layout.bytes_each])
            digital = _digital(raw.reshape(-1), layout.bytes_each)[
                start - first * per_record : stop - first * per_record
            ]
            out[row] = (digital * lead.gain + lead.offset) * (mv_per_unit(lead.unit) or np.nan)
    return out


def _digital(raw: np.ndarray, bytes_each: int) -> np.ndarray:
    """Little-endian numbers of two or three bytes as float64."""
    if bytes_each == 2:
        return raw.view("<i2").astype(np.float64)
    wide = np.zeros((len(raw) // 3, 4), dtype=np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return (wide.reshape(-1).view("<i4") >> 8).astype(np.float64)
