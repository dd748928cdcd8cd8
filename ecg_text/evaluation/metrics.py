"""Ranking metrics of one-against-rest labels, from sorted scores: no threshold, no softmax, ties counted as halves.

Axes: N records, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ecg_text.errors import DataError


class MacroScore(NamedTuple):
    """The mean over the classes that can be scored, and the score of each: per_class (K,), NaN where skipped."""

    value: float
    per_class: np.ndarray


def auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    """The probability that a positive record scores above a negative one, ties counted as halves: (N,), (N,) -> value.

    It is the Mann-Whitney statistic over the number of pairs (Hanley and McNeil, Radiology 1982).
    Raises DataError where the shapes differ, a score is not finite, or the labels have one value only.
    """
    positive, negative = _split(scores, labels)
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.sum() / (2 * len(positive) * len(negative)))


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """The mean, over positive records, of the precision at their own score: (N,), (N,) -> value.

    Equal to the sum of precision times the step in recall over all thresholds, without interpolation.
    Raises DataError where the shapes differ, a score is not finite, or the labels have one value only.
    """
    positive, negative = _split(scores, labels)
    true = len(positive) - np.searchsorted(positive, positive, "left")
    false = len(negative) - np.searchsorted(negative, positive, "left")
    return float((true / (true + false)).mean())


def macro_auroc(scores: np.ndarray, labels: np.ndarray) -> MacroScore:
    """The mean AUROC of the classes that have both values: (N, K), (N, K) -> MacroScore, NaN where no class has."""
    return _macro(auroc, scores, labels)


def macro_average_precision(scores: np.ndarray, labels: np.ndarray) -> MacroScore:
    """The mean average precision of the classes that have both values: (N, K), (N, K) -> MacroScore.

    NaN where no class has. Its chance level is the mean prevalence, not a half.
    """
    return _macro(average_precision, scores, labels)


def has_both_values(labels: np.ndarray) -> np.ndarray:
    """Whether each class has a positive and a negative record: (N, K) -> (K,) bool."""
    return np.asarray(labels.any(axis=0) & ~labels.all(axis=0))


def checked_matrix(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same scores and labels as (N, K) float64 and (N, K) bool. Raises DataError where they cannot be."""
    if np.ndim(scores) != 2:
        raise DataError(f"scores have shape {np.shape(scores)}; give (records, classes)")
    return checked_scores(scores), checked_labels(labels, np.shape(scores))


def checked_scores(scores: np.ndarray) -> np.ndarray:
    """The same scores as float64, all finite. Raises DataError: a NaN would be ranked somewhere in silence."""
    values = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError(f"{int((~np.isfinite(values)).sum())} of {values.size} scores are NaN or infinite")
    return values


def checked_labels(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The same labels as bool, of this shape and made of zeros and ones only. Raises DataError otherwise."""
    values = np.asarray(labels)
    if values.shape != shape:
        raise DataError(f"labels have shape {values.shape}, scores have {shape}; give one label for each score")
    if values.dtype != bool and not np.isin(values, (0, 1)).all():
        raise DataError("labels must be 0 or 1; turn likelihoods into labels before scoring")
    return values.astype(bool)


def _split(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ascending scores of the positive and of the negative records."""
    if np.ndim(scores) != 1:
        raise DataError(f"scores have shape {np.shape(scores)}; give one score for each record, (records,)")
    scores, labels = checked_scores(scores), checked_labels(labels, np.shape(scores))
    positive, negative = np.sort(scores[labels]), np.sort(scores[~labels])
    if not len(positive) or not len(negative):
        raise DataError(f"{len(positive)} positive and {len(negative)} negative records; a ranking needs both")
    return positive, negative


def _macro(metric: Callable[[np.ndarray, np.ndarray], float], scores: np.ndarray, labels: np.ndarray) -> MacroScore:
    scores, labels = checked_matrix(scores, labels)
    per_class = np.full(scores.shape[1], np.nan)
    for k in np.flatnonzero(has_both_values(labels)):
        per_class[k] = metric(scores[:, k], labels[:, k])
    known = per_class[~np.isnan(per_class)]
    return MacroScore(float(known.mean()) if len(known) else float("nan"), per_class)
