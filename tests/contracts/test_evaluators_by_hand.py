"""Evaluators against examples computed by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, top_k_accuracy_score

from ecg_text.evaluation.ecg_to_ecg import rank_similar
from ecg_text.evaluation.patient_id import evaluate_patient_id
from ecg_text.evaluation.retrieval import evaluate_retrieval
from ecg_text.evaluation.scores import Metric
from ecg_text.evaluation.subgroups import Comparison, evaluate_subgroups
from ecg_text.evaluation.variants import evaluate_variants
from ecg_text.evaluation.zero_shot import evaluate_zero_shot

SCORES, LABELS = np.array([[0.9], [0.8], [0.7], [0.6]]), np.array([[1], [0], [1], [0]])
ANY = Comparison(min_records=1, min_positives=1)


def values(metrics: dict[str, Metric]) -> dict[str, float]:
    return {name: metric.value for name, metric in metrics.items()}


def unit(matrix: np.ndarray) -> np.ndarray:
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


def test_zero_shot_by_hand(generator: np.random.Generator) -> None:
    """Of the first label three of four pairs are in order, of the second two and a half of three."""
    scores = np.hstack([SCORES, [[0.5], [0.5], [0.2], [0.1]]])
    labels = np.hstack([LABELS, [[1], [0], [0], [0]]])
    found = evaluate_zero_shot(scores, labels, "ab", [None] * 4, generator, num_resamples=0)
    assert values(found.classes["a"].metrics) == pytest.approx({"auroc": 3 / 4, "average_precision": (1 + 2 / 3) / 2})
    assert values(found.classes["b"].metrics) == pytest.approx({"auroc": 2.5 / 3, "average_precision": 1 / 2})
    assert values(found.metrics) == pytest.approx({"macro_auroc": 19 / 24, "macro_average_precision": 2 / 3})
    assert found.baselines["chance"]["macro_average_precision"].value == pytest.approx((1 / 2 + 1 / 4) / 2)


def test_a_change_by_hand(generator: np.random.Generator) -> None:
    """Disturbed, the first record falls to the end: one pair of four is left in order, of three."""
    disturbed = np.array([[0.1], [0.8], [0.7], [0.6]])
    found = evaluate_variants(
        {"clean": SCORES, "noise": disturbed}, LABELS, ["a"], [None] * 4, generator, num_resamples=0
    )
    assert values(found.metrics) == pytest.approx(
        {"macro_auroc/clean": 3 / 4, "macro_auroc/noise": 1 / 4, "macro_auroc_change/noise": -1 / 2}
    )


def test_subgroups_by_hand(generator: np.random.Generator) -> None:
    """Women are ranked without a mistake, men with one of four pairs; all together eleven of sixteen are in order."""
    scores, labels = np.vstack([SCORES, [[0.4], [0.3], [0.2], [0.1]]]), np.vstack([LABELS, [[1], [1], [0], [0]]])
    sex = ["male"] * 4 + ["female"] * 4
    found = evaluate_subgroups(
        scores, labels, {"sex": sex}, [None] * 8, generator, comparison=ANY, num_resamples=0
    ).metrics
    assert values(found) == pytest.approx(
        {
            "macro_auroc": 11 / 16,
            "macro_auroc/sex female": 1.0,
            "difference/sex female": 1 / 4,
            "macro_auroc/sex male": 3 / 4,
            "difference/sex male": -1 / 4,
        }
    )


def test_retrieval_by_hand(generator: np.random.Generator) -> None:
    """Two texts, and three ECGs, of which the first two bear the first; the first lies by the wrong text."""
    ecg, row = unit(np.array([[0.1, 1.0], [1.0, 0.0], [0.9, 0.5]])), np.array([0, 0, 1])
    found = evaluate_retrieval(ecg, unit(np.eye(2)), row, [None] * 3, generator, num_resamples=0)
    told = values(found.metrics)
    assert (told["report_to_ecg_recall@1"], told["report_to_ecg_median_rank"]) == (1 / 2, 1.5)
    assert (told["ecg_to_report_recall@1"], told["ecg_to_report_median_rank"]) == (pytest.approx(1 / 3), 2)
    assert (told["report_to_ecg_recall@5"], told["ecg_to_report_recall@5"]) == (1, 1)
    chance = values(found.baselines["chance"])
    assert chance["report_to_ecg_recall@1"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert chance["ecg_to_report_recall@1"] == pytest.approx(1 / 2)


def test_ecg_to_ecg_by_hand() -> None:
    """Four ECGs 10 degrees apart with the texts 0, 1, 0, 1: the equal text stands behind one other, or behind two."""
    angle = np.radians([0, 10, 20, 30])
    ecg = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    assert rank_similar(ecg, np.array([0, 1, 0, 1]), np.arange(4)).ranks.tolist() == [2, 3, 3, 2]


def test_patient_identification_by_hand(generator: np.random.Generator) -> None:
    """The true pairs have the cosines 0.8, 0.6 and 0.8, the false ones 0.6, 0.8, 0.6 and three times 0."""
    probe = np.array([[0.8, 0.6, 0.0], [0.8, 0.6, 0.0], [0.6, 0.0, 0.8]], dtype=np.float32)
    found = evaluate_patient_id(np.eye(3, dtype=np.float32), "abc", probe, "abc", generator, num_resamples=0)
    assert values(found.metrics) == pytest.approx(
        {
            "rank_1_accuracy": 2 / 3,
            "rank_5_accuracy": 1.0,
            "rank_10_accuracy": 1.0,
            "mean_reciprocal_rank": (1 + 1 / 2 + 1) / 3,
            "verification_auroc": (5.5 + 4 + 5.5) / 18,
            "equal_error_rate": 1 / 3,  # from 0.8 on: one true pair of three is refused, one false of six let in
        }
    )


def test_zero_shot_its_changes_and_subgroups_are_scikit_learns(generator: np.random.Generator) -> None:
    labels = generator.random((90, 3)) < 0.4
    clean, noisy = (generator.normal(size=(90, 3)).round(1) + labels for _ in range(2))
    names, sex, nobody = "abc", ["male", "female", "male"] * 30, [None] * 90
    male = np.array(sex) == "male"
    whole = evaluate_zero_shot(clean, labels, names, nobody, generator, num_resamples=0)
    assert values(whole.metrics) == pytest.approx(
        {
            "macro_auroc": roc_auc_score(labels, clean),
            "macro_average_precision": average_precision_score(labels, clean),
        }
    )
    changed = evaluate_variants({"a": clean, "b": noisy}, labels, names, nobody, generator, num_resamples=0)
    assert changed.metrics["macro_auroc_change/b"].value == pytest.approx(
        roc_auc_score(labels, noisy) - roc_auc_score(labels, clean)
    )
    apart = evaluate_subgroups(clean, labels, {"sex": sex}, nobody, generator, comparison=ANY, num_resamples=0)
    assert apart.metrics["difference/sex male"].value == pytest.approx(
        roc_auc_score(labels[male], clean[male]) - roc_auc_score(labels[~male], clean[~male])
    )


def test_recall_is_scikit_learns(generator: np.random.Generator) -> None:
    row = np.concatenate([np.arange(20), generator.integers(20, size=40)])
    text = unit(generator.normal(size=(20, 8)))
    ecg = unit(text[row] + generator.normal(size=(60, 8)))
    found = evaluate_retrieval(ecg, text, row, [None] * 60, generator, num_resamples=0).metrics
    for k in (1, 5, 10):
        expected = top_k_accuracy_score(row, ecg @ text.T, k=k, labels=np.arange(20))
        assert found[f"ecg_to_report_recall@{k}"].value == pytest.approx(expected)
