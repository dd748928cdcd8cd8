"""Curves from similarity to probability are those of scikit-learn; which is kept, and which label gets none."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss as sklearn_log_loss

from ecg_text.errors import DataError
from ecg_text.evaluation.calibrating import MIN_PATIENTS, NUM_FOLDS, calibrate_labels, patient_folds
from ecg_text.evaluation.curves import fit_isotonic, fit_platt, log_loss, operating_points, smoothed_targets
from ecg_text.hub.calibrated_label import Isotonic, Platt

N = 400


def case(generator: np.random.Generator, num: int = N, prevalence: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Similarities that know something of their labels."""
    labels = generator.random(num) < prevalence
    return (0.1 * generator.normal(size=num) + 0.15 * labels).astype(np.float32), labels


class TakenAsTheyAre(LogisticRegression):
    """A classifier whose decision is its one feature."""

    def __init__(self) -> None:
        super().__init__()
        self.classes_ = np.array([False, True])

    def decision_function(self, X: np.ndarray) -> np.ndarray:  # noqa: N803
        return np.asarray(X[:, 0], dtype=np.float64)


def of_sklearn(method: str, similarity: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The probabilities of scikit-learn's own calibration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CalibratedClassifierCV(FrozenEstimator(TakenAsTheyAre()), method=method, ensemble=False)
        return np.asarray(model.fit(similarity[:, None], labels).predict_proba(similarity[:, None])[:, 1])


def test_targets_are_those_of_platt() -> None:
    labels = np.array([True, False, False, True, False])
    np.testing.assert_allclose(smoothed_targets(labels), [3 / 4, 1 / 5, 1 / 5, 3 / 4, 1 / 5])


def test_the_logistic_curve_is_scikit_learns(generator: np.random.Generator) -> None:
    similarity, labels = case(generator)
    ours = fit_platt(similarity, labels)(similarity)
    np.testing.assert_allclose(ours, of_sklearn("sigmoid", similarity, labels), atol=2e-4)  # its tolerance, not ours


def test_the_logistic_curve_has_the_least_loss(generator: np.random.Generator) -> None:
    similarity, labels = case(generator)
    targets, curve = smoothed_targets(labels), fit_platt(similarity, labels)

    def loss(slope: float, intercept: float) -> float:
        told = Platt(slope=slope, intercept=intercept)(similarity.astype(np.float64))
        return float(-(targets * np.log(told) + (1 - targets) * np.log(1 - told)).sum())

    least = loss(curve.slope, curve.intercept)
    for slope in (0.99, 1.01):
        for shift in (-0.01, 0.01):
            assert loss(curve.slope * slope, curve.intercept + shift) > least


def test_the_rising_curve_is_scikit_learns_but_for_the_targets(generator: np.random.Generator) -> None:
    similarity, labels = case(generator)
    similarity = similarity.round(2)  # many ties
    ours = fit_isotonic(similarity, labels)(similarity.astype(np.float64).round(6))
    theirs = IsotonicRegression(out_of_bounds="clip").fit(similarity, labels).predict(similarity)
    low, high = smoothed_targets(labels)[[labels.argmin(), labels.argmax()]]
    np.testing.assert_allclose(ours, low + (high - low) * theirs, atol=1e-5)


def test_no_probability_is_0_or_1(generator: np.random.Generator) -> None:
    similarity = np.linspace(-1, 1, 60)
    labels = similarity > 0.2  # separable
    for fit in (fit_platt, fit_isotonic):
        told = fit(similarity, labels)(similarity)
        assert told.min() > 0
        assert told.max() < 1
        assert told[~labels].max() < told[labels].min()


def test_the_log_loss_is_scikit_learns(generator: np.random.Generator) -> None:
    labels, told = generator.random(50) < 0.4, generator.uniform(0.01, 0.99, 50)
    assert log_loss(told, labels) == pytest.approx(sklearn_log_loss(labels, told))


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
def test_odd_records_are_fitted_or_refused(fit: Any) -> None:
    same = fit(np.full(10, 0.3), np.arange(10) < 3)
    assert same(np.array([0.3, 0.9]))[0] == pytest.approx(0.3 * 4 / 5 + 0.7 / 9, abs=1e-5)
    assert fit(np.array([0.3]), np.array([True]))(np.array([0.1]))[0] == pytest.approx(2 / 3)  # one record
    assert fit(np.linspace(0, 1, 8), np.zeros(8, bool))(np.array([0.5]))[0] == pytest.approx(0.1)  # one value
    for similarity, labels, says in (
        (np.array([0.1, np.nan]), np.array([1, 0]), "NaN or infinite"),
        (np.array([0.1, 0.2]), np.array([1, 2]), "must be 0 or 1"),
        (np.array([0.1, 0.2]), np.array([1]), "one label for each"),
        (np.zeros((2, 1)), np.zeros((2, 1)), "one for each record"),
        (np.zeros(0), np.zeros(0), "one for each record"),
    ):
        with pytest.raises(DataError, match=says):
            fit(similarity, labels)


def test_operating_points_by_hand() -> None:
    similarity = np.arange(30) / 100
    labels = np.zeros(30, bool)
    labels[[5, 15, 18, 20, 21, 23, 24, 26, 28, 29]] = True
    found = operating_points(similarity, labels)
    told = {name: (point.threshold, point.sensitivity, point.specificity) for name, point in found.items()}
    # Nine of ten positives lie at 0.15 and above; of the twenty negatives, 0 to 4 and 6 to 14 lie below: 14.
    assert told["sensitivity_90"] == pytest.approx((0.145, 9 / 10, 14 / 20))
    # One negative in twenty, 0.27, may be called: from between 0.25, a negative, and 0.26 on.
    assert told["specificity_95"] == pytest.approx((0.255, 3 / 10, 19 / 20))


def test_a_threshold_reaches_what_it_promises(generator: np.random.Generator) -> None:
    for num in (2, 7, 40, 333):
        similarity, labels = case(generator, num)
        similarity = similarity.round(generator.integers(1, 5))  # few levels, or many
        labels[:2] = [True, False]
        for name, point in operating_points(similarity, labels).items():
            called = similarity.astype(np.float64) >= point.threshold
            assert called[labels].mean() == pytest.approx(point.sensitivity)
            assert 1 - called[~labels].mean() == pytest.approx(point.specificity)
            promised, least = {
                "sensitivity_90": (point.sensitivity, 0.9),
                "specificity_95": (point.specificity, 0.95),
            }[name]
            assert promised >= least - 1e-9


def test_where_everything_ties_all_are_called_or_none() -> None:
    found = operating_points(np.full(6, 0.2), np.arange(6) < 2)
    assert (found["sensitivity_90"].sensitivity, found["sensitivity_90"].specificity) == (1.0, 0.0)
    assert (found["specificity_95"].sensitivity, found["specificity_95"].specificity) == (0.0, 1.0)


def test_a_threshold_needs_both_values() -> None:
    for labels in (np.zeros(4, bool), np.ones(4, bool)):
        with pytest.raises(DataError, match="a threshold needs both"):
            operating_points(np.linspace(0, 1, 4), labels)


def fit_one(similarity: np.ndarray, labels: np.ndarray, patients: Any = None, seed: int = 0) -> Any:
    ids = [None] * len(similarity) if patients is None else patients
    found = calibrate_labels(similarity[:, None], labels[:, None], ["x"], ids, np.random.default_rng(seed))
    return found.labels[0], found.held_out[:, 0]


def test_the_curve_that_tells_left_out_patients_better_is_kept(generator: np.random.Generator) -> None:
    similarity = generator.uniform(-1, 1, 4000)
    logistic, _ = fit_one(similarity, generator.random(4000) < Platt(slope=3.0, intercept=-1.0)(similarity))
    stepped, _ = fit_one(similarity, generator.random(4000) < np.where(similarity > 0.5, 0.9, 0.3))
    assert type(logistic.curve) is Platt
    assert type(stepped.curve) is Isotonic
    assert logistic.curve.slope == pytest.approx(3.0, abs=0.4)
    assert stepped.curve(np.array([0.0, 0.8])) == pytest.approx([0.3, 0.9], abs=0.06)


def test_what_is_held_out_was_told_by_a_curve_of_other_patients(generator: np.random.Generator) -> None:
    similarity, labels = case(generator)
    patients = [str(number // 3) for number in range(N)]
    label, held_out = fit_one(similarity, labels, patients, seed=5)
    numbers = np.arange(N) // 3
    fold = patient_folds(numbers, np.random.default_rng(5))
    assert all(len(set(fold[numbers == number])) == 1 for number in numbers)
    assert np.bincount(fold).min() > N / NUM_FOLDS - 10
    fit = fit_platt if type(label.curve) is Platt else fit_isotonic
    for number in range(NUM_FOLDS):
        away = fold == number
        np.testing.assert_allclose(
            held_out[away], fit(similarity[~away], labels[~away])(similarity[away].astype(np.float64))
        )


def test_the_same_generator_fits_the_same(generator: np.random.Generator) -> None:
    similarity, labels = case(generator)
    assert fit_one(similarity, labels, seed=1)[0] == fit_one(similarity, labels, seed=1)[0]


def test_a_label_of_too_few_patients_has_no_curve_and_says_why(generator: np.random.Generator) -> None:
    similarity, labels = case(generator)
    few = np.zeros(N, bool)
    few[np.argsort(similarity)[-(MIN_PATIENTS - 1) :]] = True
    label, held_out = fit_one(similarity, few)
    assert label.unfitted == "patients with the finding on the fitting split: 19; 20 are needed"
    assert (label.curve, label.points, label.support) == (None, {}, 19)
    assert np.isnan(held_out).all()
    assert len(label.quantiles) == 101
    assert (
        fit_one(similarity, ~few)[0].unfitted == "patients without the finding on the fitting split: 19; 20 are needed"
    )
    of_one = ["one" if bears else str(row) for row, bears in enumerate(labels)]
    assert (
        fit_one(similarity, labels, of_one)[0].unfitted
        == "patients with the finding on the fitting split: 1; 20 are needed"
    )
    for value in (np.zeros(N, bool), np.ones(N, bool)):
        assert fit_one(similarity, value)[0].unfitted.endswith(": 0; 20 are needed")


def test_a_label_whose_similarity_falls_has_no_curve(generator: np.random.Generator) -> None:
    similarity, labels = case(generator)
    assert fit_one(-similarity, labels)[0].unfitted.startswith("its similarity does not rise")
    assert fit_one(np.full(N, 0.2), labels)[0].unfitted.startswith("its similarity does not rise")


def test_shuffled_labels_are_told_about_their_prevalence(generator: np.random.Generator) -> None:
    similarity, labels = case(generator, 4000)
    shuffled = generator.permutation(labels)
    found = [fit_one(sign * similarity, shuffled) for sign in (1, -1)]
    [held_out] = [held_out for label, held_out in found if label.curve is not None]  # by chance it rises one way only
    np.testing.assert_allclose(held_out, labels.mean(), atol=0.1)


def test_quantiles_are_those_of_every_record(generator: np.random.Generator) -> None:
    similarity, labels = case(generator)
    label, _ = fit_one(similarity, labels)
    assert label.quantiles[0] == pytest.approx(similarity.min(), abs=1e-5)
    assert label.quantiles[100] == pytest.approx(similarity.max(), abs=1e-5)
    np.testing.assert_allclose(
        label.percentile(similarity.astype(np.float64)),
        [100 * (similarity < value).mean() for value in similarity],
        atol=1.5,
    )


def test_arrays_that_do_not_go_together_are_refused(generator: np.random.Generator) -> None:
    scores, labels = np.zeros((4, 2)), np.zeros((4, 2), bool)
    for names, ids in ((["a"], [None] * 4), (["a", "b"], [None] * 3)):
        with pytest.raises(DataError, match="a name for each column and an id"):
            calibrate_labels(scores, labels, names, ids, generator)
