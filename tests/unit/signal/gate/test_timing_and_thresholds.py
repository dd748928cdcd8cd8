"""The times behind the rate's plausibility shift as one with the rate, and the table of thresholds is complete."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_text.signal.beats.rpeaks import Beats, find_beats
from ecg_text.signal.gate.measure import measure
from ecg_text.signal.gate.noise import fast_noise
from ecg_text.signal.gate.thresholds import THRESHOLDS
from ecg_text.signal.gate.timing import TIMES, log_times
from ecg_text.signal.synthetic.synthesise import SyntheticEcg, synthesise


@pytest.fixture(scope="module")
def ecg() -> SyntheticEcg:
    return synthesise("sinus rhythm", np.random.default_rng(7), rate_hz=500.0, noise=0.2)


def test_a_rate_wrong_by_two_shortens_every_time_by_up_to_two(ecg: SyntheticEcg) -> None:
    beats = find_beats(ecg.record)
    right = log_times(ecg.record, beats)
    wrong = log_times(replace(ecg.record, rate_hz=1000.0), replace(beats, rate_hz=1000.0))
    assert right is not None
    assert wrong is not None
    ratio = dict(zip(TIMES, np.exp(right - wrong), strict=True))
    assert ratio.pop("rr") == pytest.approx(2.0)
    assert ratio.pop("rr_spread") == pytest.approx(1.0)
    assert all(1.2 < value < 2.3 for value in ratio.values()), ratio


def test_the_times_are_those_of_the_truth(ecg: SyntheticEcg) -> None:
    times = log_times(ecg.record, find_beats(ecg.record))
    assert times is not None
    measured = dict(zip(TIMES, np.exp(times), strict=True))
    assert 60 / measured["rr"] == pytest.approx(ecg.rate_bpm, rel=0.03)
    assert 1000 * measured["qrs_95"] == pytest.approx(ecg.qrs_ms, rel=0.4)
    assert measured["t_peak"] < ecg.qt_ms / 1000


def test_the_sampling_rate_hardly_changes_the_times(ecg: SyntheticEcg) -> None:
    fine = log_times(ecg.record, find_beats(ecg.record))
    slow = replace(ecg.record, signal=ecg.record.signal.reshape(12, -1, 5).mean(axis=2), rate_hz=100.0)
    coarse = log_times(slow, find_beats(slow))
    assert fine is not None
    assert coarse is not None
    assert np.abs(fine - coarse).max() < np.log(1.25)


def test_too_few_beats_have_no_times(ecg: SyntheticEcg) -> None:
    none = Beats(peaks=np.array([900, 1700]), rate_hz=500.0, num_samples=5000, votes=np.ones(2, int), leads=("II",))
    assert log_times(ecg.record, none) is None


def test_the_spectrum_sums_to_the_mean_square(generator: np.random.Generator, ecg: SyntheticEcg) -> None:
    for num_samples in (4000, 4001):
        noise = generator.normal(0, 0.5, (12, num_samples))
        measured = measure(replace(ecg.record, signal=noise))
        assert measured.rms_mv(0, 1e9) == pytest.approx(np.full(12, 0.5), rel=0.1)


def test_fast_noise_is_the_slow_formula(generator: np.random.Generator) -> None:
    signal = generator.normal(0, 0.1, (2, 700)).astype(np.float32)
    fast = fast_noise(signal, 200.0)
    for lead, row in enumerate(signal):
        thin = row[::2]
        for second in range(fast.shape[1]):
            bends = [abs(thin[n] - 2 * thin[n - 1] + thin[n - 2]) for n in range(2, len(thin))]
            expected = np.median(bends[100 * second : 100 * (second + 1)]) / (0.6745 * 6**0.5)
            assert fast[lead, second] == pytest.approx(expected, rel=1e-5)


def test_every_threshold_has_a_source_and_is_used(package: Path) -> None:
    source = "\n".join(path.read_text() for path in (package / "signal" / "gate").glob("*.py"))
    used = set(re.findall(r'limit\(f?["\']([\w.]+)["\']', source)) | set(re.findall(r'"([a-z]+\.[a-z_]+)" if ', source))
    used |= set(re.findall(r'else "([a-z]+\.[a-z_]+)"\)', source))
    mine = {name for name in THRESHOLDS if not name.startswith("leads.")}
    assert mine <= used, mine - used
    assert all(threshold.unit and threshold.source for threshold in THRESHOLDS.values())
