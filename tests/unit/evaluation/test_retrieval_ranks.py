"""Retrieval agrees with a slow loop, counts equal reports as right, and gives a collapsed model no credit."""

import numpy as np
import pytest

from ecg_text.errors import DataError
from ecg_text.evaluation import retrieval
from ecg_text.evaluation.retrieval import (
    CUTOFFS,
    chance_retrieval,
    evaluate_retrieval,
    retrieval_ranks,
    summarise_ranks,
)


def unit(matrix: np.ndarray) -> np.ndarray:
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


def slow_ranks(ecg: np.ndarray, text: np.ndarray, row: np.ndarray) -> tuple[list[int], list[int]]:
    """Sort the whole gallery of each query, wrong answers first among equals, and walk down to the first right one."""

    def walk(query: np.ndarray, gallery: np.ndarray, right: np.ndarray) -> int:
        similarity = [round(float(query.astype(float) @ vector.astype(float)), 6) for vector in gallery]
        order = sorted(range(len(gallery)), key=lambda i: (-similarity[i], bool(right[i])))
        return 1 + next(place for place, i in enumerate(order) if right[i])

    return (
        [walk(text[r], ecg, row == r) for r in range(len(text))],
        [walk(ecg[n], text, np.arange(len(text)) == row[n]) for n in range(len(ecg))],
    )


@pytest.fixture
def case(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """41 ECGs that bear 13 texts, each near its own."""
    row = np.concatenate([np.arange(13), generator.integers(13, size=28)])
    text = unit(generator.normal(size=(13, 5)))
    return unit(text[row] + 0.8 * generator.normal(size=(41, 5))), text, row


@pytest.mark.parametrize("queries_at_once", [1, 6, 512])
def test_ranks_agree_with_a_slow_loop(case: tuple, queries_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "QUERIES_AT_ONCE", queries_at_once)
    report_to_ecg, ecg_to_report = slow_ranks(*case)
    ranks = retrieval_ranks(*case)
    np.testing.assert_array_equal(ranks.report_to_ecg, report_to_ecg)
    np.testing.assert_array_equal(ranks.ecg_to_report, ecg_to_report)


def test_any_ecg_with_an_equal_report_is_right() -> None:
    text, row = unit(np.eye(2)), np.array([0, 0, 1])
    ecg = unit(np.array([[0.1, 1.0], [1.0, 0.0], [0.9, 0.5]]))  # the first is lost, its twin is found
    assert retrieval_ranks(ecg, text, row).report_to_ecg.tolist() == [1, 2]


def test_a_collapsed_model_ranks_last() -> None:
    same = unit(np.ones((7, 3)))
    ranks = retrieval_ranks(same, same, np.arange(7))
    assert (ranks.ecg_to_report == 7).all()
    assert (ranks.report_to_ecg == 7).all()


def test_weights_act_as_repetition(generator: np.random.Generator) -> None:
    ranks, weights = generator.integers(1, 20, size=31), generator.poisson(1.0, size=(31, 9))
    for column, found in zip(weights.T, summarise_ranks(ranks, weights), strict=True):
        drawn = np.repeat(ranks, column)
        np.testing.assert_allclose(found, [*((drawn <= k).mean() for k in CUTOFFS), np.median(drawn)])


def test_chance_agrees_with_random_orders(generator: np.random.Generator) -> None:
    row = np.concatenate([np.arange(11), np.zeros(9, int), np.ones(3, int)])
    ranks: dict[str, list[int]] = {"report_to_ecg": [], "ecg_to_report": []}
    for _ in range(1500):
        shuffled = row[generator.permutation(len(row))]
        ranks["report_to_ecg"] += [1 + int((shuffled == r).argmax()) for r in range(11)]
        ranks["ecg_to_report"].append(1 + int(generator.permutation(11).argmax()))
    chance = chance_retrieval(row, 11)
    for way, found in ranks.items():
        for k in CUTOFFS:
            assert chance[f"{way}_recall@{k}"].value == pytest.approx(np.mean(np.array(found) <= k), abs=0.03)
        assert chance[f"{way}_median_rank"].value == pytest.approx(np.median(found), abs=1)


def test_metrics_come_both_ways_with_intervals(case: tuple, generator: np.random.Generator) -> None:
    found = evaluate_retrieval(*case, [None] * 41, generator, num_resamples=200)
    assert found.metrics.keys() == found.baselines["chance"].keys()
    metric = found.metrics["ecg_to_report_recall@5"]
    assert metric.low <= metric.value <= metric.high
    assert metric.value > found.baselines["chance"]["ecg_to_report_recall@5"].value
    without = evaluate_retrieval(*case, [None] * 41, generator, num_resamples=0)
    assert without.metrics["ecg_to_report_recall@5"].low is None


def test_wrong_arrays_are_refused(case: tuple, generator: np.random.Generator) -> None:
    ecg, text, row = case
    with pytest.raises(DataError, match="ECG vector 0 has length 2"):
        retrieval_ranks(2 * ecg, text, row)
    with pytest.raises(DataError, match="each of the 13 texts"):
        retrieval_ranks(ecg, text, np.zeros(41, int))
    with pytest.raises(DataError, match=r"\(N, D\) and \(R, D\)"):
        retrieval_ranks(ecg, text[:, :3], row)
    with pytest.raises(DataError, match="text number"):
        retrieval_ranks(ecg, text, row[:-1])
    with pytest.raises(DataError, match="1 patient ids for 41 ECGs"):
        evaluate_retrieval(ecg, text, row, ["a"], generator)
