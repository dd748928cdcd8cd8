"""The quick proposals and medians are those of the slow and obvious code."""

from __future__ import annotations

import numpy as np
import pytest
from sleepecg import detect_heartbeats

from ecg_text.signal.beats.order import median_of_beats, medians, percentiles
from ecg_text.signal.beats.proposals import SILENCE_S, propose
from ecg_text.signal.beats.qrs import qrs_energy
from ecg_text.signal.synthetic.synthesise import synthesise


@pytest.mark.parametrize("rate_hz", [100.0, 250.0, 360.0, 500.0])
@pytest.mark.parametrize("diagnosis", ["sinus rhythm", "atrial fibrillation", "premature ventricular beats"])
def test_the_beats_proposed_are_those_of_sleepecg(diagnosis: str, rate_hz: float) -> None:
    qrs = qrs_energy(synthesise(diagnosis, np.random.default_rng(4), rate_hz=rate_hz).record.signal, rate_hz)
    rows = np.array([1, 4, 7])
    silence = np.zeros(round(SILENCE_S * qrs.rate_hz))
    one_way, both = propose(qrs, rows, both_ways=False), propose(qrs, rows, both_ways=True)
    for row, along, either in zip(rows, one_way, both, strict=True):
        lead = qrs.filtered[row]
        views = [detect_heartbeats(np.concatenate([sign * lead, silence]), qrs.rate_hz) for sign in (1.0, -1.0)]
        first, second = (view[view < len(lead)] for view in (views if (lead**3).sum() >= 0 else views[::-1]))
        assert len(first) > 3
        np.testing.assert_array_equal(along, first)
        np.testing.assert_array_equal(either, np.concatenate([first, second]))


@pytest.mark.parametrize("count", [*range(1, 27), 101])
@pytest.mark.parametrize("width", [1, 240])
def test_medians_and_percentiles_are_those_of_numpy(count: int, width: int, generator: np.random.Generator) -> None:
    beats = generator.normal(size=(count, 12, width)).astype(np.float32).round(1)
    before = beats.copy()
    np.testing.assert_array_equal(median_of_beats(beats), np.median(beats, axis=0))
    np.testing.assert_array_equal(beats, before)
    rows = generator.normal(size=(3, count))
    np.testing.assert_allclose(medians(rows), np.median(rows, axis=1), rtol=1e-15)
    np.testing.assert_allclose(percentiles(rows, (95.0, 40.0)), np.percentile(rows, (95, 40), axis=1), rtol=1e-12)
