"""ECG to ECG: how far down the list of the other patients' ECGs the first one with an equal report stands.

Axes: N ECGs, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import patient_numbers
from ecg_text.evaluation.retrieval import QUERIES_AT_ONCE, first_right
from ecg_text.index.embeddings import check_unit_rows


class SimilarEcgs(NamedTuple):
    """For each ECG (N,): the rank of the first right answer (0 where there is none), the right ones, the gallery."""

    ranks: np.ndarray
    right: np.ndarray
    gallery: np.ndarray


def rank_similar(ecg: np.ndarray, row: np.ndarray, group: np.ndarray) -> SimilarEcgs:
    """Each ECG asked of those outside its group: unit (N, D), text number (N,), group (N,) -> SimilarEcgs.

    A right answer bears the same text; ties count against it. Raises DataError for arrays that do not fit.
    """
    if ecg.ndim != 2 or row.shape != (len(ecg),) or group.shape != (len(ecg),):
        raise DataError(f"ECG vectors {ecg.shape}, texts {row.shape}, groups {group.shape}; give (N, D), (N,), (N,)")
    check_unit_rows(ecg, "ECG vector")
    found = np.zeros((3, len(ecg)), dtype=np.int64)
    for start in range(0, len(ecg), QUERIES_AT_ONCE):
        chunk = slice(start, start + QUERIES_AT_ONCE)
        met = group[chunk, None] != group
        right = met & (row[chunk, None] == row)
        ranks = first_right(np.where(met, ecg[chunk] @ ecg.T, -np.inf), right)
        found[:, chunk] = np.where(right.any(axis=1), ranks, 0), right.sum(axis=1), met.sum(axis=1)
    return SimilarEcgs(*found)


def groups_apart(patient_ids: Sequence[str | None], *, keep_same_patient: bool) -> np.ndarray:
    """Who does not meet whom: each ECG itself and, unless they are kept, the others of its patient: -> (N,)."""
    return np.arange(len(patient_ids)) if keep_same_patient else patient_numbers(patient_ids)
