"""R-peaks of one lead and of many: where they are, and where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.beats import rpeaks
from ecg_text.signal.beats.rpeaks import find_beats, r_peaks
from ecg_text.signal.synthetic.synthesise import DIAGNOSES, SyntheticEcg, synthesise

TOLERANCE_S = 0.075
EDGE_S = 0.15  # a complex that the end of the record cuts may be seen or not


def f1_of(ecg: SyntheticEcg, peaks: np.ndarray) -> float:
    rate, length = ecg.record.rate_hz, ecg.record.num_samples

    def clear_of_ends(points: np.ndarray) -> np.ndarray:
        return points[(points >= EDGE_S * rate) & (points < length - EDGE_S * rate)]

    def share_near(points: np.ndarray, others: np.ndarray) -> float:
        near = [np.abs(others - point).min(initial=10**9) <= TOLERANCE_S * rate for point in points]
        return float(np.mean(near)) if near else 1.0

    sensitivity, precision = (
        share_near(clear_of_ends(ecg.r_peaks), peaks),
        share_near(clear_of_ends(peaks), ecg.r_peaks),
    )
    return 2 * sensitivity * precision / max(1e-9, sensitivity + precision)


@pytest.fixture(scope="module")
def sinus() -> SyntheticEcg:
    return synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=250.0)


@pytest.mark.parametrize("diagnosis", DIAGNOSES)
@pytest.mark.parametrize(("rate_hz", "noise"), [(100.0, 1.0), (500.0, 4.0)])
def test_every_rhythm_has_its_beats_found_in_twelve_leads(diagnosis: str, rate_hz: float, noise: float) -> None:
    ecg = synthesise(diagnosis, np.random.default_rng(11), rate_hz=rate_hz, noise=noise)
    assert f1_of(ecg, find_beats(ecg.record).peaks) == 1.0


@pytest.mark.parametrize("rate_hz", [100.0, 128.0, 250.0, 257.0, 360.0, 500.0, 977.0, 1000.0])
def test_every_rate_will_do_for_one_lead_and_for_many(rate_hz: float) -> None:
    ecg = synthesise("atrial fibrillation", np.random.default_rng(5), rate_hz=rate_hz, noise=2.0)
    assert f1_of(ecg, find_beats(ecg.record).peaks) == 1.0
    assert f1_of(ecg, r_peaks(ecg.record.lead("II"), rate_hz)) == 1.0


def test_peaks_are_within_ten_milliseconds_of_the_longest_heart_vector(sinus: SyntheticEcg) -> None:
    peaks = find_beats(sinus.record).peaks
    assert all(np.abs(sinus.r_peaks - peak).min() <= 0.010 * 250 for peak in peaks)


def test_a_lead_upside_down_has_the_same_peaks(sinus: SyntheticEcg) -> None:
    for lead in ("II", "V1", "V3"):
        samples = sinus.record.lead(lead)
        peaks = r_peaks(samples, 250.0)
        assert len(peaks) > 5
        np.testing.assert_array_equal(peaks, r_peaks(-samples, 250.0))


def test_the_unit_and_a_constant_voltage_do_not_matter(sinus: SyntheticEcg) -> None:
    samples = sinus.record.lead("II").astype(np.float64)
    np.testing.assert_array_equal(r_peaks(samples, 250.0), r_peaks(1024 * samples, 250.0))
    np.testing.assert_array_equal(r_peaks(samples, 250.0), r_peaks(samples + 64.0, 250.0))


@pytest.mark.slow
@settings(max_examples=40)
@given(
    duration_s=st.floats(2.0, 12.0),
    rate_hz=st.sampled_from([100.0, 200.0, 333.0, 500.0, 1000.0]),
    start_s=st.floats(0.0, 7.0),
)
def test_any_cut_from_two_seconds_on_has_its_beats(duration_s: float, rate_hz: float, start_s: float) -> None:
    ecg = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=rate_hz, duration_s=20.0)
    first, last = round(start_s * rate_hz), round((start_s + duration_s) * rate_hz)
    record = Record(signal=ecg.record.signal[:, first:last], rate_hz=rate_hz, leads=ecg.record.leads)
    beats = find_beats(record)
    assert beats.peaks.dtype == np.int64
    assert beats.votes.shape == beats.peaks.shape
    assert (np.diff(beats.peaks) > 0).all()
    assert ((beats.peaks >= 0) & (beats.peaks < record.num_samples)).all()
    inside = ecg.r_peaks[(ecg.r_peaks >= first + 0.2 * rate_hz) & (ecg.r_peaks < last - 0.2 * rate_hz)] - first
    assert all(np.abs(beats.peaks - peak).min(initial=10**9) <= TOLERANCE_S * rate_hz for peak in inside)


def test_votes_name_leads_that_were_asked_and_flat_ones_are_not(sinus: SyntheticEcg) -> None:
    signal = sinus.record.signal.copy()
    flat = [sinus.record.leads.index(lead) for lead in ("I", "V2", "V3", "V4")]
    signal[flat] = 0.5
    beats = find_beats(Record(signal=signal, rate_hz=250.0, leads=sinus.record.leads))
    assert not {"I", "V2", "V3", "V4"} & set(beats.leads)
    assert 1 <= len(beats.leads) <= rpeaks.MOST_LEADS
    assert beats.votes.min() >= 1
    assert beats.votes.max() <= len(beats.leads)
    assert f1_of(sinus, beats.peaks) == 1.0


def test_two_leads_of_noise_do_not_drown_a_good_one(sinus: SyntheticEcg, generator: np.random.Generator) -> None:
    signal = np.stack([generator.normal(0, 3, 2500), sinus.record.lead("V5"), generator.normal(0, 3, 2500)])
    assert f1_of(sinus, find_beats(Record(signal=signal, rate_hz=250.0, leads=("V1", "V5", "V6"))).peaks) == 1.0


def test_flat_noise_and_short_records_have_no_beats(sinus: SyntheticEcg, generator: np.random.Generator) -> None:
    leads = sinus.record.leads
    for signal in (np.zeros((12, 2500)), generator.normal(0, 0.1, (12, 2500)), sinus.record.signal[:, :200]):
        beats = find_beats(Record(signal=signal, rate_hz=250.0, leads=leads))
        assert len(beats) == 0
        assert beats.votes.shape == (0,)
    assert r_peaks(np.full(5000, 0.3), 250.0).dtype == np.int64


@pytest.mark.parametrize("rate_hz", [0.001, 1.0, 40.0, 1e9])
def test_an_absurd_rate_has_no_beats_rather_than_an_accident(sinus: SyntheticEcg, rate_hz: float) -> None:
    assert len(find_beats(Record(signal=sinus.record.signal, rate_hz=rate_hz, leads=sinus.record.leads))) == 0


def test_a_gap_of_nan_has_no_peaks_and_the_rest_keeps_its_own(sinus: SyntheticEcg) -> None:
    samples = sinus.record.lead("II").astype(np.float64)
    samples[1000:1500] = np.nan
    peaks = r_peaks(samples, 250.0)
    assert not ((peaks >= 1000) & (peaks < 1500)).any()
    outside = sinus.r_peaks[(sinus.r_peaks < 950) | (sinus.r_peaks > 1550)]
    assert all(np.abs(peaks - peak).min() <= TOLERANCE_S * 250 for peak in outside[1:-1])
    assert len(r_peaks(np.full(2500, np.nan), 250.0)) == 0


def test_wrong_shapes_and_rates_are_refused() -> None:
    with pytest.raises(SignalError, match="one lead"):
        r_peaks(np.zeros((12, 100)), 250.0)
    with pytest.raises(SignalError, match="samples per second"):
        r_peaks(np.zeros(1000), 0.0)


def test_a_long_record_read_in_stretches_has_the_beats_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    ecg = synthesise("premature atrial beats", np.random.default_rng(2), rate_hz=125.0, duration_s=400.0, noise=2.0)
    lead = ecg.record.lead("II")
    monkeypatch.setattr(rpeaks, "CHUNK_S", 60.0)
    stretches, one_lead = find_beats(ecg.record).peaks, r_peaks(lead, 125.0)
    monkeypatch.setattr(rpeaks, "CHUNK_S", 1e6)
    np.testing.assert_array_equal(one_lead, r_peaks(lead, 125.0))
    # Each stretch asks its own best leads, whose peaks may be a sample apart.
    np.testing.assert_allclose(stretches, find_beats(ecg.record).peaks, atol=1, rtol=0)
    assert f1_of(ecg, stretches) > 0.999


@pytest.mark.slow
def test_a_whole_day_is_read_with_its_last_beat() -> None:
    piece = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=100.0, duration_s=600.0)
    peaks = r_peaks(np.tile(piece.record.lead("II"), 144), 100.0)
    assert len(peaks) == pytest.approx(144 * len(piece.r_peaks), rel=0.002)
    assert peaks[-1] > 86_397 * 100
    assert (np.diff(peaks) >= 20).all()
