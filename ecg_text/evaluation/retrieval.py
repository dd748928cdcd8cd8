"""Retrieval scored: how far down the list the right report of an ECG stands, and the right ECG of a report.

Equal reports are one text, so every ECG that bears a text is a right answer to it. Axes: N ECGs, R distinct texts,
D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import resample, with_interval
from ecg_text.evaluation.scores import Metric, Scores
from ecg_text.index.embeddings import check_unit_rows

CUTOFFS = (1, 5, 10)
QUERIES_AT_ONCE = 512

# Above the rounding of a float32 dot product: equal vectors must tie, whatever order the sums were taken in.
TIE_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class Ranks:
    """The place, from 1, of the first right answer: report_to_ecg (R,) of N ECGs, ecg_to_report (N,) of R texts."""

    report_to_ecg: np.ndarray
    ecg_to_report: np.ndarray


def evaluate_retrieval(
    ecg: np.ndarray,
    text: np.ndarray,
    row: np.ndarray,
    patient_ids: Sequence[str | None],
    generator: np.random.Generator,
    *,
    num_resamples: int = 1000,
) -> Scores:
    """Recall@1, 5, 10 and median rank both ways: unit ecg (N, D), unit text (R, D), row (N,) each ECG's text -> Scores.

    report_to_ecg asks each distinct text once, ecg_to_report each ECG once, against distinct texts. The intervals are
    over the queries (over patients for ECGs, over distinct texts for texts), the gallery staying whole. The base line
    "chance" is a random order. With num_resamples=0 no intervals are taken. Raises DataError on wrong arrays.
    """
    if len(patient_ids) != len(ecg):
        raise DataError(f"{len(patient_ids)} patient ids for {len(ecg)} ECGs; give one (or None) for each")
    ranks = retrieval_ranks(ecg, text, row)
    clusters = {"report_to_ecg": [None] * len(text), "ecg_to_report": patient_ids}
    metrics: dict[str, Metric] = {}
    for way, found in (("report_to_ecg", ranks.report_to_ecg), ("ecg_to_report", ranks.ecg_to_report)):
        metrics |= score_ranks(way, found, clusters[way], generator, num_resamples)
    return Scores(metrics=metrics, baselines={"chance": chance_retrieval(row, len(text))})


def retrieval_ranks(ecg: np.ndarray, text: np.ndarray, row: np.ndarray) -> Ranks:
    """The rank of the best right answer to each query, ties counted against it: (N, D), (R, D), (N,) -> Ranks.

    A model that gives every record the same vector is thus ranked last, not first.
    """
    ecg, text, row = _checked(ecg, text, row)
    ecg_to_report = np.empty(len(ecg), dtype=np.int64)
    for start in range(0, len(ecg), QUERIES_AT_ONCE):
        chunk = slice(start, start + QUERIES_AT_ONCE)
        right = row[chunk, None] == np.arange(len(text))
        ecg_to_report[chunk] = first_right(ecg[chunk] @ text.T, right)
    report_to_ecg = np.empty(len(text), dtype=np.int64)
    for start in range(0, len(text), QUERIES_AT_ONCE):
        numbers = np.arange(start, min(start + QUERIES_AT_ONCE, len(text)))
        right = numbers[:, None] == row
        report_to_ecg[numbers] = first_right(text[numbers] @ ecg.T, right)
    return Ranks(report_to_ecg=report_to_ecg, ecg_to_report=ecg_to_report)


def summarise_ranks(ranks: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Recall at each cutoff and the median rank under each column of weights: (Q,), (Q, M) -> (M, cutoffs + 1)."""
    total = weights.sum(axis=0)
    recalls = [weights[ranks <= k].sum(axis=0) / total for k in CUTOFFS]
    order = np.argsort(ranks, kind="stable")
    twice = 2 * np.cumsum(weights[order], axis=0)
    # Between the two middle ranks where their number is even, as if each query stood there as often as it weighs.
    lower, upper = (twice >= total).argmax(axis=0), (twice > total).argmax(axis=0)
    return np.stack([*recalls, (ranks[order][lower] + ranks[order][upper]) / 2], axis=1)


