"""What the deletion check stands on: stretches of tokens, runs of them, and runs put down at random."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_text.hub.deletion import random_others, random_runs, samples_in, token_stretches
from ecg_text.hub.explanation import runs_of
from ecg_text.signal.beats.tokens import TokenGrid

GRIDS = [
    (1000, TokenGrid(num_tokens=32, samples_per_token=Fraction(32))),
    (1000, TokenGrid(num_tokens=62, samples_per_token=Fraction(16), first_centre=Fraction(15, 2))),
    (997, TokenGrid.patches(997, 31)),
    (7, TokenGrid(num_tokens=7, samples_per_token=Fraction(1))),
]


@pytest.mark.parametrize(("num_samples", "grid"), GRIDS)
def test_each_sample_belongs_to_the_token_that_is_nearest(num_samples: int, grid: TokenGrid) -> None:
    stretches = token_stretches(grid, grid.num_tokens, num_samples).tolist()
    assert [start for start, _ in stretches] == [0, *(stop for _, stop in stretches[:-1])]
    assert stretches[-1][1] == num_samples
    centres = [float(grid.first_centre + n * grid.samples_per_token) for n in range(grid.num_tokens)]
    for number, (start, stop) in enumerate(stretches):
        for sample in (start, stop - 1):
            assert abs(sample - centres[number]) == min(abs(sample - centre) for centre in centres)


def test_of_fewer_tokens_the_last_reaches_to_the_end_of_the_signal() -> None:
    assert token_stretches(GRIDS[1][1], 3, 61).tolist() == [[0, 16], [16, 32], [32, 61]]
    assert token_stretches(GRIDS[0][1], 2, 40).tolist() == [[0, 16], [16, 40]]


@given(st.sets(st.integers(0, 60)))
def test_runs_are_the_numbers_again(numbers: set[int]) -> None:
    runs = runs_of(np.array(sorted(numbers), dtype=np.int64))
    assert [n for start, stop in runs.tolist() for n in range(start, stop)] == sorted(numbers)
    assert all(start < stop for start, stop in runs.tolist())
    assert all(stop < start for (_, stop), (start, _) in zip(runs.tolist(), runs.tolist()[1:], strict=False))


@given(st.sets(st.integers(0, 39), min_size=1, max_size=39), st.integers(0, 2**32 - 1))
def test_random_runs_have_the_lengths_of_those_they_stand_for(numbers: set[int], seed: int) -> None:
    lengths = np.diff(runs_of(np.array(sorted(numbers))), axis=1)[:, 0].tolist()
    drawn = random_runs(lengths, 40, np.random.default_rng(seed))
    assert drawn.min() >= 0
    assert drawn.max() < 40
    assert (np.diff(drawn) > 0).all()
    assert Counter(np.diff(runs_of(drawn), axis=1)[:, 0].tolist()) == Counter(lengths)


def test_every_placing_is_as_likely() -> None:
    placings = set()
    for starts in combinations(range(6), 2):
        for lengths in ((1, 2), (2, 1)):
            stops = [start + length for start, length in zip(starts, lengths, strict=True)]
            if stops[0] < starts[1] and stops[1] <= 6:
                placings.add((*range(starts[0], stops[0]), *range(starts[1], stops[1])))
    generator = np.random.default_rng(0)
    counts = Counter(tuple(random_runs([2, 1], 6, generator).tolist()) for _ in range(2400))
    assert counts.keys() == placings
    assert max(abs(count - 2400 / len(placings)) for count in counts.values()) < 4 * np.sqrt(2400 / len(placings))


@given(st.sets(st.integers(0, 39), min_size=1, max_size=13), st.integers(0, 2**32 - 1))
def test_random_others_are_as_many_and_none_of_the_best(best: set[int], seed: int) -> None:
    chosen = np.array(sorted(best))
    for drawn in random_others(chosen, 40, 3, np.random.default_rng(seed)):
        assert len(np.unique(drawn)) == len(best)
        assert not best & set(drawn.tolist())
        assert 0 <= drawn.min() <= drawn.max() < 40


def test_samples_lie_in_any_of_the_stretches() -> None:
    inside = samples_in(np.array([[0, 2], [4, 5], [9, 30]]), 10)
    assert np.flatnonzero(inside).tolist() == [0, 1, 4, 9]
    assert not samples_in(np.zeros((0, 2), dtype=np.int64), 10).any()
