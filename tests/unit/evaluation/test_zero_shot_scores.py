"""Zero-shot scores have names, support, a chance level, and intervals that hold them."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import (
    interval,
    mean_of_known,
    resample,
    weighted_average_precision,
)
from ecg_text.evaluation.metrics import auroc
from ecg_text.evaluation.zero_shot import evaluate_zero_shot

NAMES = ("atrial fibrillation", "pacing", "ECG")


@pytest.fixture
def case(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[str]]:
    labels = np.stack([generator.random(97) < 0.3, np.zeros(97, bool), np.ones(97, bool)], axis=1)
    return generator.normal(size=(97, 3)) + labels, labels, [str(i // 2) for i in range(97)]


def test_an_interval_is_that_of_records_repeated_one_by_one_moved_onto_the_value(
    generator: np.random.Generator,
) -> None:
    """The labels of a resample that have both values, by scikit-learn; one of them is often lost."""
    labels = generator.random((61, 4)) < [0.4, 0.2, 0.05, 0.0]
    labels[7, 3] = True
    scores, patients = generator.normal(size=(61, 4)) + labels, [str(i // 2) for i in range(61)]
    found = evaluate_zero_shot(scores, labels, "abcd", patients, np.random.default_rng(3), num_resamples=60)
    weights = resample(lambda columns: columns.T, patients, generator=np.random.default_rng(3), num_resamples=60)
    for name, metric in (("auroc", roc_auc_score), ("average_precision", average_precision_score)):
        macro, of_rarest = [], []
        for drawn in (np.repeat(np.arange(61), row) for row in weights):
            known = [k for k in range(4) if len(set(labels[drawn, k])) == 2]
            values = {k: metric(labels[drawn, k], scores[drawn, k]) for k in known}
            macro.append(np.mean(list(values.values())))
            of_rarest += [values[3]] if 3 in values else []
        assert len(of_rarest) < 60
        whole = [metric(labels[:, k], scores[:, k]) for k in range(4)]
        for told, resampled, value in (
            (found.metrics[f"macro_{name}"], macro, np.mean(whole)),
            (found.classes["d"].metrics[name], of_rarest, whole[3]),
        ):
            low, high = np.quantile(resampled, (0.025, 0.975)) - (np.mean(resampled) - value)
            assert told.value == pytest.approx(value)
            assert (told.low, told.high) == pytest.approx((max(0.0, low), min(1.0, high)))


def test_an_interval_holds_its_value_where_resamples_lose_rare_labels(generator: np.random.Generator) -> None:
    """Without a positive of a rare label, or with one twice, a resample's average precision is too high."""
    labels = np.zeros((400, 21), bool)
    labels[:, 0] = generator.random(400) < 0.4
    labels[np.arange(20), np.arange(1, 21)] = True
    scores, patients = generator.normal(size=labels.shape), [None] * 400
    scores[:, 0] += labels[:, 0]
    plain = interval(
        resample(
            lambda weights: mean_of_known(weighted_average_precision(scores, labels, weights)),
            patients,
            generator=np.random.default_rng(3),
            num_resamples=200,
        )
    )
    names = [str(k) for k in range(21)]
    found = evaluate_zero_shot(scores, labels, names, patients, np.random.default_rng(3), num_resamples=200)
    assert plain.low > found.metrics["macro_average_precision"].value
    for metrics in (found.metrics, *(score.metrics for score in found.classes.values())):
        for metric in metrics.values():
            assert 0 <= metric.low <= metric.value <= metric.high <= 1


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
