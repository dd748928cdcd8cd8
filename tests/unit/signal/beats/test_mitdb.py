"""R-peaks against cardiologists' annotations: six records of the MIT-BIH Arrhythmia Database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import find_beats

BEAT_SYMBOLS = frozenset("NLRBAaJSVrFejnE/fQ?")
FLOORS = {"100": 0.999, "105": 0.97, "119": 0.998, "203": 0.98, "208": 0.985, "232": 0.985}


def matches(truth: list[int], found: list[int], tolerance: float) -> int:
    """Pairs within tolerance, the slow way: each true beat takes the first free found one."""
    free = list(found)
    pairs = 0
    for beat in truth:
        near = [peak for peak in free if abs(peak - beat) <= tolerance]
        if near:
            free.remove(near[0])
            pairs += 1
        free = [peak for peak in free if peak > beat - 10 * tolerance]
    return pairs


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FLOORS))
def test_the_beats_of_a_cardiologist_are_found(shared_dir: Path, name: str) -> None:
    stored = wfdb.rdrecord(str(shared_dir / "data" / "mitdb" / name))
    notes = wfdb.rdann(str(shared_dir / "data" / "mitdb" / name), "atr")
    truth = [int(at) for at, symbol in zip(notes.sample, notes.symbol, strict=True) if symbol in BEAT_SYMBOLS]
    beats = find_beats(Record(signal=stored.p_signal.T, rate_hz=stored.fs, leads=tuple(stored.sig_name)))
    pairs = matches(truth, np.asarray(beats.peaks).tolist(), 0.075 * stored.fs)
    assert 2 * pairs / (len(truth) + len(beats)) >= FLOORS[name]
