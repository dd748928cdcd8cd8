"""The account of a recording: what its file says, what the gate says, and every step from the file to the tensor."""

from __future__ import annotations

from typing import Any

from ecg_text.errors import SignalError
from ecg_text.leads import LeadState
from ecg_text.record import Record
from ecg_text.signal.beats.delineation import delineate
from ecg_text.signal.beats.rpeaks import Beats, find_beats
from ecg_text.signal.beats.rr import rr_statistics
from ecg_text.signal.formats.recording import Recording
from ecg_text.signal.gate.passage import Passage
from ecg_text.signal.preprocess import Preprocess

INTERVALS = (
    ("pr_ms", "P onset", "QRS onset"),
    ("qrs_ms", "QRS onset", "QRS offset"),
    ("qt_ms", "QRS onset", "T offset"),
)


def account_of(recording: Recording, preprocess: Preprocess, *, waves: bool = False) -> dict[str, Any]:
    """Everything there is to say of a recording: plain values, and the gate's Examination under "gate".

    "error" tells why a model could not use it. Raises SignalError where no stretch of it can be read.

    Of a recording longer than two minutes, amplitude and beats are those of its first stretch. waves adds the
    intervals of P, QRS and T, which takes the extra package of delineate (MissingPackageError).
    """
    passage = Passage(recording, preprocess)
    error = None
    try:
        for _window in passage:
            pass
    except SignalError as refused:
        error = str(refused)
    record = passage.first_record
    if record is None:
        raise SignalError(error or f"{recording.record_id}: it cannot be read")
    facts = {**_facts(recording, record), "beats": _beats(record, waves=waves), "gate": passage.examination}
    facts["preprocess_fingerprint"] = preprocess.fingerprint
    if not passage.num_windows:
        return {**facts, "trail": list(record.trail), "error": error}
    first = passage.first_window
    states = zip(preprocess.leads, first.lead_state.tolist(), strict=True)
    return {
        **facts,
        "lead_states": {lead: LeadState(state).name.lower() for lead, state in states},
        "num_windows": passage.num_windows,
        "num_valid": first.num_valid,
        "input_shape": list(first.signal.shape),
        "trail": list(first.trail),
        **({"error": error} if error else {}),
    }


def _facts(recording: Recording, record: Record) -> dict[str, Any]:
    """What a recording says of itself; the range is that of the record, its first stretch."""
    return {
        "record_id": recording.record_id,
        "format": recording.format,
        "leads": list(recording.leads),
        "rate_hz": recording.rate_hz,
        "duration_s": recording.duration_s,
        "num_samples": recording.num_samples,
        "unit": "mV",
        "range_mv": [float(record.signal.min()), float(record.signal.max())],
        "age": record.age,
        "sex": record.sex,
        "device": record.device,
        "labels": list(record.labels),
    }


def _beats(record: Record, *, waves: bool) -> dict[str, Any] | None:
    """How many beats there are, in which leads, how fast and how regular; None where there is none."""
    beats = find_beats(record)
    if not len(beats):
        return None
    rr = rr_statistics(beats)
    told = {"count": len(beats), "leads": list(beats.leads), "rate_bpm": rr.rate_bpm, "sdnn_ms": rr.sdnn_ms}
    return {**told, "intervals": _intervals(record, beats)} if waves else told


def _intervals(record: Record, beats: Beats) -> dict[str, Any]:
    """The usual PR, QRS and QT intervals in milliseconds, and the lead they are measured in."""
    lead = next(lead for lead in ("II", "I", *record.leads) if lead in record.leads)
    waves = delineate(record, beats, lead)
    return {"lead": lead, **{name: waves.median_ms(first, last) for name, first, last in INTERVALS}}
