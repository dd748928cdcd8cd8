"""A misspelt word is read as the nearest known one; the fast index agrees with measuring every word."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ecg_text.text.spelling import Speller, edit_distance, is_likely_slip

WORDS = (
    "fibrillation", "flutter", "infarction", "inferior", "anterior", "interior",
    "tachycardia", "bradycardia", "hypokalaemia", "hyperkalaemia", "contraction", "contractions",
    "sinus", "rhythm", "normal", "nodal", "ischaemia", "depression",
    "elevation", "left", "axis",
)  # fmt: skip
# With LETTERS, these make no slip that starts with the letters of "un-" or "a-" and so says the contrary.
PLAIN = (
    "fibrillation", "flutter", "tachycardia", "contraction", "contractions", "sinus",
    "rhythm", "normal", "nodal", "depression", "posterior", "left",
)  # fmt: skip
LETTERS = "bcdefghklmprstvwy"


def slow_distance(one: str, other: str) -> int:
    """Optimal string alignment by its recursive definition."""

    @cache
    def distance(i: int, j: int) -> int:
        if min(i, j) == 0:
            return max(i, j)
        best = min(
            distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (one[i - 1] != other[j - 1])
        )
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            best = min(best, distance(i - 2, j - 2) + 1)
        return best

    return distance(len(one), len(other))


def damaged(word: str, generator: np.random.Generator) -> str:
    """The word after one random slip."""
    place = int(generator.integers(len(word)))
    letter = LETTERS[generator.integers(len(LETTERS))]
    slips = (
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + letter + word[place + 1 :],
        word[:place] + word[place + 1 : place + 2] + word[place : place + 1] + word[place + 2 :],
    )
    return slips[generator.integers(4)]


def test_the_distance_is_that_of_its_definition_up_to_the_bound(generator: np.random.Generator) -> None:
    for _ in range(200):
        one = WORDS[generator.integers(len(WORDS))]
        other = one if generator.random() < 0.7 else WORDS[generator.integers(len(WORDS))]
        for _ in range(generator.integers(5)):
            other = damaged(other, generator) or "a"
        for bound in (1, 2):
            assert edit_distance(one, other, bound) == min(slow_distance(one, other), bound + 1)


@pytest.mark.parametrize("shortest", [5, 6])
def test_the_index_finds_what_measuring_every_word_finds(generator: np.random.Generator, shortest: int) -> None:
    speller = Speller(PLAIN, shortest=shortest)
    num_found = 0
    for _ in range(250):
        word = PLAIN[generator.integers(len(PLAIN))]
        for _ in range(generator.integers(1, 4)):
            word = damaged(word, generator) or "a"
        bound = 0 if len(word) < shortest else 1 if len(word) < 9 else 2
        distances = {known: slow_distance(word, known) for known in PLAIN}
        best = min(distances.values())
        nearest = sorted(known for known in PLAIN if distances[known] == best)
        assert speller.nearest(word) == (tuple(nearest) if 0 < best <= bound else ())
        num_found += 0 < best <= bound
    assert num_found > 80


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("fibrilation", "fibrillation"),
        ("Fibrilation", "fibrillation"),
        ("fibirllation", "fibrillation"),
        ("ishaemia", "ischaemia"),
        ("ishemia", None),  # seven letters allow one edit
        ("rhytm", None),  # five letters: too short
        ("ryhthm", "rhythm"),
        ("flter", None),
        ("fibrillation", None),
        ("anferior", None),  # as near to anterior as to inferior
        ("hypercalaemia", "hyperkalaemia"),
        ("hyperkalaemi4", None),
        ("v4-v6", None),
        ("", None),
    ],
)
def test_a_word_is_corrected_only_where_one_known_word_is_near(word: str, read: str | None) -> None:
    assert Speller(WORDS).correct(word) == read


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("hypokalaemia", "hyperkalaemia"),
        ("tachyarrhythmia", "bradyarrhythmia"),
        ("irregular", "regular"),
        ("abnormal", "normal"),
        ("asymptomatic", "symptomatic"),
        ("intraventricular", "interventricular"),
    ],
)
def test_no_word_becomes_its_contrary(word: str, known: str) -> None:
    assert Speller([known]).correct(word) is None
    assert Speller([word]).correct(known) is None


@pytest.mark.parametrize(
    ("word", "known", "is_slip"),
    [
        ("fibrilation", "fibrillation", True),
        ("depresion", "depression", True),
        ("rythm", "rhythm", True),
        ("oschaemia", "ischaemia", True),
        ("enlargment", "enlargement", True),
        ("stated", "state", False),
        ("placement", "replacement", False),
        ("diagnostic", "diagnosis", False),
        ("market", "marked", True),  # no family: such words must be in the dictionary
        ("father", "rather", False),
        ("evaluation", "elevation", True),
        ("stand", "state", False),
    ],
)
def test_another_word_of_the_family_is_no_slip(word: str, known: str, is_slip: bool) -> None:
    assert is_likely_slip(word, known) is is_slip


def test_a_speller_knows_its_words_in_any_case() -> None:
    speller = Speller(["Fibrillation", "fibrillation", "flutter"])
    assert len(speller) == 2
    assert "FLUTTER" in speller
    assert "fluter" not in speller


def test_a_word_longer_than_any_known_one_is_near_none_and_costs_nothing() -> None:
    speller = Speller(["fibrillation"])
    assert speller.correct("fibrillationxy") == "fibrillation"
    assert speller.nearest("ab" * 50_000) == ()
