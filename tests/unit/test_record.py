"""A record is checked once, when it is made, and never changes after."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from ecg_text.errors import LeadError, SignalError
from ecg_text.leads import LIMB_LEAD_WEIGHTS, LIMB_LEADS
from ecg_text.record import Record


def record(signal: np.ndarray, leads: tuple[str, ...] = ("I", "II"), rate_hz: float = 100.0) -> Record:
    return Record(signal=signal, rate_hz=rate_hz, leads=leads, record_id="r7")


@pytest.fixture
def two_leads(generator: np.random.Generator) -> Record:
    return record(generator.normal(size=(2, 250)))


def test_a_record_holds_float32_and_knows_its_length(two_leads: Record) -> None:
    assert two_leads.signal.dtype == np.float32
    assert two_leads.num_samples == 250
    assert two_leads.duration_s == 2.5
    assert two_leads.trail == ()


def test_a_record_cannot_be_changed_and_shares_nothing_with_its_source() -> None:
    source = np.zeros((2, 5), dtype=np.float32)
    made = record(source)
    source[0, 0] = 7
    assert made.signal[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        made.signal[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        made.rate_hz = 5  # type: ignore[misc]


def test_lead_names_are_made_canonical() -> None:
    assert record(np.ones((2, 5)), leads=("DI", "avr")).leads == ("I", "aVR")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused_with_its_lead(bad: float) -> None:
    signal = np.zeros((2, 5))
    signal[1, 3] = bad
    with pytest.raises(SignalError, match=r"r7: 1 samples are NaN or infinite \(first in lead II\)"):
        record(signal)


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        (np.zeros(5), "shape"),
        (np.zeros((3, 5)), "3 signal rows but 2 lead names"),
        (np.zeros((2, 0)), "empty"),
        (np.zeros((1, 2, 5)), "shape"),
    ],
)
def test_a_signal_of_the_wrong_shape_is_refused(signal: np.ndarray, told: str) -> None:
    with pytest.raises(SignalError, match=told):
        record(signal)


@pytest.mark.parametrize("rate_hz", [0, -100, float("nan"), float("inf")])
def test_a_rate_that_is_no_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(SignalError, match="rate_hz"):
        record(np.zeros((2, 5)), rate_hz=rate_hz)


def test_an_unknown_lead_and_a_repeated_lead_are_refused() -> None:
    with pytest.raises(LeadError, match="unknown lead name 'PLETH'"):
        record(np.zeros((2, 5)), leads=("I", "PLETH"))
    with pytest.raises(LeadError, match="more than once"):
        record(np.zeros((2, 5)), leads=("V1", "C1"))


def test_an_unknown_sex_is_refused() -> None:
    with pytest.raises(SignalError, match="sex is 'F'"):
        Record(signal=np.zeros((1, 5)), rate_hz=100, leads=("I",), sex="F")


def test_leads_are_found_by_name_and_selecting_is_on_the_trail(two_leads: Record) -> None:
    swapped = two_leads.select(["II", "I"])
    assert np.array_equal(swapped.lead("I"), two_leads.lead("I"))
    assert np.array_equal(swapped.signal[0], two_leads.lead("II"))
    assert swapped.trail == ("select leads II I",)
    assert swapped.record_id == "r7"
    with pytest.raises(LeadError, match="r7 has no lead V1; it has I, II"):
        two_leads.lead("V1")


@pytest.mark.parametrize("target", LIMB_LEADS)
def test_a_limb_lead_is_derived_as_it_would_have_been_measured(target: str, generator: np.random.Generator) -> None:
    one, two = generator.normal(size=(2, 50))
    truth = {lead: (p * one + q * two).astype(np.float32) for lead, (p, q) in LIMB_LEAD_WEIGHTS.items()}
    others = tuple(lead for lead in ("aVF", "aVL", "III") if lead != target)
    made = record(np.stack([truth[lead] for lead in others]), leads=others)
    np.testing.assert_allclose(made.derive(target), truth[target], atol=1e-5)


def test_a_lead_is_not_derived_from_too_little() -> None:
    with pytest.raises(LeadError, match="lead III cannot be derived from I, V1; two limb leads are needed"):
        record(np.ones((2, 5)), leads=("I", "V1")).derive("III")
