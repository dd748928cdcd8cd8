"""Zero-shot scores carry names, support, intervals and a chance level."""

import numpy as np
import pytest

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import interval, mean_of_known, resample, weighted_auroc
from ecg_text.evaluation.metrics import auroc, macro_auroc, macro_average_precision
from ecg_text.evaluation.zero_shot import evaluate_zero_shot

NAMES = ("atrial fibrillation", "pacing", "ECG")


@pytest.fixture
def case(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[str]]:
    labels = np.stack([generator.random(97) < 0.3, np.zeros(97, bool), np.ones(97, bool)], axis=1)
    return generator.normal(size=(97, 3)) + labels, labels, [str(i // 2) for i in range(97)]


def test_metrics_are_the_macro_ones_with_their_interval(case: tuple) -> None:
    scores, labels, patients = case
    found = evaluate_zero_shot(scores, labels, NAMES, patients, np.random.default_rng(3), num_resamples=130)
    metric = found.metrics["macro_auroc"]
    expected = interval(
        resample(
            lambda weights: mean_of_known(weighted_auroc(scores, labels, weights)),
            patients,
            generator=np.random.default_rng(3),
            num_resamples=130,
        )
    )
    assert metric.value == macro_auroc(scores, labels).value
    assert (metric.low, metric.high) == pytest.approx(expected)
    precision = found.metrics["macro_average_precision"]
    assert precision.value == macro_average_precision(scores, labels).value
    assert precision.low < precision.value < precision.high


def test_each_class_has_its_support_and_its_own_interval(case: tuple) -> None:
    scores, labels, patients = case
    found = evaluate_zero_shot(scores, labels, NAMES, patients, np.random.default_rng(3), num_resamples=130)
    first = found.classes["atrial fibrillation"]
    assert first.support == labels[:, 0].sum()
    assert first.metrics["auroc"].value == auroc(scores[:, 0], labels[:, 0])
    assert first.metrics["auroc"].low < first.metrics["auroc"].value < first.metrics["auroc"].high


def test_without_resamples_there_are_no_intervals(case: tuple) -> None:
    scores, labels, patients = case
    found = evaluate_zero_shot(scores, labels, NAMES, patients, np.random.default_rng(3), num_resamples=0)
    assert found.metrics["macro_auroc"].low is None
    assert found.classes["atrial fibrillation"].metrics["auroc"].high is None


def test_what_does_not_fit_is_refused(case: tuple, generator: np.random.Generator) -> None:
    scores, labels, patients = case
    with pytest.raises(DataError, match="2 names for 3 classes"):
        evaluate_zero_shot(scores, labels, NAMES[:2], patients, generator)
    with pytest.raises(DataError, match="'a' is given twice"):
        evaluate_zero_shot(scores, labels, ("a", "b", "a"), patients, generator)
    with pytest.raises(DataError, match="96 patient ids for 97 records"):
        evaluate_zero_shot(scores, labels, NAMES, patients[1:], generator)
    with pytest.raises(DataError, match="none of the 2 classes"):
        evaluate_zero_shot(scores[:, 1:], labels[:, 1:], NAMES[1:], patients, generator)
