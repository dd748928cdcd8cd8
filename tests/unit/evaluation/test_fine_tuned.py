"""A classifier scored on the labels it learned, and on those that they make."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.crops import Crops
from ecg_text.data.label_set import LabelSet
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.fine_tuned import fine_tune_result, told_labels
from ecg_text.evaluation.ptbxl_benchmark import TASKS, label_set

LEARNED = LabelSet(name="codes", names=("IMI", "ASMI", "NORM"), codes=(("IMI",), ("ASMI",), ("NORM",)))
SUPER = LabelSet(name="super", names=("MI", "NORM"), codes=(("IMI", "ASMI", "LMI"), ("NORM",)))
CODES = (["IMI"], ["ASMI"], ["NORM"], ["NORM"], ["OTHER"], ["IMI", "NORM"])


def store() -> Any:
    columns = {
        "record_id": [f"r{row}" for row in range(6)],
        "patient_id": [f"p{row}" for row in range(6)],
        "path": ["x"] * 6,
        "labels": list(CODES),
        "split": ["val"] * 6,
    }
    return SimpleNamespace(catalogue=Catalogue.from_columns(columns, source="made up"), split_hash="5a", folder="f")


def classifier(learned: LabelSet = LEARNED, crops: Crops | None = None) -> Any:
    return SimpleNamespace(labels=learned, crops=crops, revision="abc", origin="", fingerprint="01")


def ask(answers: np.ndarray, labels: LabelSet, **changes: Any) -> Any:
    return fine_tune_result(
        classifier(**changes),
        store(),
        "val",
        answers,
        labels,
        generator=np.random.default_rng(0),
        num_resamples=20,
        facts={"seed": 0},
    )


def perfect() -> np.ndarray:
    return np.array([[name in codes for name in LEARNED.names] for codes in CODES]) * 0.8 + 0.1


def test_perfect_answers_score_one_and_flat_ones_chance() -> None:
    found = ask(perfect(), LEARNED)
    assert found.metrics["macro_auroc"].value == 1.0
    assert found.provenance["num_records"] == 5  # the one without a label takes no part
    assert ask(np.full((6, 3), 0.3), LEARNED).metrics["macro_auroc"].value == 0.5
    assert found.baselines["chance"]["macro_auroc"].value == 0.5


def test_a_class_scores_as_the_likeliest_of_its_statements() -> None:
    answers = perfect()
    answers[1] = [0.05, 0.7, 0.1]  # an anterior infarction counts for the class, whatever is said of the inferior one
    found = ask(answers, SUPER)
    assert found.metrics["macro_auroc"].value == 1.0
    assert list(found.classes) == ["MI", "NORM"]
    assert [numbers.tolist() for numbers in told_labels(SUPER, LEARNED)] == [[0, 1], [2]]


def test_it_is_scikit_learns_of_the_likeliest_statement(generator: np.random.Generator) -> None:
    answers, asked = generator.random((6, 3)), [0, 1, 2, 3, 5]
    truth = np.array([["IMI" in codes or "ASMI" in codes, "NORM" in codes] for codes in CODES])[asked]
    told = np.stack([answers[asked, :2].max(axis=1), answers[asked, 2]], axis=1)
    assert ask(answers, SUPER).metrics["macro_auroc"].value == pytest.approx(roc_auc_score(truth, told))


def test_a_classifier_of_all_statements_tells_every_task_of_the_benchmark() -> None:
    learned = label_set("all")
    for name in TASKS:
        labels = label_set(name)
        for numbers, codes in zip(told_labels(labels, learned), labels.codes, strict=True):
            assert {learned.codes[number][0] for number in numbers} == set(codes)


def test_the_provenance_tells_how_records_were_asked() -> None:
    about = ask(perfect(), LEARNED, crops=Crops(num_samples=250)).provenance
    assert about["windows"] == "250 samples, every half of it, max"
    assert (about["label_set"], about["learned"], about["model_revision"], about["seed"]) == (
        "codes",
        "codes",
        "abc",
        0,
    )
    assert ask(perfect(), SUPER).provenance["windows"] == "whole ECGs"


def test_what_was_not_learned_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"learned super \(2 labels\), which tells nothing of IMI, ASMI"):
        ask(perfect(), LEARNED, learned=SUPER)
    nobody = LabelSet(name="none", names=("x",), codes=(("X",),))
    with pytest.raises(DataError, match="no record of the split 'val' bears a label of none"):
        ask(perfect(), nobody)
