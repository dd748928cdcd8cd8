"""Everything that this library does with a file of unknown origin: its door in all its ways, and the gate behind it."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.errors import EcgTextError
from ecg_text.leads import STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.formats.recording import Recording
from ecg_text.signal.formats.walk import walk
from ecg_text.signal.gate.examine import examine
from ecg_text.signal.read import open_recordings, read

LONGEST_MESSAGE = 2000
STATEMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"rate_hz": 500.0, "unit": "mV", "leads": STANDARD_12},
    {"rate_hz": 500.0, "unit": "uV"},
    {"unit": "mV"},
)
_MOST_RECORDINGS = 40
_MOST_FOUND = 5_000  # of a walk, which hands over one by one and can be left at any time
_WINDOW_S = 10.0
_MOST_GATED_VALUES = 12 * 5000 * 4


class InsaneRecordError(Exception):
    """A record that was made of a damaged file is not what a record promises."""


def look(path: Path) -> list[str]:
    """Reads a file in every way; the messages of the refusals, and "" for each way in which some record was read.

    What a format does not say itself, so that the refusal asks to state it, is stated in three ways. An error that is
    not ours leaves it, as does InsaneRecordError.
    """
    told: list[str] = []
    for stated in STATEMENTS:
        told += _tried(functools.partial(_whole, path, stated)) + _tried(functools.partial(_windows, path, stated))
        if "" in told or not any("state" in message for message in told):
            break
    return told + _tried(functools.partial(_walk, path, stated))


def _tried(look_once: Callable[[], int]) -> list[str]:
    """The message of the refusal, or "" where some record was read."""
    try:
        return [""] if look_once() else ["it holds no recording"]
    except EcgTextError as error:
        return [str(error) or "an error without words"]


def _windows(path: Path, stated: dict[str, Any]) -> int:
    """The first and the last seconds of every recording of the file."""
    number = 0
    for number, recording in enumerate(open_recordings(path, **stated), start=1):
        check(recording.window(0.0, _WINDOW_S))
        check(recording.window(max(0.0, recording.duration_s - 1.0), _WINDOW_S))
        if number >= _MOST_RECORDINGS:
            break
    return number


def _walk(path: Path, stated: dict[str, Any]) -> int:
    """The first recordings of the file or folder, as a folder of strangers' files would be read."""
    messages: list[str] = []
    with contextlib.closing(walk(path, **stated)) as walked:
        for found in itertools.islice(walked, _MOST_FOUND):
            if found.recording is None:
                messages.append(found.refused)
            else:
                messages += _tried(functools.partial(_window, found.recording))
    strange = next(
        (message for message in messages if not message.isprintable() or len(message) > LONGEST_MESSAGE), None
    )
    if strange is not None:
        raise EcgTextError(strange)
    return messages.count("")


def _window(recording: Recording) -> int:
    return check(recording.window(0.0, _WINDOW_S))


def _whole(path: Path, stated: dict[str, Any]) -> int:
    record = read(path, **stated)
    if record.signal.size <= _MOST_GATED_VALUES:
        json.dumps(examine(record).to_dict(), allow_nan=False)
    return check(record)


def check(record: Record) -> int:
    """1 for a record as it should be. Raises InsaneRecordError where samples, shape, rate, age or words cannot be."""
    signal = record.signal
    is_sane = (
        signal.shape == (len(record.leads), record.num_samples)
        and signal.dtype == np.float32
        and bool(np.isfinite(signal).all())
        and 0 < record.rate_hz < np.inf
        and (record.age is None or 0 <= record.age <= 90)
        and record.sex in (None, "female", "male")
        and record.patient_id is None
        and record.report is None
        and all(step.isprintable() for step in record.trail)
    )
    if not is_sane:
        raise InsaneRecordError(
            f"{signal.shape} {signal.dtype} at {record.rate_hz} Hz, {record.age} {record.sex}, {record.trail!r}"
        )
    return 1
