"""Calibrated answers: every number is what its formula says, and what was not fitted has none, and says so."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_text.errors import ConfigError, SignalError
from ecg_text.hub.answering import Answerer, calls_of
from ecg_text.hub.answers import EcgSeen, LabelAnswer
from ecg_text.hub.calibrated_label import POINTS, Isotonic
from ecg_text.hub.calibration import CalibratedPrompts
from ecg_text.hub.embedding import Embedder
from ecg_text.record import Record
from ecg_text.signal.gate.finding import Examination, Finding, Severity
from ecg_text.text.prompt_files import text_prompt_set
from ecg_text.text.prompts import PromptLabel, PromptSet
from tests.support.calibrated import FITTED_ON, TOO_FEW, calibration_of, fitted_label, unfitted_label

SIMILARITY = st.floats(-1.0, 1.0, allow_nan=False)


@pytest.fixture
def calibrated(embedder: Embedder, prompts: PromptSet) -> Embedder:
    """The same model, with a calibration for one of two labels."""
    own = Embedder(embedder.model, embedder.processor, revision="abc")
    own.calibration = calibration_of(own, prompts)
    return own


def answerer_of(labels: list[Any], num_known: int = 100) -> Answerer:
    """One whose similarities are the numbers of the vector itself."""
    asked = tuple(PromptLabel(name=label.name, title="t " + label.name, texts=(label.name,)) for label in labels)
    prompts = PromptSet(name="own", version=2, labels=asked)
    fitted = CalibratedPrompts(name="own", version=2, hash=prompts.hash, rule="cosine", labels=tuple(labels))
    carried = SimpleNamespace(fitted_on=FITTED_ON, reference=None)
    stub: Any = SimpleNamespace(
        revision="abc",
        preprocess=None,
        fingerprint="0123",
        weights=lambda *_: np.eye(len(labels)),
        calibrated=lambda *_: fitted,
        own_calibration=carried,
    )
    return Answerer(stub, prompts, "cosine")


@given(st.lists(SIMILARITY, min_size=3, max_size=3), st.floats(0.1, 60.0), SIMILARITY, SIMILARITY)
def test_every_number_is_what_its_formula_says(
    similarity: list[float], slope: float, wide: float, sharp: float
) -> None:
    rising = replace(fitted_label("c"), curve=Isotonic(similarity=(-0.5, 0.5), probability=(0.1, 0.9)))
    labels = [fitted_label("a", slope, (wide, sharp)), unfitted_label("b"), rising]
    told = answerer_of(labels).labels(np.array(similarity))
    assert [one.similarity for one in told] == sorted(similarity, reverse=True)
    answer = {one.name: one for one in told}
    assert answer["a"].probability == pytest.approx(1 / (1 + np.exp(-slope * similarity[0])), abs=1e-12)
    assert answer["c"].probability == pytest.approx(min(max(0.5 + 0.8 * similarity[2], 0.1), 0.9))
    assert (answer["b"].probability, answer["b"].no_probability, answer["b"].calls) == (None, TOO_FEW, {})
    assert (answer["a"].no_probability, answer["a"].title) == (None, "t a")
    for point, threshold in zip(POINTS, (wide, sharp), strict=True):
        call = answer["a"].calls[point]
        assert (call.called, call.threshold) == (similarity[0] >= threshold, threshold)
        assert (call.sensitivity, call.specificity) == (0.9, 0.75)
    for name, value in zip("abc", similarity, strict=True):
        assert answer[name].percentile == pytest.approx(50 * (value + 1), abs=1e-9)


@given(SIMILARITY, SIMILARITY)
def test_a_more_similar_ecg_is_never_called_less(one: float, other: float) -> None:
    low, high = (calls_of(fitted_label("a"), value) for value in sorted((one, other)))
    assert all(low[point].called <= high[point].called for point in POINTS)


@given(st.floats(0.0, 1.0))
def test_a_probability_in_words_is_no_more_certain_than_it_may_be(probability: float) -> None:
    label = LabelAnswer(
        name="a", title="a", similarity=0.0, probability=probability, no_probability=None, percentile=None
    )
    told = label.percent
    assert told not in ("0 %", "100 %")
    number = float(told.strip("<> %")) / 100
    assert abs(number - probability) < 0.0101
    assert replace(label, probability=None).percent == ""


def test_a_model_answers_with_objects(calibrated: Embedder, prompts: PromptSet, records: list[Record]) -> None:
    answers = calibrated.classify(records[:2], prompts)
    expected = calibrated.zero_shot(records[:2], prompts)
    for answer, row, record in zip(answers, expected, records, strict=False):
        found = [answer.label(name).similarity for name in prompts.names]
        np.testing.assert_allclose(found, row, atol=1e-6)
        assert answer.seen.record_id == record.record_id
        assert answer.label("AFIB").probability == pytest.approx(1 / (1 + np.exp(-10 * row[0])), abs=1e-5)
        assert (answer.label("SR").probability, answer.label("SR").no_probability) == (None, TOO_FEW)
        assert answer.label("SR").percentile == pytest.approx(50 * (row[1] + 1), abs=1e-3)
        question = answer.question
        assert (question.prompt_hash, question.rule, question.model_revision) == (prompts.hash, "contrast", "abc")
        assert (question.fitted_on, question.uncalibrated) == (FITTED_ON, None)
        assert question.percentile_among == "made up, split 'val', 100 records of 90 patients"
    with pytest.raises(FrozenInstanceError):
        answers[0].labels[0].probability = 0.5  # type: ignore[misc]
    assert calibrated.classify([], prompts) == []


@pytest.mark.parametrize("rule", ["contrast", "cosine", "single"])
def test_a_users_own_text_has_its_percentile_by_the_same_rule(
    calibrated: Embedder, records: list[Record], rule: str
) -> None:
    own = text_prompt_set(["vorhofflimmern", "normal ecg"])
    [answer] = calibrated.classify(records[:1], own, rule)
    assert calibrated.calibration is not None
    assert calibrated.calibration.reference is not None
    known = calibrated.calibration.reference.vectors @ calibrated.weights(own, rule).T
    for k, name in enumerate(own.names):
        label = answer.label(name)
        assert (label.probability, label.calls) == (None, {})
        assert label.no_probability == "a text of your own has no labels to fit one on"
        assert label.percentile == pytest.approx(100 * (known[:, k] < label.similarity).mean())
    assert (answer.question.fitted_on, answer.question.uncalibrated) == (None, label.no_probability)
    assert answer.question.percentile_among == "40 drawn from made up, split 'val', 100 records of 90 patients"


def test_without_known_records_there_is_no_percentile(
    calibrated: Embedder, prompts: PromptSet, records: list[Record]
) -> None:
    assert calibrated.calibration is not None
    calibrated.calibration = replace(calibrated.calibration, reference=None)
    [answer] = calibrated.classify(records[:1], text_prompt_set(["afib"]))
    assert (answer.labels[0].percentile, answer.question.percentile_among) == (None, None)
    [answer] = calibrated.classify(records[:1], prompts)  # a fitted set needs none
    assert all(label.percentile is not None for label in answer.labels)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"model_revision": "xyz"}, "the calibration was fitted for model xyz, not for abc, and is not used"),
        ({"preprocess_fingerprint": "0123"}, "fitted for preprocessing 0123, not for"),
        ({"opposite_share": 0.7}, "fitted for opposite_share 0.7, not for"),
        (None, "the model carries no calibration; fit one with ecg-text calibrate"),
    ],
)
def test_a_foreign_calibration_is_not_used_and_told_in_one_line(
    calibrated: Embedder, prompts: PromptSet, records: list[Record], changed: dict[str, Any] | None, says: str
) -> None:
    assert calibrated.calibration is not None
    calibrated.calibration = None if changed is None else replace(calibrated.calibration, **changed)
    for asked in (prompts, text_prompt_set(["vorhofflimmern"])):
        [answer] = calibrated.classify(records[:1], asked)
        assert says in (answer.question.uncalibrated or "")
        assert "\n" not in (answer.question.uncalibrated or "")
        assert (answer.question.fitted_on, answer.question.percentile_among, answer.doubts) == (None, None, ())
        for label in answer.labels:
            assert (label.probability, label.percentile, label.calls) == (None, None, {})
            assert label.no_probability == answer.question.uncalibrated


def test_other_words_and_another_rule_have_no_probability_but_a_percentile(
    calibrated: Embedder, prompts: PromptSet, records: list[Record]
) -> None:
    reworded = replace(prompts, labels=(replace(prompts.labels[0], texts=("flimmern",)), prompts.labels[1]))
    for asked, rule, says in ((reworded, "contrast", reworded.hash), (prompts, "cosine", "for the rule contrast")):
        [answer] = calibrated.classify(records[:1], asked, rule)
        assert says in (answer.question.uncalibrated or "")
        for label in answer.labels:
            assert label.probability is None
            assert label.percentile is not None


def test_what_is_unlike_the_fitted_ecgs_is_told(
    calibrated: Embedder, prompts: PromptSet, records: list[Record]
) -> None:
    whole, _, short, long = records
    limb = Record(signal=whole.signal[:6], rate_hz=whole.rate_hz, leads=whole.leads[:6], record_id="limb leads")
    plain, of_short, of_long, of_limb = calibrated.classify([whole, short, long, limb], prompts)
    assert plain.doubts == ()
    assert of_short.doubts == ("shorter than the window",)
    assert of_long.doubts[-1] == "the mean of 3 windows, fitted on one each"
    assert of_limb.doubts == ("6 leads were seen (absent V1 V2 V3 V4 V5 V6), fitted on 12",)
    assert of_limb.seen.unseen_leads["V6"] == "absent"


def test_a_warning_of_the_gate_is_a_doubt_and_a_note_is_none() -> None:
    found = [
        Finding(code="unit.too_large", severity=Severity.WARN, message="large"),
        Finding(code="noise.mains", severity=Severity.NOTE, message="hum"),
    ]
    facts = {"record_id": "r", "num_leads": 12, "num_windows": 1, "is_padded": False}
    seen = EcgSeen(examination=Examination(tuple(found)), unseen_leads={"V6": "zeroed", "I": "absent"}, **facts)
    assert seen.doubts == (
        "the gate warns: unit.too_large",
        "10 leads were seen (zeroed V6; absent I), fitted on 12",
    )
    assert EcgSeen(examination=Examination(tuple(found[1:])), unseen_leads={}, **facts).doubts == ()


def test_labels_can_be_chosen_and_cut(calibrated: Embedder, prompts: PromptSet, records: list[Record]) -> None:
    [answer] = calibrated.classify(records[:1], prompts)
    assert [label.name for label in answer.chosen(["SR"]).labels] == ["SR"]
    assert answer.chosen(prompts.names, 1).labels == answer.labels[:1]
    with pytest.raises(KeyError):
        answer.label("PACE")


def test_what_cannot_be_asked_is_refused(calibrated: Embedder, prompts: PromptSet, records: list[Record]) -> None:
    with pytest.raises(ConfigError, match="no zero-shot rule"):
        calibrated.classify(records[:1], prompts, "softmax")
    with pytest.raises(SignalError):
        calibrated.classify([records[0].with_signal(records[0].signal * 1000, "wrong unit")], prompts)
