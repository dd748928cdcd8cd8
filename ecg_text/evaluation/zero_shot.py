"""Zero-shot diagnosis scored: macro AUROC and average precision over labels, with patient-clustered intervals.

The protocol is the one of the field (MERL, MELP): one-against-rest over multi-label records, no threshold, no softmax,
classes with one value only skipped, and named. Axes: N records, K classes, M resamples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import (
    mean_of_known,
    resample,
    weighted_auroc,
    weighted_average_precision,
    with_interval,
)
from ecg_text.evaluation.metrics import (
    MacroScore,
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
    "chance" is what scores without information give. A resample that has lost a class takes the mean of the others.
    With num_resamples=0 no intervals are taken. Raises DataError where shapes differ or no class has both values.
    """
    scores, labels = checked_matrix(scores, labels)
    _check_names(names, scores.shape[1])
    if len(patient_ids) != len(scores):
        raise DataError(f"{len(patient_ids)} patient ids for {len(scores)} records; give one (or None) for each")
    if not has_both_values(labels).any():
        raise DataError(
            f"none of the {len(names)} classes has both positive and negative records; choose another split"
        )
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
    return Scores(
        metrics={f"macro_{name}": with_interval(point[name].value, mean_of_known(samples[name])) for name in point},
        classes={name: _class_score(k, labels, point, samples) for k, name in enumerate(names)},
        baselines={"chance": _chance(labels)},
    )


def _check_names(names: Sequence[str], num_classes: int) -> None:
    if len(names) != num_classes:
        raise DataError(f"{len(names)} names for {num_classes} classes; give one for each column of the scores")
    if len(set(names)) != len(names):
        raise DataError(f"the name {max(names, key=list(names).count)!r} is given twice; class names must differ")


def _class_score(
    k: int, labels: np.ndarray, point: dict[str, MacroScore], samples: dict[str, np.ndarray]
) -> ClassScore:
    support = int(labels[:, k].sum())
    if support == 0:
        return ClassScore(support=support, skipped="no positive record")
    if support == len(labels):
        return ClassScore(support=support, skipped="no negative record")
    metrics = {name: with_interval(float(point[name].per_class[k]), samples[name][:, k]) for name in point}
    return ClassScore(support=support, metrics=metrics)


def _chance(labels: np.ndarray) -> dict[str, Metric]:
    prevalence = labels[:, has_both_values(labels)].mean(axis=0)
    return {
        "macro_auroc": Metric(value=0.5),
        "macro_average_precision": Metric(value=float(prevalence.mean())),
    }
