"""Lead names are found in every spelling, and the limb leads obey Einthoven and Goldberger."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_text.errors import LeadError
from ecg_text.leads import (
    LIMB_LEAD_WEIGHTS,
    LIMB_LEADS,
    STANDARD_12,
    LeadState,
    find_lead,
    limb_lead_weights,
    normalise_lead,
    normalise_leads,
)


@pytest.mark.parametrize(
    ("spelling", "lead"),
    [
        ("I", "I"),
        ("DI", "I"),
        ("lead i", "I"),
        ("Lead_II", "II"),
        ("MLII", "II"),
        ("AVR", "aVR"),
        ("avf", "aVF"),
        ("aVL ", "aVL"),
        ("ECG_V1", "V1"),
        ("ecg v6", "V6"),
        ("C3", "V3"),
        ("MDC_ECG_LEAD_V2", "V2"),
        ("MDC_ECG_LEAD_aVF", "aVF"),
        ("v4r", "V4R"),
    ],
)
def test_a_spelling_finds_its_lead(spelling: str, lead: str) -> None:
    assert normalise_lead(spelling) == lead


@pytest.mark.parametrize("name", ["", "PLETH", "ABP", "RESP", "V10", "aVX", "IV", "ECG"])
def test_a_name_that_is_no_lead_is_not_found_and_refused(name: str) -> None:
    assert find_lead(name) is None
    with pytest.raises(LeadError, match="unknown lead name"):
        normalise_lead(name)


@pytest.mark.parametrize("lead", STANDARD_12)
def test_a_canonical_name_stays_in_every_case(lead: str) -> None:
    assert {normalise_lead(lead), normalise_lead(lead.lower()), normalise_lead(lead.upper())} == {lead}


def test_a_repeated_lead_is_refused_by_name_even_in_two_spellings() -> None:
    with pytest.raises(LeadError, match="lead II is given more than once"):
        normalise_leads(["I", "II", "MLII"])


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(LIMB_LEADS, 2)))
@given(one=st.floats(-5, 5), two=st.floats(-5, 5))
@settings(max_examples=20, derandomize=True)
def test_any_two_limb_leads_give_the_other_four(first: str, second: str, one: float, two: float) -> None:
    truth = {lead: p * one + q * two for lead, (p, q) in LIMB_LEAD_WEIGHTS.items()}
    for target in LIMB_LEADS:
        weights = limb_lead_weights(target, first, second)
        assert weights is not None
        assert weights[0] * truth[first] + weights[1] * truth[second] == pytest.approx(truth[target], abs=1e-9)


def test_the_equations_are_those_of_the_textbook() -> None:
    assert limb_lead_weights("III", "I", "II") == (-1.0, 1.0)
    assert limb_lead_weights("aVR", "I", "II") == (-0.5, -0.5)
    assert limb_lead_weights("aVL", "I", "II") == (1.0, -0.5)
    assert limb_lead_weights("aVF", "I", "II") == (-0.5, 1.0)
    assert limb_lead_weights("II", "I", "III") == (1.0, 1.0)


def test_a_chest_lead_and_a_lead_given_twice_derive_nothing() -> None:
    assert limb_lead_weights("III", "I", "V1") is None
    assert limb_lead_weights("V1", "I", "II") is None
    assert limb_lead_weights("III", "I", "I") is None


def test_only_derived_and_measured_leads_carry_information() -> None:
    assert [state >= LeadState.DERIVED for state in LeadState] == [False, False, True, True]


@pytest.mark.parametrize("name", ["ECG1", "EKG2", "CHANNEL 1", "-aVR", "- aVR", "pleth", "ABP", ""])
def test_a_name_that_only_looks_like_a_lead_is_none(name: str) -> None:
    assert find_lead(name) is None
