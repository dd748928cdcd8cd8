"""nDCG@10 by hand, against scikit-learn and against a slow loop; perfect is 1, a random order is chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from ecg_text.errors import DataError
from ecg_text.evaluation import graded
from ecg_text.evaluation.graded import DEPTH, Side, grade, jaccard, score_graded


def unit(matrix: np.ndarray) -> np.ndarray:
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


def side(vectors: np.ndarray, labels: np.ndarray, group: np.ndarray | None = None) -> Side:
    return Side(vectors=vectors, labels=labels, group=np.arange(len(vectors)) if group is None else group)


def slow(query: Side, gallery: Side) -> list[float]:
    """Sets, lists and loops: among equal similarities the smaller gain comes first."""
    values = []
    for q in range(len(query.vectors)):
        asked = {k for k in range(query.labels.shape[1]) if query.labels[q, k]}
        answers = []
        for g in range(len(gallery.vectors)):
            if gallery.group[g] != query.group[q]:
                borne = {k for k in range(gallery.labels.shape[1]) if gallery.labels[g, k]}
                gain = len(asked & borne) / len(asked | borne) if asked | borne else 0.0
                answers.append((round(float(query.vectors[q] @ gallery.vectors[g]), 6), gain))
        found = [gain for _, gain in sorted(answers, key=lambda answer: (-answer[0], answer[1]))][:DEPTH]
        best = sorted((gain for _, gain in answers), reverse=True)[:DEPTH]
        ideal = sum(gain / math.log2(1 + rank) for rank, gain in enumerate(best, 1))
        dcg = sum(gain / math.log2(1 + rank) for rank, gain in enumerate(found, 1))
        values.append(dcg / ideal if ideal else math.nan)
    return values


@pytest.fixture
def case(generator: np.random.Generator) -> tuple[Side, Side]:
    """37 queries and 61 records of 5 labels, some without any, in groups that overlap."""
    labels = generator.random((98, 5)) < 0.3
    vectors = unit(labels @ generator.normal(size=(5, 4)) + generator.normal(size=(98, 4)))
    group = generator.integers(40, size=98)
    return side(vectors[:37], labels[:37], group[:37]), side(vectors[37:], labels[37:], group[37:])


def test_the_value_by_hand() -> None:
    angle = np.radians([0, 10, 20, 30, 40])
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    labels = np.array([[1, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1]], dtype=bool)
    # Asked by the first, the gains of the others in their order are 0, 1/2, 1, 2/3.
    found = 0 + 0.5 / math.log2(3) + 1 / 2 + (2 / 3) / math.log2(5)
    ideal = 1 + (2 / 3) / math.log2(3) + 0.5 / 2
    assert grade(side(vectors, labels), side(vectors, labels)).ndcg[0] == pytest.approx(found / ideal)


@pytest.mark.parametrize("queries_at_once", [1, 7, 512])
def test_the_blocks_agree_with_a_slow_loop(
    case: tuple[Side, Side], queries_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graded, "QUERIES_AT_ONCE", queries_at_once)
    np.testing.assert_allclose(grade(*case).ndcg, slow(*case), rtol=1e-6)


def test_it_agrees_with_scikit_learn(case: tuple[Side, Side]) -> None:
    query, gallery = case
    apart = Side(vectors=query.vectors, labels=query.labels, group=np.full(37, -1))
    gain, similarity = jaccard(query.labels, gallery.labels), query.vectors @ gallery.vectors.T
    found = grade(apart, gallery)
    for q in np.flatnonzero(found.known):
        theirs = ndcg_score(gain[q : q + 1], similarity[q : q + 1], k=DEPTH, ignore_ties=True)
        assert found.ndcg[q] == pytest.approx(theirs, rel=1e-6)


def test_ties_count_against_a_model(generator: np.random.Generator) -> None:
    labels = np.eye(2, dtype=bool)[np.arange(30) % 2]
    same = unit(np.ones((30, 3)))
    # Fifteen records share nothing with each query: with no vector told from another they fill the first ten.
    assert (grade(side(same, labels), side(same, labels)).ndcg == 0).all()


def test_a_perfect_model_scores_one_and_a_random_one_chance(generator: np.random.Generator) -> None:
    labels = generator.random((400, 6)) < 0.25
    axes = np.concatenate([labels, ~labels.any(axis=1, keepdims=True)], axis=1)
    perfect = unit(axes.astype(float))
    query = side(perfect, labels)
    by_cosine = grade(query, query)
    assert np.nanmin(by_cosine.ndcg) > 0.9  # cosine of two sets is not their Jaccard index, but nearly orders as it
    one_label = np.eye(6, dtype=bool)[generator.integers(6, size=400)]
    assert np.nanmin(grade(side(unit(one_label * 1.0), one_label), side(unit(one_label * 1.0), one_label)).ndcg) == 1.0
    random = side(unit(generator.normal(size=(400, 64))), labels)
    found = grade(random, random)
    assert np.nanmean(found.ndcg) == pytest.approx(np.nanmean(found.chance), abs=0.02)


def test_chance_is_the_mean_of_random_orders(case: tuple[Side, Side], generator: np.random.Generator) -> None:
    query, gallery = case
    draws = []
    for _ in range(300):
        vectors = unit(generator.normal(size=(98, 32)))
        draws.append(
            grade(
                Side(vectors=vectors[:37], labels=query.labels, group=query.group),
                Side(vectors=vectors[37:], labels=gallery.labels, group=gallery.group),
            ).ndcg
        )
    known = grade(*case).known
    np.testing.assert_allclose(np.mean(draws, axis=0)[known], grade(*case).chance[known], atol=0.06)


def test_a_query_that_shares_nothing_with_anybody_is_left_out(generator: np.random.Generator) -> None:
    labels = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=bool)
    vectors = unit(generator.normal(size=(4, 3)))
    assert grade(side(vectors, labels), side(vectors, labels)).known.tolist() == [True, True, False, False]


def test_the_interval_holds_the_mean(case: tuple[Side, Side], generator: np.random.Generator) -> None:
    found = grade(*case)
    patients = [str(n // 2) for n in range(37)]
    metric, chance = score_graded(found, patients, generator, 200)
    assert metric.value == pytest.approx(np.nanmean(found.ndcg))
    assert metric.low < metric.value < metric.high
    assert chance.value == pytest.approx(np.nanmean(found.chance[found.known]))
    assert score_graded(found, patients, generator, 0)[0].low is None


def test_wrong_arrays_are_refused(generator: np.random.Generator) -> None:
    vectors, labels = unit(generator.normal(size=(4, 3))), np.ones((4, 2), dtype=bool)
    with pytest.raises(DataError, match=r"give \(n, D\), \(n, K\) and \(n,\)"):
        side(vectors, labels[:3])
    with pytest.raises(DataError, match="vector 0 has length 2"):
        side(2 * vectors, labels)
    nothing = grade(side(vectors, ~labels), side(vectors, ~labels))
    with pytest.raises(DataError, match="no record shares a label"):
        score_graded(nothing, [None] * 4, generator, 10)
