"""The weighted metrics agree with scikit-learn on records repeated one by one, and patients are drawn whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import (
    Interval,
    centred_interval,
    interval,
    mean_of_known,
    patient_numbers,
    resample,
    weighted_auroc,
    weighted_average_precision,
)
from ecg_text.evaluation.metrics import macro_auroc


def naive(metric, scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Every record repeated as often as it was drawn, then scikit-learn: (M, K), NaN where a class has one value."""
    values = np.full((weights.shape[1], scores.shape[1]), np.nan)
    for m, column in enumerate(weights.T):
        drawn = np.repeat(np.arange(len(scores)), column)
        for k in range(scores.shape[1]):
            if len(set(labels[drawn, k])) == 2:
                values[m, k] = metric(labels[drawn, k], scores[drawn, k])
    return values


def macro_auroc_interval(
    scores: np.ndarray,
    labels: np.ndarray,
    patients: Sequence[str | None],
    generator: np.random.Generator,
    num_resamples: int,
) -> Interval:
    def macro(weights: np.ndarray) -> np.ndarray:
        return mean_of_known(weighted_auroc(scores, labels, weights))

    return interval(resample(macro, patients, generator=generator, num_resamples=num_resamples))


@pytest.mark.parametrize("num_levels", [3, 10_000])
def test_weighted_metrics_agree_with_repeated_records(num_levels: int, generator: np.random.Generator) -> None:
    scores = generator.integers(num_levels, size=(83, 5)) / 3.0
    labels = generator.random((83, 5)) < [0.5, 0.2, 0.02, 0.0, 1.0]
    weights = generator.poisson(1.0, size=(83, 7))
    for fast, slow in ((weighted_auroc, roc_auc_score), (weighted_average_precision, average_precision_score)):
        np.testing.assert_allclose(fast(scores, labels, weights), naive(slow, scores, labels, weights), rtol=1e-12)


def test_a_class_that_a_resample_lost_is_left_out_of_its_mean(generator: np.random.Generator) -> None:
    scores, labels = generator.normal(size=(6, 2)), np.array([[1, 1], [1, 0], [0, 0], [0, 0], [0, 0], [1, 0]], bool)
    weights = np.array([[0, 1, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0]]).T
    values = weighted_auroc(scores, labels, weights)
    assert np.isnan(values[0, 1])
    assert mean_of_known(values)[0] == values[0, 0]
    assert np.isnan(mean_of_known(values)[1])


def test_a_patient_is_drawn_with_all_records(generator: np.random.Generator) -> None:
    patients = ["a", "b", "a", None, "c", None, "b"]
    weights = resample(lambda columns: columns.T, patients, generator=generator, num_resamples=300)
    assert weights.shape == (300, 7)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 6]).all()
    assert (weights[:, 3] != weights[:, 5]).any()
    assert (weights[:, [0, 1, 3, 4, 5]].sum(axis=1) == 5).all()  # as many patients as there are
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.2)


def test_the_interval_equals_the_naive_one_of_the_same_resamples(generator: np.random.Generator) -> None:
    scores, labels = generator.normal(size=(61, 3)), generator.random((61, 3)) < 0.3
    scores += labels
    patients = [str(number) for number in generator.integers(23, size=61)]
    weights = resample(lambda columns: columns.T, patients, generator=np.random.default_rng(5), num_resamples=40).T
    expected = np.quantile(np.nanmean(naive(roc_auc_score, scores, labels, weights), axis=1), (0.025, 0.975))
    found = macro_auroc_interval(scores, labels, patients, generator=np.random.default_rng(5), num_resamples=40)
    np.testing.assert_allclose(found, expected)
    assert found.low < macro_auroc(scores, labels).value < found.high


def test_records_of_one_patient_tell_less_than_as_many_patients(generator: np.random.Generator) -> None:
    """Ten copies of each record: patients drawn whole keep the width, records drawn singly would shrink it."""
    scores, labels = generator.normal(size=(60, 1)), generator.random((60, 1)) < 0.4
    scores, labels = np.repeat(scores + labels, 10, axis=0), np.repeat(labels, 10, axis=0)
    patients = [str(number) for number in np.repeat(np.arange(60), 10)]
    clustered = macro_auroc_interval(scores, labels, patients, generator=generator, num_resamples=300)
    single = macro_auroc_interval(scores, labels, [None] * 600, generator=generator, num_resamples=300)
    assert clustered.high - clustered.low > 2 * (single.high - single.low)


def test_the_interval_of_a_mean_is_that_of_the_textbook(generator: np.random.Generator) -> None:
    values = generator.normal(size=900)
    means = resample(lambda weights: values @ weights / weights.sum(axis=0), [None] * 900, generator=generator)
    low, high = interval(means)
    assert low == pytest.approx(values.mean() - 1.96 / 30, abs=0.01)
    assert high == pytest.approx(values.mean() + 1.96 / 30, abs=0.01)


def test_the_same_seed_gives_the_same_interval(generator: np.random.Generator) -> None:
    scores, labels = generator.normal(size=(40, 2)), generator.random((40, 2)) < 0.5
    first, second = (
        macro_auroc_interval(scores, labels, [None] * 40, generator=np.random.default_rng(1), num_resamples=150)
        for _ in range(2)
    )
    assert first == second


def test_a_centred_interval_is_moved_onto_its_value_and_stays_in_its_range() -> None:
    samples = np.linspace(0.2, 0.4, 201)  # 95 % of them within 0.205 and 0.395; their mean is 0.3
    metric = centred_interval(0.25, samples)
    assert (metric.value, metric.low, metric.high) == pytest.approx((0.25, 0.155, 0.345))
    assert centred_interval(0.02, samples).low == 0.0
    assert centred_interval(0.99, samples).high == 1.0
    assert centred_interval(0.02, samples, least=-1.0).low == pytest.approx(-0.075)
    mostly = np.where(np.arange(1000) < 990, 0.0, 1.0)  # even where the mean lies beyond the quantiles
    assert centred_interval(0.5, mostly).high == 0.5
    assert centred_interval(0.5, np.full(3, np.nan)).low is None


def test_an_interval_of_nothing_is_not_a_number() -> None:
    assert np.isnan(interval(np.full(3, np.nan))).all()


def test_an_interval_needs_patients_and_resamples(generator: np.random.Generator) -> None:
    with pytest.raises(DataError, match="at least 2"):
        patient_numbers(["a", "a"])
    with pytest.raises(DataError, match="num_resamples is 0"):
        resample(lambda weights: weights.T, ["a", "b"], generator=generator, num_resamples=0)
