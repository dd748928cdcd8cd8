"""With some leads masked, a prepared ECG is what the preprocessing makes of a recording of these leads alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_text.errors import LeadError
from ecg_text.evaluation.lead_subsets import SUBSETS, WHOLE, lead_variants, parse_subset
from ecg_text.record import Record
from ecg_text.signal.preprocess import Prepared, Preprocess, standard_preprocess
from ecg_text.signal.steps import BandPass, OrderLeads, Resample, Scale, Window
from ecg_text.signal.synthetic.synthesise import synthesise


def batch(prepared: list[Prepared]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = zip(*((item.signal, item.lead_mask, item.time_mask) for item in prepared), strict=True)
    signal, lead_mask, time_mask = map(np.stack, parts)
    return signal, lead_mask, time_mask


@pytest.fixture(scope="module")
def records() -> list[Record]:
    chance = np.random.default_rng(4)
    return [
        synthesise("sinus rhythm", chance, rate_hz=500.0).record,
        synthesise("atrial fibrillation", chance, rate_hz=500.0).record,
    ]


IN_HALVES = Preprocess((OrderLeads(), Resample(250.0), BandPass(), Scale(0.5), Window(8.0)))


@pytest.mark.parametrize("name", [WHOLE, *SUBSETS])
@pytest.mark.parametrize("preprocess", [standard_preprocess(), IN_HALVES])
def test_a_subset_is_what_a_recorder_of_these_leads_gives(
    records: list[Record], name: str, preprocess: Preprocess
) -> None:
    whole = batch([preprocess(record) for record in records])
    ecg, lead_mask, time_mask = dict(lead_variants(preprocess)(whole))[name]
    leads = SUBSETS.get(name, preprocess.leads)
    wanted = batch([preprocess(record.select(leads)) for record in records])
    np.testing.assert_array_equal(lead_mask, wanted[1])
    np.testing.assert_array_equal(time_mask, wanted[2])
    np.testing.assert_allclose(ecg, wanted[0], atol=2e-6)


def test_two_limb_leads_bring_the_other_four_and_one_brings_none(records: list[Record]) -> None:
    preprocess = standard_preprocess()
    whole = batch([preprocess(record) for record in records])
    variants = dict(lead_variants(preprocess)(whole))
    assert list(variants) == [WHOLE, *SUBSETS]
    num_leads = {name: lead_mask.sum(axis=1).tolist() for name, (_, lead_mask, _) in variants.items()}
    assert (num_leads["I+II"], num_leads["I+II+V2"], num_leads["II"]) == ([6, 6], [7, 7], [1, 1])


def test_a_lead_that_was_off_stays_off_and_nothing_is_derived_from_it(records: list[Record]) -> None:
    preprocess = standard_preprocess()
    off = records[0].signal.copy()
    off[1] = 0.0
    prepared = [preprocess(replace(records[0], signal=off)), preprocess(records[1])]
    variants = dict(lead_variants(preprocess)(batch(prepared)))
    ecg, lead_mask, _ = variants["I+II"]
    assert lead_mask.sum(axis=1).tolist() == [1, 6]
    assert not ecg[0, 1:].any()
    # Of lead II alone nothing is left, which embed_varied leaves out.
    assert variants["II"][1].any(axis=1).tolist() == [False, True]


def test_leads_are_found_by_name(records: list[Record]) -> None:
    backwards = Preprocess((OrderLeads(("V2", "II", "I")), Resample(100.0), Window(10.0)))
    whole = batch([backwards(record) for record in records])
    _, lead_mask, _ = dict(lead_variants(backwards, {"II": ("lead ii",)})(whole))["II"]
    assert lead_mask.tolist() == [[False, True, False]] * 2


def test_leads_that_the_model_does_not_know_are_refused() -> None:
    small = Preprocess((OrderLeads(("I", "II")), Resample(100.0), Window(10.0)))
    with pytest.raises(LeadError, match=r"subset '6 limb leads' has III, aVR, aVL, aVF; name some of I, II"):
        lead_variants(small)
    with pytest.raises(LeadError, match="subset 'none' has no lead"):
        lead_variants(small, {"none": ()})
    with pytest.raises(LeadError, match="unknown lead name 'X9'"):
        parse_subset("I+X9")
    assert parse_subset("I,II+c2") == ("I", "II", "V2")
