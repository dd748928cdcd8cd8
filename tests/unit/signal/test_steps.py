"""Each preprocessing step does its one thing, keeps masked leads at zero, and refuses what it cannot do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from ecg_text.errors import ConfigError, LeadError, SignalError
from ecg_text.leads import LIMB_LEAD_WEIGHTS, STANDARD_12, LeadState
from ecg_text.record import Record
from ecg_text.signal.draft import Draft
from ecg_text.signal.steps import BandPass, OrderLeads, Resample, Scale, Window


def draft(signal: np.ndarray, leads: tuple[str, ...] = ("I", "II"), rate_hz: float = 100.0) -> Draft:
    return Draft.of(Record(signal=signal, rate_hz=rate_hz, leads=leads, record_id="r7"))


def tone(frequency_hz: float, rate_hz: float, duration_s: float = 10.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(round(duration_s * rate_hz)) / rate_hz)


def amplitude(row: np.ndarray) -> float:
    """Of the middle half, away from the ends."""
    quarter = len(row) // 4
    return float(np.sqrt(2) * row[quarter:-quarter].std())


def test_a_constant_lead_becomes_zero_and_is_told() -> None:
    made = draft(np.stack([tone(5, 100), np.full(1000, 3.0)]))
    assert made.lead_state.tolist() == [LeadState.MEASURED, LeadState.ZEROED]
    assert not made.signal[1].any()
    assert made.trail == ("zero constant leads II",)


def test_leads_come_in_order_derived_where_they_can_be_and_absent_where_not(generator: np.random.Generator) -> None:
    one, two, chest = generator.normal(size=(3, 300))
    made = OrderLeads()(draft(np.stack([chest, two, one]), leads=("V2", "II", "I")))
    assert made.leads == STANDARD_12
    for lead, (p, q) in LIMB_LEAD_WEIGHTS.items():
        np.testing.assert_allclose(made.signal[STANDARD_12.index(lead)], p * one + q * two, atol=1e-5)
    states = dict(zip(STANDARD_12, made.lead_state.tolist(), strict=True))
    assert [states[lead] for lead in ("I", "II", "V2")] == [LeadState.MEASURED] * 3
    assert [states[lead] for lead in ("III", "aVR", "aVL", "aVF")] == [LeadState.DERIVED] * 4
    assert [states[lead] for lead in ("V1", "V3", "V4", "V5", "V6")] == [LeadState.ABSENT] * 5
    assert not made.signal[made.lead_state == LeadState.ABSENT].any()
    assert "derive leads III aVR aVL aVF" in made.trail


def test_nothing_is_derived_where_that_is_not_wanted(generator: np.random.Generator) -> None:
    made = OrderLeads(derive=False)(draft(generator.normal(size=(2, 300))))
    assert (made.lead_state == LeadState.DERIVED).sum() == 0


def test_a_dead_electrode_is_not_used_to_derive_from(generator: np.random.Generator) -> None:
    made = OrderLeads()(draft(np.stack([generator.normal(size=300), np.zeros(300)])))
    assert made.lead_state[:3].tolist() == [LeadState.MEASURED, LeadState.ZEROED, LeadState.ABSENT]


def test_a_flat_record_and_one_without_the_leads_are_refused(generator: np.random.Generator) -> None:
    with pytest.raises(SignalError, match="r7: flat record"):
        OrderLeads()(draft(np.ones((2, 300))))
    with pytest.raises(SignalError, match="it has leads V7, V8, none of I, II"):
        OrderLeads()(draft(generator.normal(size=(2, 300)), leads=("V7", "V8")))


def test_order_leads_refuses_names_that_are_none() -> None:
    with pytest.raises(LeadError):
        OrderLeads(("I", "PLETH"))
    with pytest.raises(ConfigError, match="no leads"):
        OrderLeads(())


@pytest.mark.parametrize("rate_hz", [128.0, 250.0, 257.0, 360.0, 400.0, 500.0, 1000.0])
def test_resampling_keeps_a_slow_wave_its_time_and_its_offset(rate_hz: float) -> None:
    wave = 2.0 + tone(3.0, rate_hz)
    made = Resample(100.0)(draft(np.stack([wave, -wave]), rate_hz=rate_hz))
    assert made.rate_hz == 100.0
    assert made.signal.shape[1] == 1000
    np.testing.assert_allclose(made.signal[0], 2.0 + tone(3.0, 100.0), atol=0.02)
    np.testing.assert_allclose(made.signal[0][100:-100], (2.0 + tone(3.0, 100.0))[100:-100], atol=0.002)


def test_resampling_lets_nothing_fold_back() -> None:
    made = Resample(100.0)(draft(np.stack([tone(70.0, 500), tone(5.0, 500)]), rate_hz=500))
    assert amplitude(made.signal[0]) < 0.005
    assert amplitude(made.signal[1]) == pytest.approx(1, abs=0.01)


def test_a_rate_that_differs_by_a_hair_is_taken_as_equal() -> None:
    made = Resample(100.0)(draft(np.stack([tone(5, 100)] * 2), rate_hz=100.0000001))
    assert made.rate_hz == 100.0
    assert made.signal.shape == (2, 1000)


def test_the_band_pass_is_scipys_with_a_mirrored_end(generator: np.random.Generator) -> None:
    signal = generator.normal(size=(2, 700)).cumsum(axis=1)
    made = BandPass()(draft(signal))
    sos = butter(2, (0.5, 40), btype="bandpass", fs=100, output="sos")
    wanted = sosfiltfilt(sos, signal.astype(np.float32).astype(np.float64), axis=1, padtype="even", padlen=200)
    np.testing.assert_allclose(made.signal, wanted, atol=1e-10)


def test_the_band_pass_takes_the_baseline_and_leaves_the_beat() -> None:
    made = BandPass()(draft(np.stack([5 + tone(10, 500), 3 * tone(0.1, 500)]), rate_hz=500))
    assert amplitude(made.signal[0]) == pytest.approx(1, abs=0.01)
    assert abs(made.signal[0].mean()) < 0.01
    assert amplitude(made.signal[1]) < 0.02


def test_the_band_pass_leaves_a_masked_lead_at_exactly_zero(generator: np.random.Generator) -> None:
    made = BandPass()(draft(np.stack([generator.normal(size=400), np.full(400, 0.7)])))
    assert not made.signal[1].any()


@pytest.mark.parametrize("num_samples", [1, 2, 7, 100])
def test_no_recording_is_too_short_for_the_band_pass(num_samples: int, generator: np.random.Generator) -> None:
    made = BandPass()(draft(generator.normal(size=(2, num_samples))))
    assert made.signal.shape == (2, num_samples)
    assert np.isfinite(made.signal).all()


def test_a_band_above_half_the_rate_is_refused_with_both_numbers(generator: np.random.Generator) -> None:
    with pytest.raises(ConfigError, match=r"high_hz is 40 Hz but the rate is 80 Hz"):
        BandPass()(draft(generator.normal(size=(2, 400)), rate_hz=80))


def test_scaling_divides_by_a_fixed_voltage() -> None:
    signal = np.stack([tone(5, 100), tone(7, 100)])
    np.testing.assert_allclose(Scale(0.5)(draft(signal)).signal, 2 * signal, rtol=1e-6)
    assert Scale(1)(draft(signal)).trail == ()


@pytest.mark.parametrize(
    ("num_samples", "spans"),
    [
        (300, [(0, 300)]),
        (1000, [(0, 1000)]),
        (1499, [(0, 1000)]),
        (1500, [(0, 1000), (1000, 1500)]),
        (2600, [(0, 1000), (1000, 2000), (2000, 2600)]),
    ],
)
def test_windows_lie_end_to_end_and_a_short_rest_is_left_out(num_samples: int, spans: list[tuple[int, int]]) -> None:
    assert Window(10).spans(num_samples, 100.0) == spans


@pytest.mark.parametrize("make", [Resample, Scale, Window, BandPass])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "100", None])
def test_a_step_refuses_a_value_that_is_no_positive_number(make: type, value: object) -> None:
    with pytest.raises(ConfigError, match="give a positive number"):
        make(value)


def test_an_empty_band_and_an_odd_order_are_refused() -> None:
    with pytest.raises(ConfigError, match="is empty"):
        BandPass(40, 0.5)
    with pytest.raises(ConfigError, match=r"order is 2\.5"):
        BandPass(order=2.5)  # type: ignore[arg-type]


def test_steps_are_values() -> None:
    assert Resample(100) == Resample(100.0)
    assert hash(OrderLeads(("DI", "II"))) == hash(OrderLeads(("I", "II")))
