"""Intervals by resampling patients: each resample is a column of integer record weights, and a metric reads them all.

Records of one patient are alike, so resampling records would give intervals that are too narrow. A patient drawn twice
gives each of his records the weight 2; the scores are sorted once, and one running sum over the sorted weights answers
every resample. Axes: N records, K classes, M resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.metrics import has_both_values
from ecg_text.evaluation.scores import Metric

Statistic = Callable[[np.ndarray], np.ndarray]
"""Record weights (N, M) -> one value, or one row of values, for each resample: (M, ...)."""

# 128 columns of weights of 2,000 records are 1 MB: the running sum stays in the processor's cache.
RESAMPLES_AT_ONCE = 128


class Interval(NamedTuple):
    """The bounds between which the middle 95 % of the resampled values lie."""

    low: float
    high: float


def resample(
    statistic: Statistic,
    patient_ids: Sequence[str | None],
    *,
    generator: np.random.Generator,
    num_resamples: int = 1000,
) -> np.ndarray:
    """The statistic of each resample of the patients: (num_resamples, ...).

    The same generator state draws the same resamples whatever the statistic, so two models can be compared in pairs.
    """
    if num_resamples < 1:
        raise DataError(f"num_resamples is {num_resamples}; give at least 1, 1000 for an interval")
    patient = patient_numbers(patient_ids)
    weights = _weight_blocks(patient, num_resamples, generator)
    return np.concatenate([np.asarray(statistic(block)) for block in weights])


def interval(values: np.ndarray) -> Interval:
    """The 2.5 % and 97.5 % quantiles of resampled values (M,); NaN (no such resample) is left out."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(known, (0.025, 0.975))
    return Interval(float(low), float(high))


def with_interval(value: float, samples: np.ndarray) -> Metric:
    """A value with the interval of its resamples (M,), without one where no resample could be scored."""
    low, high = interval(samples)
    return Metric(value=value) if np.isnan(low) else Metric(value=value, low=low, high=high)


def weighted_auroc(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The AUROC of each class under each column of record weights: (N, K), (N, K), (N, M) -> (M, K).

    Equal to repeating each record as often as its weight says. NaN where a class is left with one value.
    """
    values = np.full((weights.shape[1], scores.shape[1]), np.nan)
    for k in np.flatnonzero(has_both_values(labels)):
        parts = _Sorted.of(scores[:, k], labels[:, k], weights)
        left, right = parts.negatives_below("left"), parts.negatives_below("right")
        pairs = 2.0 * parts.num_positive * parts.num_negative
        wins = np.einsum("pm,pm->m", parts.positive, left + right, dtype=np.float64)
        values[:, k] = np.divide(wins, pairs, out=values[:, k].copy(), where=pairs > 0)
    return values


def weighted_average_precision(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The average precision of each class under each column of record weights: (N, K), (N, K), (N, M) -> (M, K).

    NaN where a class is left with one value.
    """
    values = np.full((weights.shape[1], scores.shape[1]), np.nan)
    for k in np.flatnonzero(has_both_values(labels)):
        parts = _Sorted.of(scores[:, k], labels[:, k], weights)
        true = parts.num_positive - parts.positives_below()
        found = true + parts.num_negative - parts.negatives_below("left")
        # Nothing found means that this record itself weighs nothing, so any divisor will do.
        gained = np.einsum("pm,pm->m", parts.positive, true / np.maximum(found, 1))
        both = (parts.num_positive > 0) & (parts.num_negative > 0)
        values[:, k] = np.divide(gained, parts.num_positive, out=values[:, k].copy(), where=both)
    return values


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """The mean over the classes that a resample can score: (M, K) -> (M,), NaN where it can score none."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


def patient_numbers(patient_ids: Sequence[str | None]) -> np.ndarray:
    """A number for each record's patient, from 0: N ids -> (N,) int64; no id, a patient of its own."""
    number: dict[object, int] = {}
    keys = ((i,) if name is None else name for i, name in enumerate(patient_ids))
    patient = np.array([number.setdefault(key, len(number)) for key in keys], dtype=np.int64)
    if len(number) < 2:
        raise DataError(f"{len(number)} patient in {len(patient)} records; an interval over patients needs at least 2")
    return patient


def _weight_blocks(patient: np.ndarray, num_resamples: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Record weights (N, up to RESAMPLES_AT_ONCE) int32 until num_resamples columns are drawn."""
    num_patients = int(patient.max()) + 1
    for start in range(0, num_resamples, RESAMPLES_AT_ONCE):
        size = min(RESAMPLES_AT_ONCE, num_resamples - start)
        drawn = generator.integers(num_patients, size=(size, num_patients))
        counts = np.stack([np.bincount(row, minlength=num_patients) for row in drawn], axis=1)  # (patients, M)
        yield counts.astype(np.int32)[patient]


class _Sorted(NamedTuple):
    """One class in ascending order of the scores: weights of its positives (P, M), running sums with a leading zero."""

    positive_scores: np.ndarray  # (P,)
    negative_scores: np.ndarray  # (N - P,)
    positive: np.ndarray  # (P, M)
    negative_sum: np.ndarray  # (N - P + 1, M)

    @classmethod
    def of(cls, scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> _Sorted:
        order = np.argsort(scores, kind="stable")
        up, down = order[labels[order]], order[~labels[order]]
        return cls(scores[up], scores[down], weights[up], _running_sum(weights[down]))

    @property
    def num_positive(self) -> np.ndarray:
        return self.positive.sum(axis=0, dtype=np.int64)

    @property
    def num_negative(self) -> np.ndarray:
        return self.negative_sum[-1].astype(np.int64)

    def negatives_below(self, side: Literal["left", "right"]) -> np.ndarray:
        """The negatives' weight below each positive, without ("left") or with ("right") those that tie: (P, M)."""
        return self.negative_sum[np.searchsorted(self.negative_scores, self.positive_scores, side)]

    def positives_below(self) -> np.ndarray:
        """The positives' weight strictly below each positive: (P, M)."""
        return _running_sum(self.positive)[np.searchsorted(self.positive_scores, self.positive_scores, "left")]


def _running_sum(weights: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, ... rows: (P, M) -> (P + 1, M)."""
    total = np.zeros((len(weights) + 1, weights.shape[1]), dtype=weights.dtype)
    np.cumsum(weights, axis=0, out=total[1:])
    return total
