"""Zero-shot diagnosis scored: macro AUROC and average precision over labels, with patient-clustered intervals.

The protocol is the one of the field (MERL, MELP): one-against-rest over multi-label records, no threshold, no softmax,
classes with one value only skipped, and named. Axes: N records, K classes, M resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import (
    centred_interval,
    mean_of_known,
    resample,
    weighted_auroc,
    weighted_average_precision,
)
from ecg_text.evaluation.metrics import (
    checked_matrix,
    has_both_values,
    macro_auroc,
    macro_average_precision,
)
from ecg_text.evaluation.scores import ClassScore, Metric, Scores


def evaluate_zero_shot(
    scores: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    patient_ids: Sequence[str | None],
    generator: np.random.Generator,
    *,
    num_resamples: int = 1000,
) -> Scores:
    """Score similarities against labels: (N, K), (N, K), K names, N patient ids -> Scores.

    Metrics are macro_auroc and macro_average_precision, classes hold auroc and average_precision, the base line
    "chance" is what scores without information give. A resample that has lost a class takes the mean of the others, and
    the intervals are centred for it; with num_resamples=0 none are taken. Raises DataError where shapes differ, or no
    class has both values.
    """
    scores, labels = checked_matrix(scores, labels)
    check_question(labels, names, patient_ids)
    point = {"auroc": macro_auroc(scores, labels), "average_precision": macro_average_precision(scores, labels)}
    samples = {name: np.empty((0, scores.shape[1])) for name in point}
    if num_resamples:
        both = resample(
            lambda weights: np.stack(
                [weighted_auroc(scores, labels, weights), weighted_average_precision(scores, labels, weights)], axis=1
            ),
            patient_ids,
            generator=generator,
            num_resamples=num_resamples,
        )  # (M, 2, K)
        samples = {name: both[:, i] for i, name in enumerate(point)}

    def of_class(k: int) -> dict[str, Metric]:
        return {name: centred_interval(float(point[name].per_class[k]), samples[name][:, k]) for name in point}

    return Scores(
        metrics={f"macro_{name}": centred_interval(point[name].value, mean_of_known(samples[name])) for name in point},
        classes=class_scores(labels, names, of_class),
        baselines={"chance": _chance(labels)},
    )


def check_question(labels: np.ndarray, names: Sequence[str], patient_ids: Sequence[str | None]) -> None:
    """Raises DataError where names or ids are not one for each of (N, K) labels, or no class has both values."""
    num_records, num_classes = labels.shape
    if len(names) != num_classes:
        raise DataError(f"{len(names)} names for {num_classes} classes; give one for each column of the scores")
    if len(set(names)) != len(names):
        raise DataError(f"the name {max(names, key=list(names).count)!r} is given twice; class names must differ")
    if len(patient_ids) != num_records:
        raise DataError(f"{len(patient_ids)} patient ids for {num_records} records; give one (or None) for each")
    if not has_both_values(labels).any():
        raise DataError(
            f"none of the {num_classes} classes has both positive and negative records; choose another split"
        )


def class_scores(
    labels: np.ndarray, names: Sequence[str], of_class: Callable[[int], Mapping[str, Metric]]
) -> dict[str, ClassScore]:
    """The score of each class of labels (N, K), by its name: of_class(k) are its metrics, none where it is skipped."""
    scores = {}
    for k, (name, support) in enumerate(zip(names, labels.sum(axis=0).tolist(), strict=True)):
        skipped = {0: "no positive record", len(labels): "no negative record"}.get(support)
        scores[name] = ClassScore(support=support, metrics={} if skipped else of_class(k), skipped=skipped)
    return scores


def _chance(labels: np.ndarray) -> dict[str, Metric]:
    prevalence = labels[:, has_both_values(labels)].mean(axis=0)
    return {
        "macro_auroc": Metric(value=0.5),
        "macro_average_precision": Metric(value=float(prevalence.mean())),
    }
