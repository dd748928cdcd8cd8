"""ECG to ECG agrees with a slow loop, leaves out the record and its patient, and chance is that of random orders."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.errors import DataError
from ecg_text.evaluation import ecg_to_ecg
from ecg_text.evaluation.ecg_to_ecg import groups_apart, rank_similar
from ecg_text.evaluation.retrieval import CUTOFFS, chance_of_ranks


def unit(matrix: np.ndarray) -> np.ndarray:
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def case(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """53 ECGs with 17 texts, of 20 patients."""
    row = np.concatenate([np.arange(17), generator.integers(17, size=36)])
    ecg = unit(generator.normal(size=(17, 6))[row] + generator.normal(size=(53, 6)))
    return ecg, row, generator.integers(20, size=53)


@pytest.mark.parametrize("queries_at_once", [1, 8, 512])
def test_ranks_agree_with_a_slow_loop(case: tuple, queries_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecg_to_ecg, "QUERIES_AT_ONCE", queries_at_once)
    ecg, row, group = case
    found = rank_similar(*case)
    for q in range(53):
        others = [g for g in range(53) if group[g] != group[q]]
        right = [g for g in others if row[g] == row[q]]
        order = sorted(others, key=lambda g: (-round(float(ecg[q] @ ecg[g]), 6), row[g] == row[q]))
        places = [place for place, g in enumerate(order, 1) if g in right]
        assert (found.ranks[q], found.right[q], found.gallery[q]) == (min(places, default=0), len(right), len(others))


def test_the_record_itself_and_its_patient_are_not_met() -> None:
    ecg = unit(np.array([[1, 0], [1, 0], [0, 1], [1, 0.1]]))
    row, patients = np.zeros(4, dtype=int), ["a", "a", "b", None]
    apart = rank_similar(ecg, row, groups_apart(patients, keep_same_patient=False))
    assert apart.gallery.tolist() == [2, 2, 3, 3]
    kept = rank_similar(ecg, row, groups_apart(patients, keep_same_patient=True))
    assert kept.gallery.tolist() == [3, 3, 3, 3]


def test_a_collapsed_model_ranks_last() -> None:
    same, row = unit(np.ones((6, 3))), np.array([0, 0, 1, 1, 2, 2])
    assert (rank_similar(same, row, np.arange(6)).ranks == 5).all()


def test_chance_agrees_with_random_orders(case: tuple, generator: np.random.Generator) -> None:
    _, row, group = case
    found = rank_similar(*case)
    asked = found.ranks > 0
    ranks = np.concatenate(
        [rank_similar(unit(generator.normal(size=(53, 48))), row, group).ranks[asked] for _ in range(150)]
    )
    chance = chance_of_ranks("ecg_to_ecg", found.right[asked], found.gallery[asked])
    for k in CUTOFFS:
        assert chance[f"ecg_to_ecg_recall@{k}"].value == pytest.approx((ranks <= k).mean(), abs=0.02)
    assert chance["ecg_to_ecg_median_rank"].value == pytest.approx(np.median(ranks), abs=1)


def test_wrong_arrays_are_refused(case: tuple) -> None:
    ecg, row, group = case
    with pytest.raises(DataError, match=r"give \(N, D\), \(N,\), \(N,\)"):
        rank_similar(ecg, row[:-1], group)
    with pytest.raises(DataError, match="ECG vector 0 has length 2"):
        rank_similar(2 * ecg, row, group)
