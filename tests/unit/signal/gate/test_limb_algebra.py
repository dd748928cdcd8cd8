"""The limb-lead equations: silent on what holds them, and precise about what breaks them."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.leads import LIMB_LEAD_WEIGHTS, LIMB_LEADS, STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.gate.finding import Finding
from ecg_text.signal.gate.limb_algebra import algebra_findings
from ecg_text.signal.synthetic.synthesise import synthesise


@pytest.fixture
def record(generator: np.random.Generator) -> Record:
    """Twelve leads whose limb leads hold the equations exactly, drift and noise included."""
    made = synthesise("sinus rhythm", generator).record
    first, second = made.lead("I"), made.lead("II")
    rows = {lead: a * first + b * second for lead, (a, b) in LIMB_LEAD_WEIGHTS.items()}
    return made.with_signal(np.stack([rows.get(lead, made.lead(lead)) for lead in made.leads]), "tie the limb leads")


def changed(record: Record, **rows: np.ndarray) -> Record:
    """The record with other samples in some leads."""
    return record.with_signal(np.stack([rows.get(lead, record.lead(lead)) for lead in record.leads]), "change")


def only(found: list[Finding]) -> Finding:
    """The one finding there is."""
    assert len(found) == 1, found
    return found[0]


def test_leads_that_hold_the_equations_are_passed(record: Record) -> None:
    assert algebra_findings(record) == []


def test_offset_rounding_and_a_burst_are_no_fault(record: Record, generator: np.random.Generator) -> None:
    signal = record.signal + generator.normal(0, 2, (12, 1))
    signal = np.round(signal / 0.005) * 0.005
    signal[0, 1000:1800] += generator.normal(0, 1, 800)
    assert algebra_findings(record.with_signal(signal, "disturb")) == []


def test_exchanged_avl_and_avf_are_told_by_their_own_code(record: Record) -> None:
    found = only(algebra_findings(changed(record, aVL=record.lead("aVF"), aVF=record.lead("aVL"))))
    assert (found.code, found.leads) == ("leads.swapped_avl_avf", ("aVL", "aVF"))
    assert found.evidence["relative"] > 0.1
    assert found.evidence["residual_mv"] > 0.01


@pytest.mark.parametrize("lead", LIMB_LEADS)
def test_a_lead_upside_down_is_named(record: Record, lead: str) -> None:
    found = only(algebra_findings(changed(record, **{lead: -record.lead(lead)})))
    assert found.leads == (lead,)
    assert found.code == ("leads.augmented" if lead.startswith("a") else "leads.einthoven")
    assert "upside down" in found.message


@pytest.mark.parametrize("pair", [("I", "II"), ("II", "III"), ("III", "aVF"), ("aVR", "aVL")])
def test_two_leads_exchanged_are_named(record: Record, pair: tuple[str, str]) -> None:
    first, second = pair
    found = only(algebra_findings(changed(record, **{first: record.lead(second), second: record.lead(first)})))
    assert found.leads == pair
    assert "exchanged" in found.message


@pytest.mark.parametrize("lead", LIMB_LEADS)
def test_a_lead_of_something_else_is_named(record: Record, lead: str) -> None:
    found = only(algebra_findings(changed(record, **{lead: record.lead("V3")})))
    assert found.leads == (lead,)
    assert "does not fit" in found.message


def test_names_in_another_order_break_the_equations(record: Record) -> None:
    rows = [record.lead(lead) for lead in ("aVR", "V1", "I", "V6", "V3", "II", "V2", "V4", "V5", "III", "aVL", "aVF")]
    found = algebra_findings(record.with_signal(np.stack(rows), "shuffle"))
    assert {one.code for one in found} <= {"leads.einthoven", "leads.augmented"}
    assert found


def test_with_three_leads_both_explanations_are_told(record: Record) -> None:
    three = record.select(["I", "II", "III"])
    found = only(algebra_findings(changed(three, III=-three.lead("III"))))
    assert found.code == "leads.einthoven"
    assert found.leads == ("I", "II", "III")
    assert "exchanged, or" in found.message


@pytest.mark.parametrize("leads", [("I", "II", "V1"), ("V1", "V2", "V3"), ("II",)])
def test_two_limb_leads_or_fewer_are_not_judged(record: Record, leads: tuple[str, ...]) -> None:
    few = record.select(leads)
    assert algebra_findings(few.with_signal(-few.signal, "turn over")) == []


def test_a_zeroed_lead_is_not_judged_and_the_others_are(record: Record) -> None:
    without = changed(record, II=np.zeros(record.num_samples))
    assert algebra_findings(without) == []
    assert only(algebra_findings(changed(without, aVR=-record.lead("aVR")))).leads == ("aVR",)


def test_a_lead_that_stops_is_judged_while_it_lives(record: Record) -> None:
    stopped = np.where(np.arange(record.num_samples) < 2200, 0, record.lead("III"))
    assert algebra_findings(changed(record, III=stopped)) == []


def test_the_order_of_the_file_has_no_say(record: Record) -> None:
    swapped = changed(record, aVL=record.lead("aVF"), aVF=record.lead("aVL"))
    (forwards,) = algebra_findings(swapped)
    (backwards,) = algebra_findings(swapped.select(STANDARD_12[::-1]))
    assert (forwards.code, forwards.leads) == (backwards.code, backwards.leads)
    assert backwards.evidence["relative"] == pytest.approx(forwards.evidence["relative"])
