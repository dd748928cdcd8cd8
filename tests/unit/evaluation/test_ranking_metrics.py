"""Ranking metrics agree with scikit-learn and with counting every pair."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ecg_text.errors import DataError
from ecg_text.evaluation.metrics import auroc, average_precision, macro_auroc, macro_average_precision


def slow_auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Each pair of a positive and a negative record: won 1, tied a half, lost 0."""
    won = [
        1.0 if positive > negative else 0.5 if positive == negative else 0.0
        for positive in scores[labels]
        for negative in scores[~labels]
    ]
    return sum(won) / len(won)


def slow_average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """Every threshold from the top: precision there times the step in recall."""
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        found = scores >= threshold
        step = labels[found].sum() / labels.sum()
        total += (step - recall) * labels[found].mean()
        recall = step
    return float(total)


@pytest.mark.parametrize("num_levels", [2, 5, 1000])
@pytest.mark.parametrize("num_records", [2, 7, 211])
def test_metrics_agree_with_slow_truth_and_scikit_learn(
    num_records: int, num_levels: int, generator: np.random.Generator
) -> None:
    scores = generator.integers(num_levels, size=num_records) / 7.0
    labels = generator.random(num_records) < 0.3
    labels[:2] = [True, False]
    assert auroc(scores, labels) == pytest.approx(slow_auroc(scores, labels))
    assert auroc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))
    assert average_precision(scores, labels) == pytest.approx(slow_average_precision(scores, labels))
    assert average_precision(scores, labels) == pytest.approx(average_precision_score(labels, scores))


def test_the_order_is_all_that_counts(generator: np.random.Generator) -> None:
    scores, labels = generator.normal(size=101), generator.random(101) < 0.2
    assert auroc(np.exp(3 * scores) - 5, labels) == auroc(scores, labels)
    assert auroc(-scores, labels) == pytest.approx(1 - auroc(scores, labels))


def test_a_macro_score_skips_classes_of_one_value(generator: np.random.Generator) -> None:
    scores = generator.normal(size=(53, 3))
    labels = np.stack([generator.random(53) < 0.4, np.zeros(53, bool), np.ones(53, bool)], axis=1)
    value, per_class = macro_auroc(scores, labels)
    assert value == per_class[0] == auroc(scores[:, 0], labels[:, 0])
    assert np.isnan(per_class[1:]).all()
    assert macro_average_precision(scores, labels).value == average_precision(scores[:, 0], labels[:, 0])


def test_a_macro_score_of_nothing_is_not_a_number() -> None:
    assert np.isnan(macro_auroc(np.zeros((3, 2)), np.zeros((3, 2))).value)


def test_zeros_and_ones_serve_as_labels() -> None:
    assert auroc(np.array([0.1, 0.9]), np.array([0, 1])) == 1.0
    assert auroc(np.array([0.1, 0.9], np.float32), np.array([0.0, 1.0])) == 1.0


@pytest.mark.parametrize(
    ("scores", "labels", "told"),
    [
        ([0.1, 0.2], [1, 1], "2 positive and 0 negative"),
        ([0.1, np.nan], [0, 1], "1 of 2 scores are NaN"),
        ([0.1, 0.2], [0, 1, 1], "one label for each"),
        ([0.1, 0.2], [0.5, 1], "0 or 1"),
        ([[0.1, 0.2]], [[0, 1]], "one score for each record"),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores: list, labels: list, told: str) -> None:
    with pytest.raises(DataError, match=told):
        auroc(np.array(scores), np.array(labels))


def test_a_macro_score_wants_a_matrix() -> None:
    with pytest.raises(DataError, match=r"\(records, classes\)"):
        macro_auroc(np.zeros(3), np.zeros(3))
