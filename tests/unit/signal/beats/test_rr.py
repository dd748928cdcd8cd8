"""RR statistics against the slow formulas, and gaps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_text.errors import ConfigError
from ecg_text.signal.beats.rpeaks import Beats
from ecg_text.signal.beats.rr import rr_statistics


def beats_of(rr_ms: list[int]) -> Beats:
    peaks = np.cumsum([0, *rr_ms]).astype(np.int64)
    return Beats(
        peaks=peaks,
        rate_hz=1000.0,
        num_samples=int(peaks[-1]) + 1,
        votes=np.ones(len(peaks), dtype=np.int64),
        leads=("II",),
    )


@pytest.mark.slow
@given(st.lists(st.integers(250, 4000), min_size=0, max_size=30))
def test_statistics_are_the_slow_ones(rr_ms: list[int]) -> None:
    told = rr_statistics(beats_of(rr_ms))
    used = [rr for rr in rr_ms if rr <= 3000]
    steps = [b - a for a, b in pairwise(rr_ms) if a <= 3000 and b <= 3000]
    assert told.count == len(rr_ms) + 1
    assert told.num_intervals == len(used)
    assert told.num_gaps == len(rr_ms) - len(used)
    assert told.longest_rr_ms == (max(rr_ms) if rr_ms else None)
    if used:
        mean = sum(used) / len(used)
        assert told.mean_rr_ms == pytest.approx(mean)
        assert told.rate_bpm == pytest.approx(60_000 / float(np.median(used)))
    else:
        assert told.mean_rr_ms is None
        assert told.rate_bpm is None
    if len(used) > 1:
        sdnn = (sum((rr - mean) ** 2 for rr in used) / (len(used) - 1)) ** 0.5
        assert told.sdnn_ms == pytest.approx(sdnn)
        assert told.cv == pytest.approx(sdnn / mean)
    else:
        assert told.sdnn_ms is None
    if steps:
        assert told.rmssd_ms == pytest.approx((sum(step**2 for step in steps) / len(steps)) ** 0.5)
        assert told.pnn50 == pytest.approx(sum(abs(step) > 50 for step in steps) / len(steps))
    else:
        assert told.rmssd_ms is None
        assert told.pnn50 is None


def test_no_beats_have_no_rate() -> None:
    none = Beats(
        peaks=np.zeros(0, dtype=np.int64), rate_hz=500.0, num_samples=5000, votes=np.zeros(0, dtype=np.int64), leads=()
    )
    told = rr_statistics(none)
    assert told.count == 0
    assert told.rate_bpm is None


def test_the_caller_may_take_a_pause_for_part_of_the_rhythm() -> None:
    beats = beats_of([1000, 3500, 1000])
    assert rr_statistics(beats).num_gaps == 1
    assert rr_statistics(beats, longest_rr_s=5.0).num_gaps == 0
    with pytest.raises(ConfigError, match="above 0"):
        rr_statistics(beats, longest_rr_s=0.0)
