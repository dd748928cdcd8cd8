"""Beat windows and the median beat, against the same things done slowly."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.errors import ConfigError, LeadError
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import Beats, find_beats
from ecg_text.signal.beats.windows import FEWEST_BEATS, beat_windows, median_beat
from ecg_text.signal.synthetic.synthesise import synthesise


def beats_at(peaks: list[int], record: Record) -> Beats:
    return Beats(
        peaks=np.array(peaks, dtype=np.int64),
        rate_hz=record.rate_hz,
        num_samples=record.num_samples,
        votes=np.ones(len(peaks), dtype=np.int64),
        leads=record.leads,
    )


def repeated(beat: np.ndarray, peaks: list[int], num_samples: int, rate_hz: float = 500.0) -> Record:
    """A record of leads I and II with one beat (W,) centred at every peak, half as high in lead I."""
    lead = np.zeros(num_samples)
    for peak in peaks:
        lead[peak - len(beat) // 2 : peak + len(beat) // 2 + 1] += beat
    return Record(signal=np.stack([lead / 2, lead]), rate_hz=rate_hz, leads=("I", "II"))


def one_beat() -> np.ndarray:
    times = np.arange(-150, 151) / 500.0
    return np.exp(-((times / 0.012) ** 2)) + 0.2 * np.exp(-(((times - 0.22) / 0.03) ** 2))


def test_windows_are_the_slow_cut_with_zeros_beyond_the_ends(generator: np.random.Generator) -> None:
    record = Record(signal=generator.normal(size=(3, 500)), rate_hz=100.0, leads=("I", "II", "V1"))
    beats = beats_at([0, 5, 250, 499], record)
    signal, inside = beat_windows(record, beats, 0.2, 0.3)
    assert signal.shape == (4, 3, 51)
    for n, peak in enumerate(beats.peaks):
        for w in range(51):
            at = peak - 20 + w
            assert inside[n, w] == (0 <= at < 500)
            expected = record.signal[:, at] if 0 <= at < 500 else np.zeros(3)
            np.testing.assert_array_equal(signal[n, :, w], expected)


def test_no_beats_give_no_windows_and_a_negative_length_is_refused() -> None:
    record = synthesise("sinus rhythm", np.random.default_rng(0)).record
    signal, inside = beat_windows(record, beats_at([], record), 0.1, 0.1)
    assert signal.shape == (0, 12, 101)
    assert inside.shape == (0, 101)
    with pytest.raises(ConfigError, match="0 or more"):
        beat_windows(record, beats_at([], record), -0.1, 0.1)


def test_the_median_beat_of_equal_beats_is_that_beat_wherever_the_detector_put_them() -> None:
    peaks = list(range(400, 4800, 400))
    record = repeated(one_beat(), peaks, 5000)
    shaken = [peak + shift for peak, shift in zip(peaks, [0, 3, -4, 2, 0, 1, -2, 0, 4, 0, -1], strict=True)]
    median = median_beat(record, beats_at(shaken, record), 0.2, 0.3)
    assert median is not None
    assert median.num_beats == len(peaks)
    assert abs(int(median.lead("II").argmax()) - median.r_index) <= 1
    top = int(median.lead("II").argmax())
    np.testing.assert_allclose(median.lead("II")[top - 100 : top + 140], one_beat()[50:290], atol=1e-3)
    np.testing.assert_allclose(median.lead("I"), median.lead("II") / 2, atol=1e-6)


def test_the_median_beat_is_the_slow_median_of_the_beats_that_are_left(generator: np.random.Generator) -> None:
    peaks = list(range(400, 4800, 400))
    record = repeated(one_beat(), peaks, 5000)
    noisy = Record(
        signal=record.signal + generator.normal(0, 0.01, record.signal.shape), rate_hz=500.0, leads=("I", "II")
    )
    median = median_beat(noisy, beats_at(peaks, noisy), 0.2, 0.3)
    assert median is not None
    slow = np.median([noisy.signal[:, peak - 100 : peak + 151] for peak in peaks], axis=0)
    # About its own level each lead is known to the noise of the stretch it is measured on.
    np.testing.assert_allclose(
        median.signal - median.signal.mean(1, keepdims=True), slow - slow.mean(1, keepdims=True), atol=0.02
    )


def test_ectopic_beats_and_wandering_baselines_leave_no_trace() -> None:
    peaks = list(range(400, 4800, 400))
    record = repeated(one_beat(), peaks, 5000)
    signal = record.signal.copy()
    signal[:, 1700:1900] = -1.5 * np.hanning(200)
    signal += 2.0 + np.linspace(0, 1, 5000)
    odd = Record(signal=signal, rate_hz=500.0, leads=("I", "II"))
    median = median_beat(odd, beats_at(sorted([*peaks, 1800]), odd), 0.2, 0.25)
    assert median is not None
    assert median.num_beats <= len(peaks)
    np.testing.assert_allclose(median.lead("II")[50:225], one_beat()[100:275], atol=0.05)


@pytest.mark.parametrize("diagnosis", ["premature ventricular beats", "atrial fibrillation", "ventricular pacing"])
def test_noise_is_averaged_away_and_premature_ventricular_beats_with_it(diagnosis: str) -> None:
    clean = synthesise(diagnosis, np.random.default_rng(7), noise=0.0)
    noisy = synthesise(diagnosis, np.random.default_rng(7), noise=2.0)
    beats = find_beats(clean.record)
    truth, median = median_beat(clean.record, beats), median_beat(noisy.record, beats)
    assert truth is not None
    assert median is not None
    if clean.ectopic.any():
        assert median.num_beats <= len(beats) - clean.ectopic.sum() + 1
    for name in ("II", "V2", "V5"):
        assert np.corrcoef(truth.lead(name), median.lead(name))[0, 1] > 0.95


def test_too_few_beats_have_no_median_and_too_many_are_sampled() -> None:
    few = repeated(one_beat(), [400, 800], 1300)
    assert FEWEST_BEATS == 3
    assert median_beat(few, beats_at([400, 800], few)) is None
    assert median_beat(few, beats_at([], few)) is None
    peaks = list(range(400, 160_000, 400))
    many = repeated(one_beat(), peaks, 160_400)
    median = median_beat(many, beats_at(peaks, many), 0.2, 0.3)
    assert median is not None
    assert median.num_beats == 256


def test_beats_of_noise_are_too_unlike_for_a_median(generator: np.random.Generator) -> None:
    record = Record(signal=generator.normal(size=(2, 5000)), rate_hz=500.0, leads=("I", "II"))
    assert median_beat(record, beats_at(list(range(400, 4800, 400)), record)) is None


def test_an_absent_lead_is_told() -> None:
    record = repeated(one_beat(), list(range(400, 4800, 400)), 5000)
    median = median_beat(record, beats_at(list(range(400, 4800, 400)), record))
    assert median is not None
    with pytest.raises(LeadError, match="no lead V1"):
        median.lead("V1")