def chance_retrieval(row: np.ndarray, num_texts: int) -> dict[str, Metric]:
    """The metrics that a random order is expected to give, in closed form: (N,), R -> named metrics."""
    one = np.ones(1, dtype=np.int64)
    return {
        **chance_of_ranks("report_to_ecg", np.bincount(row, minlength=num_texts), np.full(num_texts, len(row))),
        **chance_of_ranks("ecg_to_report", one, num_texts * one),
    }


def chance_of_ranks(way: str, right: np.ndarray, gallery: np.ndarray) -> dict[str, Metric]:
    """The metrics that a random order gives queries with right (Q,) answers among gallery (Q,): -> named metrics."""
    place = np.arange(gallery.max())
    curve = np.zeros(len(place))  # the mean chance that the first 1, 2, ... hold a right answer
    kinds, num_queries = np.unique(np.stack([right, gallery], axis=1), axis=0, return_counts=True)
    for (count, size), num in zip(kinds, num_queries, strict=True):
        # None of the first k is right with the product of (size - count - i) / (size - i), i = 0 .. k - 1.
        missed = np.cumprod(np.clip((size - count - place) / np.maximum(size - place, 1), 0.0, 1.0))
        curve += num * (1.0 - missed)
    curve /= len(right)
    recalls = [curve[min(k, len(curve)) - 1] for k in CUTOFFS]
    median = 1 + int((curve >= 0.5).argmax())
    return {name: Metric(value=float(value)) for name, value in zip(rank_names(way), (*recalls, median), strict=True)}


def first_right(similarity: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The rank of each row's best right answer: (Q, G), (Q, G) bool -> (Q,)."""
    best = np.where(right, similarity, -np.inf).max(axis=1, keepdims=True)
    return np.asarray(1 + ((similarity >= best - TIE_TOLERANCE) & ~right).sum(axis=1))


def score_ranks(
    way: str, ranks: np.ndarray, clusters: Sequence[str | None], generator: np.random.Generator, num_resamples: int
) -> dict[str, Metric]:
    """Recall at each cutoff and median rank of ranks (Q,), with intervals over clusters of the queries."""
    values = summarise_ranks(ranks, np.ones((len(ranks), 1), dtype=np.int64))[0]
    samples = np.empty((0, len(values)))
    if num_resamples:
        samples = resample(
            lambda weights: summarise_ranks(ranks, weights), clusters, generator=generator, num_resamples=num_resamples
        )
    return {name: with_interval(float(values[i]), samples[:, i]) for i, name in enumerate(rank_names(way))}


def rank_names(way: str) -> tuple[str, ...]:
    """The names of the metrics of ranks, for one way of asking."""
    return (*(f"{way}_recall@{k}" for k in CUTOFFS), f"{way}_median_rank")


def _checked(ecg: np.ndarray, text: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ecg, text, row = np.asarray(ecg, np.float32), np.asarray(text, np.float32), np.asarray(row)
    if ecg.ndim != 2 or text.ndim != 2 or ecg.shape[1] != text.shape[1]:
        raise DataError(f"ECG vectors {ecg.shape} and text vectors {text.shape}; give (N, D) and (R, D)")
    if row.shape != (len(ecg),) or row.dtype.kind not in "iu":
        raise DataError(f"row has shape {row.shape} and type {row.dtype}; give each ECG's text number, ({len(ecg)},)")
    if not np.array_equal(np.unique(row), np.arange(len(text))):
        raise DataError(f"row must name each of the {len(text)} texts, 0 to {len(text) - 1}, at least once")
    check_unit_rows(ecg, "ECG vector")
    check_unit_rows(text, "text vector")
    return ecg, text, row
