"""Drafts of reports: their wording, the labels they say, and what stands beside them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import DataError, FingerprintError
from ecg_text.evaluation.captions import DATA, REPORT, Labels, Truth, evaluate_captions, label_f1
from ecg_text.evaluation.drafts import (
    ITSELF,
    MOST_COMMON,
    RANDOM_REPORT,
    DraftedSplit,
    captions_result,
    draft_split,
)
from ecg_text.evaluation.result import Result, read_result
from ecg_text.hub.embedding import Embedder
from ecg_text.text.prompts import PromptLabel, PromptSet

PROMPTS = PromptSet(
    name="three",
    version=2,
    labels=tuple(
        PromptLabel(name=name, title=name, texts=(text,), opposite=("artefacts",), codes={"scp": (name,)})
        for name, text in (("AFIB", "atrial fibrillation"), ("NORM", "normal ecg"), ("PVC", "pvc"))
    ),
)
VAL = (
    ("atrial fibrillation. left axis deviation is present", ["AFIB"]),
    ("sinus rhythm. normal ecg", ["NORM"]),
    (None, ["NORM"]),
    ("sinus rhythm. normal ecg", ["NORM"]),
    (" . ", ["AFIB"]),
    ("sinus rhythm with right bundle branch block", ["AFIB"]),
)
TRAIN = (("sinus rhythm. normal ecg", ["NORM"]), ("sinus rhythm. normal ecg", []), ("atrial fibrillation", ["AFIB"]))


class FakeWriter:
    """Writes of each record what it is told; a record is known by its one sample."""

    revision, fingerprint = "abc", "0123"
    require_prepared = Embedder.require_prepared
    processor = SimpleNamespace(read_report=str.lower, rendering="original")

    def __init__(self, drafts: dict[int, str]) -> None:
        self.drafts = drafts

    def describe_prepared(self, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray) -> list[str]:
        assert (ecg.shape[1:], lead_mask.shape[1:], time_mask.shape[1:]) == ((12, 1), (12,), (1,))
        return [self.drafts[int(number)] for number in ecg[:, 0, 0]]


def store(train: tuple[tuple[str | None, list[str]], ...] = TRAIN, fingerprint: str = "0123") -> Any:
    rows = (*((*row, "val") for row in VAL), *((*row, "train") for row in train))
    catalogue = Catalogue.from_columns(
        {
            "record_id": [f"r{number}" for number in range(len(rows))],
            "patient_id": [f"p{number // 2}" for number in range(len(rows))],
            "path": ["x"] * len(rows),
            "report": [report for report, _, _ in rows],
            "labels": [labels for _, labels, _ in rows],
            "split": [split for _, _, split in rows],
        },
        source="made up",
    )

    def signals(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        ecg = np.tile(np.asarray(rows, np.float32)[:, None, None], (1, 12, 1))
        return ecg, np.ones((len(rows), 12), bool), np.ones((len(rows), 1), bool)

    return SimpleNamespace(
        catalogue=catalogue, split_hash="5a", folder="a store", fingerprint=fingerprint, signals=signals
    )


def drafted(drafts: dict[int, str], of: Any = None) -> DraftedSplit:
    writer: Any = FakeWriter(drafts)
    return draft_split(writer, store() if of is None else of, "val")


def scored(split: DraftedSplit, prompt_sets: tuple[PromptSet, ...] = (PROMPTS,), num_resamples: int = 0) -> Result:
    return captions_result(
        split, prompt_sets, generator=np.random.default_rng(0), num_resamples=num_resamples, facts={"seed": 0}
    )


ITS_OWN = {row: report for row, (report, _) in enumerate(VAL) if report}


def test_f1_is_that_of_records_repeated(generator: np.random.Generator) -> None:
    said, true = generator.random((40, 3)) < 0.5, generator.random((40, 3)) < [0.6, 0.2, 0.0]
    weights = generator.poisson(1.0, size=(40, 6)).astype(np.int32)
    micro, per_label = label_f1(said, true, weights)
    for row, column in enumerate(weights.T):
        drawn = np.repeat(np.arange(40), column)
        assert micro[row] == pytest.approx(f1_score(true[drawn], said[drawn], average="micro"))
        for k in range(2):
            assert per_label[row, k] == pytest.approx(f1_score(true[drawn, k], said[drawn, k]))
    assert np.isnan(per_label[:, 2]).all()  # nothing bears it, though it is said


def test_a_set_that_nobody_bears_has_no_f1() -> None:
    micro, per_label = label_f1(np.ones((3, 2), bool), np.zeros((3, 2), bool), np.ones((3, 1), np.int32))
    assert np.isnan(micro).all()
    assert np.isnan(per_label).all()


def test_only_records_with_a_report_are_asked() -> None:
    split = drafted(ITS_OWN)
    assert split.rows.tolist() == [0, 1, 3, 5]
    assert list(split.reports) == list(split.drafts) == [ITS_OWN[row] for row in (0, 1, 3, 5)]


def test_a_draft_that_is_the_report_has_all_of_it() -> None:
    metrics = scored(drafted(ITS_OWN)).metrics
    names = ["bleu_4", "rouge_l", f"{REPORT}_micro/three", f"{REPORT}_macro/three"]
    assert [metrics[name].value for name in names] == pytest.approx([1.0] * 4)
    # The data set knows of an atrial fibrillation that its report does not tell: 3 of 4 labels are found, none wrong.
    assert metrics[f"{DATA}_micro/three"].value == pytest.approx(6 / 7)
    assert metrics[f"{DATA}_macro/three"].value == pytest.approx((2 / 3 + 1) / 2)


def test_what_a_draft_says_is_what_counts() -> None:
    """Of two drafts that share as many words with the report, the one that says its finding is the better."""
    told = drafted({**ITS_OWN, 0: "atrial fibrillation. no axis deviation is present"})
    denied = drafted({**ITS_OWN, 0: "no atrial fibrillation. axis deviation is present"})
    first, second = scored(told).metrics, scored(denied).metrics
    assert first["rouge_l"].value == pytest.approx(second["rouge_l"].value)
    assert first[f"{REPORT}_micro/three"].value == 1.0
    assert second[f"{REPORT}_micro/three"].value == pytest.approx(4 / 5)


def test_drafts_stand_beside_other_reports_and_the_report_itself() -> None:
    result = scored(drafted(dict.fromkeys(ITS_OWN, "")))
    assert set(result.baselines) == {MOST_COMMON, RANDOM_REPORT, ITSELF}
    assert [metric.value for metric in result.metrics.values()] == [0.0] * 6
    assert set(result.baselines[ITSELF]) == {f"{DATA}_micro/three", f"{DATA}_macro/three"}
    assert result.baselines[ITSELF][f"{DATA}_micro/three"].value == pytest.approx(6 / 7)
    constant = scored(drafted(dict.fromkeys(ITS_OWN, "sinus rhythm. normal ecg")))
    for name, metric in constant.metrics.items():
        assert metric.value == constant.baselines[MOST_COMMON][name].value
    assert set(result.baselines[RANDOM_REPORT]) == set(result.metrics)


def test_the_provenance_tells_what_was_compared() -> None:
    about = scored(drafted(ITS_OWN)).provenance
    assert (about["num_records"], about["num_training_reports"]) == (4, 3)
    assert (about["num_distinct_drafts"], about["num_distinct_reports"], about["rendering"]) == (3, 3, "original")
    assert (about["words_per_draft"], about["seed"]) == (5.5, 0)
    assert about["prompt_sets"] == f"three v2 {PROMPTS.hash}"


def test_each_label_has_its_own_f1_and_one_that_nobody_bears_is_named(tmp_path: Any) -> None:
    result = scored(drafted(ITS_OWN), num_resamples=20)
    classes = result.classes
    assert list(classes) == ["three/AFIB", "three/NORM", "three/PVC"]
    assert (classes["three/AFIB"].support, classes["three/NORM"].support) == (2, 2)
    assert classes["three/AFIB"].metrics[DATA].value == pytest.approx(2 / 3)
    assert classes["three/PVC"].skipped == "no record bears it"
    assert read_result(result.write_json(tmp_path / "r.json")) == result


def test_intervals_are_over_patients_and_hold_the_value(generator: np.random.Generator) -> None:
    reports = [("atrial fibrillation with slow response", "sinus rhythm. normal ecg today")[i % 2] for i in range(60)]
    drafts = [report if generator.random() < 0.7 else "left axis deviation" for report in reports]
    labels = (Labels.of(PROMPTS, reports, np.zeros((60, 3), bool)),)
    truth = Truth(reports=reports, patient_ids=[f"p{i // 3}" for i in range(60)], labels=labels)
    first, second = (
        evaluate_captions(drafts, truth, np.random.default_rng(3), num_resamples=300).metrics for _ in range(2)
    )
    assert first == second
    assert list(first) == ["bleu_4", "rouge_l", f"{REPORT}_micro/three", f"{REPORT}_macro/three"]
    for metric in first.values():
        assert metric.low is not None
        assert metric.low < metric.value < metric.high
        assert 0.05 < metric.high - metric.low < 0.5


def test_a_data_set_without_labels_and_a_store_without_training_reports_leave_their_parts_out() -> None:
    other = PromptSet(name="other", version=1, labels=(PromptLabel(name="WPW", title="WPW", texts=("wpw",)),))
    result = scored(drafted(ITS_OWN, store(train=())), (other,))
    assert (list(result.metrics), dict(result.baselines)) == (["bleu_4", "rouge_l"], {})
    assert result.classes["other/WPW"].skipped == "no record bears it"


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(FingerprintError, match="was prepared with fingerprint 9"):
        drafted(ITS_OWN, store(fingerprint="9"))
    writer: Any = FakeWriter({})
    with pytest.raises(DataError, match="no record of the split 'test' has a report"):
        draft_split(writer, store(), "test")
    with pytest.raises(DataError, match="one of these has no word"):
        Truth(reports=["sinus rhythm", ". "], patient_ids=["a", "b"])
    with pytest.raises(DataError, match="1 patient ids for 2 reports"):
        Truth(reports=["sinus rhythm", "a"], patient_ids=["a"])
    truth = Truth(reports=["sinus rhythm", "a"], patient_ids=["a", "b"])
    with pytest.raises(DataError, match="1 drafts for 2 reports"):
        evaluate_captions(["sinus rhythm"], truth, np.random.default_rng(0))
