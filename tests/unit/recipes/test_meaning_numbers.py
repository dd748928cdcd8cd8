"""A meaning has one number, whoever says it: the tables, the grammar, a measurement or a composition."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from ecg_text.recipes import synonym_rows
from ecg_text.recipes.compositions import Compositions
from ecg_text.recipes.meaning_numbers import MeaningNumbers, place_of
from ecg_text.recipes.sayings import ALL_FORMS
from ecg_text.recipes.synonym_pairs import SOURCES, read_vocabulary
from ecg_text.recipes.synonym_rows import RowSampler
from ecg_text.text.grammar_meanings import meaning_of
from ecg_text.text.grammar_table import read_grammar

TABLES = {
    "atrial fibrillation": 1,
    "af": 1,
    "st elevation": 2,
    "no af": 3,
    "sinus arrest": 4,
    "af with sinus arrest": 5,
}


@pytest.fixture(scope="module")
def vocabulary():
    return read_vocabulary(SOURCES, ())


@pytest.fixture(scope="module")
def numbers(vocabulary):
    return MeaningNumbers(vocabulary.meanings)


def test_no_finding_of_the_grammar_unites_two_meanings_of_the_tables(vocabulary):
    apart = replace(vocabulary, links=()).meanings
    assert [texts for texts in vocabulary.links if len({apart[text] for text in texts}) > 1] == []


def test_what_reports_word_in_two_ways_is_one_meaning_where_the_grammar_says_so():
    meanings = read_vocabulary(SOURCES, ("t neg in v5-6", "t neg i,avl,v5-6", "t neg in v1-3")).meanings
    assert meanings["t neg in v5-6"] == meanings["t neg i,avl,v5-6"] != meanings["t neg in v1-3"]


def test_no_text_of_the_grammar_has_another_number_than_the_tables_have_for_it(vocabulary, numbers):
    faults = [
        (meaning.key, text)
        for finding, values, present in read_grammar().meanings()
        if present
        for meaning in (meaning_of(finding, values, present),)
        for text in set(meaning.bare())
        if vocabulary.meanings.get(text, numbers.of_made(meaning.key)) != numbers.of_made(meaning.key)
    ]
    assert faults == []


def test_over_sampled_rows_no_text_has_two_numbers(vocabulary, monkeypatch):
    monkeypatch.setattr(synonym_rows, "minimal_contrasts", lambda _: ())  # slow, and without effect on numbers
    sampler, chance = RowSampler(vocabulary, Compositions()), np.random.default_rng(0)
    told = defaultdict(set)
    for _ in range(8000):
        row = sampler(chance)
        told[row.a].add(row.meaning)
        told[row.b].add(row.meaning)
    assert {text for text, found in told.items() if len(found) > 1} == set()
    known = vocabulary.meanings
    assert {text for text, found in told.items() if known.get(text, min(found)) != min(found)} == set()


@pytest.mark.parametrize(
    ("key", "kind", "finding", "place"),
    [
        ("st segment: st=elevation, place=inferior, present", "placed", "st segment elevation", ("inferior",)),
        ("st segment: st=elevation, place=any, absent", "absent", "st segment elevation", ()),
        ("pericarditis or early repolarisation: disease=pericarditis, absent", "absent", "acute pericarditis", ()),
    ],
)
def test_what_the_grammar_makes_is_what_is_composed(vocabulary, numbers, key, kind, finding, place):
    assert numbers.of_made(key) == numbers.of_composed(kind, vocabulary.meanings[finding], *place)


def test_a_measurement_is_the_finding_of_the_grammar_or_of_the_tables(vocabulary, numbers):
    assert numbers.of_made("normal pr interval") == numbers.of_made("interval: interval=pr, length=normal, present")
    assert numbers.of_made("prolonged qt interval") == vocabulary.meanings["prolonged qt interval"]


def test_what_the_tables_know_of_a_composition_is_its_number():
    numbers = MeaningNumbers(TABLES)
    assert numbers.of_composed("absent", 1) == 3
    assert numbers.of_composed("joined", 4, 1) == numbers.of_composed("joined", 1, 4) == 5
    assert numbers.of_made("fibrillation and flutter: chamber=atrial, flow=fibrillation, absent") == 3
    assert numbers.of_text("a fib") == 1
    assert numbers.of_text("what nobody says") is None


def test_compositions_of_different_kinds_and_meanings_have_different_numbers():
    numbers = MeaningNumbers(TABLES)
    kinds = ("absent", "possible", "probable")
    told = [numbers.of_composed(kind, meaning) for kind in kinds for meaning in (1, 2)]
    told += [numbers.of_composed("without", 1, 2), numbers.of_composed("without", 2, 1)]
    assert len(set(told)) == len(told)


def test_leads_that_look_at_one_place_are_one_place():
    assert place_of("v5-v6") == place_of("i, avl, v5-v6") == "lateral"
    assert place_of("v2-v4") == "v2-v4"


def test_no_form_says_two_things():
    told = defaultdict(set)
    for number, forms in enumerate(ALL_FORMS):
        for listed in forms.values():
            for form in listed:
                told[form].add(number)
    assert {form for form, found in told.items() if len(found) > 1} == set()
