"""Wordings that look alike and mean something else, against a slow count of shared letters."""

from __future__ import annotations

import math

import pytest

from ecg_text.recipes.near_wordings import LEAST, near_wordings

MEANINGS = {
    "sinusbradykardie": 1,
    "sinustachykardie": 2,
    "sinusrhythmus": 3,
    "sinus bradycardia": 1,
    "left axis deviation": 4,
    "right axis deviation": 5,
    "axis deviation to the left": 4,
    "af": 6,
    "atrial fibrillation": 6,
}


def slow_cosine(one, other):
    def grams(text):
        padded = f" {text} "
        return {padded[k : k + 3] for k in range(len(padded) - 2)}

    def weight(gram):
        return math.log(1 + len(MEANINGS) / sum(gram in grams(text) for text in MEANINGS))

    def dot(a, b):
        return sum(weight(gram) ** 2 for gram in a & b)

    a, b = grams(one), grams(other)
    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))


def test_the_neighbours_are_those_of_the_slow_count():
    near = near_wordings(MEANINGS, MEANINGS, most=3)
    for text, meaning in MEANINGS.items():
        others = [other for other, number in MEANINGS.items() if number != meaning]
        ranked = sorted(others, key=lambda other: -slow_cosine(text, other))
        assert near.get(text, ()) == tuple(other for other in ranked[:3] if slow_cosine(text, other) >= LEAST)


def test_they_look_alike_and_mean_something_else():
    near = near_wordings(MEANINGS, MEANINGS, most=1)
    assert near["sinusbradykardie"] == ("sinustachykardie",)
    assert near["left axis deviation"] == ("right axis deviation",)
    assert "af" not in near


@pytest.mark.parametrize(("pool", "most"), [((), 3), (("sinusrhythmus",), 0)])
def test_without_a_pool_there_are_none(pool, most):
    assert near_wordings(MEANINGS, pool, most) == {}


def test_only_texts_of_the_pool_are_taken():
    near = near_wordings(MEANINGS, ["right axis deviation"], most=5)
    assert {other for found in near.values() for other in found} == {"right axis deviation"}


def test_the_same_words_in_another_order_are_no_neighbours():
    meanings = {"type 1 brugada pattern": 1, "brugada pattern type 1": 2, "brugada pattern type 2": 3}
    near = near_wordings(meanings, meanings, most=3)
    assert near["type 1 brugada pattern"] == ("brugada pattern type 2",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("av-knoten-extrasystole(n)", "av-knotenextrasystole(n)"),
        ("premature supraventricular contraction", "premature supraventricular contractions"),
        ("supraventrikulärt extraslag", "supraventrikulära extraslag"),
        ("p wave", "p waves"),
        ("lqt", "lqts"),
        ("st interval abnormality", "abnormality of the st interval"),
        ("subendocardial injury in the lateral leads", "subendocardial injury in lateral leads"),
    ],
)
def test_the_same_words_in_another_number_or_spelling_are_no_neighbours(one, other):
    meanings = {one: 1, other: 2}
    assert near_wordings(meanings, meanings, most=3) == {}


def test_signs_are_told_apart():
    meanings = {"axis of +90 degrees": 1, "axis of -90 degrees": 2}
    assert len(near_wordings(meanings, meanings, most=3)) == 2


def test_what_is_no_neighbour_takes_no_neighbours_place():
    meanings = {"sinus pause": 1, "sinus pauses": 2, "sinus pauses ended": 3, "af": 4, "flutter": 5}
    assert near_wordings(meanings, meanings, most=1)["sinus pause"] == ("sinus pauses ended",)


def test_a_text_of_one_letter_has_grams():
    assert near_wordings({"q": 1, "p": 2}, ["p"], most=1) == {}
