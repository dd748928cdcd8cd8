"""The linear probe is scikit-learn's logistic regression label by label; solving all labels at once is only faster."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ecg_text.errors import DataError
from ecg_text.evaluation.linear_probe import L2_GRID, fit_linear, linear_probes
from ecg_text.evaluation.metrics import macro_auroc

N, F, K = 240, 12, 4


@pytest.fixture
def features(generator: np.random.Generator) -> np.ndarray:
    """Features of very different sizes, mixed with each other; the last one is always the same."""
    mixed = generator.normal(size=(N, F)) @ generator.normal(size=(F, F)) * np.logspace(-3, 3, F) + 5
    mixed[:, -1] = 7.0
    return mixed.astype(np.float32)


@pytest.fixture
def labels(features: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Labels of 50 %, 20 %, 5 % and 1 % of the records, which the features tell in part."""
    standard = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9)
    score = standard @ generator.normal(size=(F, K)) + 2 * generator.normal(size=(N, K))
    return score > np.quantile(score, [0.5, 0.8, 0.95, 0.99], axis=0).diagonal()


@pytest.mark.parametrize("l2", [0.1, 10.0, 1000.0])
def test_it_is_scikit_learns_logistic_regression(features: np.ndarray, labels: np.ndarray, l2: float) -> None:
    probe = fit_linear(features, labels, l2, tolerance=1e-8)
    standard = StandardScaler().fit_transform(features.astype(np.float64))
    for k in range(K):
        theirs = LogisticRegression(C=1 / l2, tol=1e-12, max_iter=100_000).fit(standard, labels[:, k])
        np.testing.assert_allclose(probe.weight[:, k], theirs.coef_[0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(probe.bias[k], theirs.intercept_[0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(probe(features)[:, k], theirs.decision_function(standard), rtol=1e-3, atol=1e-4)


def test_its_usual_tolerance_changes_no_ranking(features: np.ndarray, labels: np.ndarray) -> None:
    for l2, probe in linear_probes(features, labels):
        exact = fit_linear(features, labels, l2, tolerance=1e-9)
        assert macro_auroc(probe(features), labels).value == pytest.approx(
            macro_auroc(exact(features), labels).value, abs=2e-4
        )


def test_the_strengths_are_those_of_the_grid_the_simplest_first(features: np.ndarray, labels: np.ndarray) -> None:
    found = list(linear_probes(features, labels))
    assert [l2 for l2, _ in found] == sorted(L2_GRID, reverse=True)
    sizes = [np.linalg.norm(probe.weight) for _, probe in found]
    assert sizes == sorted(sizes)


def test_two_records_by_hand() -> None:
    """One feature, -1 and 1, of one negative and one positive: the slope w solves l2 w = 2 / (1 + exp(w))."""
    probe = fit_linear(np.array([[3.0], [5.0]]), np.array([[False], [True]]), l2=1.0, tolerance=1e-10)
    [slope] = probe.weight[:, 0]
    assert slope == pytest.approx(2 / (1 + np.exp(slope)), rel=1e-6)
    assert slope == pytest.approx(0.6748, abs=1e-4)
    assert probe(np.array([[4.0]])) == pytest.approx(0.0, abs=1e-6)


def test_a_label_of_one_value_is_not_learned(features: np.ndarray, labels: np.ndarray) -> None:
    labels[:, 1] = False
    probe = fit_linear(features, labels, 10.0)
    assert not probe.weight[:, 1].any()
    assert len(set(probe(features)[:, 1])) == 1
    alone = fit_linear(features, labels[:, [0, 2, 3]], 10.0)
    np.testing.assert_allclose(probe.weight[:, [0, 2, 3]], alone.weight, atol=1e-3)


def test_of_one_record_nothing_is_learned(features: np.ndarray, labels: np.ndarray) -> None:
    for _, probe in linear_probes(features[:1], labels[:1]):
        assert not probe(features).any()


def test_more_features_than_records_are_told_apart_perfectly(generator: np.random.Generator) -> None:
    features, labels = generator.normal(size=(30, 100)), generator.random((30, 3)) < 0.4
    assert macro_auroc(fit_linear(features, labels, 1.0)(features), labels).value == 1.0


def test_what_cannot_be_learned_is_refused(features: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"features have shape \(240, 12\), labels \(3, 4\)"):
        fit_linear(features, labels[:3], 1.0)
    with pytest.raises(DataError, match="l2 is 0"):
        fit_linear(features, labels, 0)
