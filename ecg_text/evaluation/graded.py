"""Retrieval graded by labels: nDCG@10, how much the first ten answers have in common with the query, at best 1.

The gain of an answer is the Jaccard index of the two records' label sets, what they share of what they have: 1 for
equal sets, 0 for nothing in common, and no premium for a record with many labels. DCG discounts the gain at each rank
by log2(1 + rank), and nDCG divides by the DCG of the best order (Järvelin and Kekäläinen, ACM TOIS 2002, sections 2.2
and 2.3; the discount that begins at the first rank is that of Burges et al., ICML 2005).
Axes: Q queries, G gallery, K labels, D width, M resamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import resample, with_interval
from ecg_text.evaluation.retrieval import QUERIES_AT_ONCE, TIE_TOLERANCE
from ecg_text.evaluation.scores import Metric
from ecg_text.index.embeddings import check_unit_rows

DEPTH = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class Side:
    """One side of a graded search: unit vectors (n, D), labels (n, K) bool, and a group (n,) of whole numbers.

    A query does not meet the gallery's records of its own group. Raises DataError for arrays that do not fit.
    """

    vectors: np.ndarray
    labels: np.ndarray
    group: np.ndarray

    def __post_init__(self) -> None:
        num = len(self.vectors)
        if self.vectors.ndim != 2 or self.labels.ndim != 2 or len(self.labels) != num or self.group.shape != (num,):
            raise DataError(
                f"vectors {self.vectors.shape}, labels {self.labels.shape} and group {self.group.shape}; "
                "give (n, D), (n, K) and (n,)"
            )
        check_unit_rows(self.vectors, "vector")


@dataclass(frozen=True, eq=False, kw_only=True)
class Graded:
    """nDCG@10 of each query (Q,), and what a random order is expected to give it (Q,).

    Both are NaN for a query that shares no label with any record it could meet.
    """

    ndcg: np.ndarray
    chance: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """The queries that have a value: (Q,) bool."""
        return ~np.isnan(self.ndcg)


def grade(query: Side, gallery: Side) -> Graded:
    """nDCG@10 of each query, block by block: no array is larger than a block of queries times the gallery.

    Similarities that tie are ranked with the smaller gain first, so that a model which gives every record the same
    vector gains nothing by the order of the records.
    """
    parts = [
        _graded_block(Side(vectors=query.vectors[chunk], labels=query.labels[chunk], group=query.group[chunk]), gallery)
        for chunk in (slice(start, start + QUERIES_AT_ONCE) for start in range(0, len(query.vectors), QUERIES_AT_ONCE))
    ]
    ndcg, chance = np.concatenate([np.zeros((2, 0)), *parts], axis=1)
    return Graded(ndcg=ndcg, chance=chance)


def score_graded(
    graded: Graded, clusters: Sequence[str | None], generator: np.random.Generator, num_resamples: int
) -> tuple[Metric, Metric]:
    """The mean nDCG@10 over the queries that have one, with its interval over clusters, and the mean of chance.

    Raises DataError where no query has one.
    """
    known = graded.known
    if not known.any():
        raise DataError("no record shares a label with another that it could meet; give another prompt set")
    values, patients = graded.ndcg[known], [name for name, kept in zip(clusters, known, strict=True) if kept]
    chance = Metric(value=float(graded.chance[known].mean()))
    if not num_resamples:
        return Metric(value=float(values.mean())), chance
    samples = resample(
        lambda weights: (values @ weights) / weights.sum(axis=0),
        patients,
        generator=generator,
        num_resamples=num_resamples,
    )
    return with_interval(float(values.mean()), samples), chance


def jaccard(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """What the labels share of what either side has: (Q, K) bool, (G, K) bool -> (Q, G), 0 where neither has any."""
    a, b = left.astype(np.float32), right.astype(np.float32)
    shared = a @ b.T
    either = a.sum(axis=1)[:, None] + b.sum(axis=1) - shared
    return np.asarray(shared / np.maximum(either, 1.0))


def _graded_block(query: Side, gallery: Side) -> np.ndarray:
    """nDCG and chance of each query: (2, Q)."""
    met = query.group[:, None] != gallery.group
    gain = np.where(met, jaccard(query.labels, gallery.labels), 0.0)
    depth = min(DEPTH, gain.shape[1])
    # Whole steps of the tolerance tell similarities apart, half a step at most the gains of those that tie.
    steps = np.round((query.vectors @ gallery.vectors.T).astype(np.float64) / TIE_TOLERANCE)
    order = np.where(met, steps - gain / 2, -np.inf)
    first = np.argpartition(order, -depth, axis=1)[:, -depth:]
    first = np.take_along_axis(first, np.argsort(-np.take_along_axis(order, first, axis=1), axis=1), axis=1)
    best = -np.sort(-np.partition(gain, -depth, axis=1)[:, -depth:], axis=1)
    discount = 1.0 / np.log2(np.arange(2, depth + 2))
    found, ideal = np.take_along_axis(gain, first, axis=1) @ discount, best @ discount
    # At each rank of a random order stands the mean gain, down to the last record that is met.
    num_met = met.sum(axis=1)
    reached = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(num_met, depth)]
    expected = gain.sum(axis=1) / np.maximum(num_met, 1) * reached
    return np.divide(
        np.stack([found, expected]), ideal, out=np.full((2, len(ideal)), np.nan), where=np.stack([ideal > 0] * 2)
    )
