"""A sentence in other words: the same concepts, the same negation, whole words only."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.errors import TextError
from ecg_text.text.concepts import concepts
from ecg_text.text.synonyms import LANGUAGES, find_phrases, name_concepts, other_wordings, swap_wording

ALL = tuple(LANGUAGES)


def names(sentence: str) -> list[str]:
    return [phrase.concept.name for phrase in find_phrases(sentence)]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("sinus rhythm", ["sinus rhythm"]),
        ("unvollständiger rechtsschenkelblock", ["incomplete right bundle branch block"]),
        ("unvollstaendiger rechtsschenkelblock", ["incomplete right bundle branch block"]),
        ("possible left atrial enlargement", ["left atrial enlargement"]),
        ("premature ventricular contraction(s), bigeminy", ["ventricular bigeminy"]),
        ("a-v block i", ["first degree av block"]),
        ("av-block iii", ["third degree av block"]),
        ("vorhofflimmern/-flattern", ["atrial fibrillation or flutter"]),
        ("nonspecific st-t wave changes", ["non-specific st-t changes"]),
        ("antero-septal myocardial infarction", ["anteroseptal myocardial infarction"]),
        ("inferior ischemia", ["inferior ischaemia"]),
        ("ueberdrehter linkstyp", ["marked left axis deviation"]),
        ("ventrikulär(a) extrasystoli(er)", ["premature ventricular contractions"]),
        ("lbbb and lvh", ["left bundle branch block", "left ventricular hypertrophy"]),
        # Whole words only, and a clause only where it can stand.
        ("vorhofflimmern/", []),
        ("sinusrhythmusstörung", []),
        ("t waves are low or inverted in these leads", []),
        ("st segments are depressed and t waves inverted", []),
        ("", []),
    ],
)
def test_phrases_are_found_longest_first_and_as_whole_words(sentence: str, found: list[str]) -> None:
    assert names(sentence) == found


@pytest.mark.parametrize(
    ("sentence", "languages", "wanted"),
    [
        ("atrial fibrillation", ALL, {"af", "afib", "vorhofflimmern", "förmaksflimmer"}),
        ("vorhofflimmern", ("en",), {"atrial fibrillation", "af"}),
        ("linksschenkelblock", ("sv",), {"vänstersidigt skänkelblock"}),
        (
            "st segments are depressed in i, avl",
            ("en",),
            {"st segment depression in i, avl", "st depression in i, avl"},
        ),
        ("possible old inferior infarct", ("en",), {"possible old inferior myocardial infarction"}),
        ("inferiorer infarkt wahrscheinlich alt", ("de",), {"inferiorer myokardinfarkt wahrscheinlich alt"}),
        (
            "no st elevation",
            ALL,
            {"no st segment elevation", "kein hinweis auf st-hebung", "inga tecken på st-höjning"},
        ),
        ("keine st-hebung", ("en",), {"no st segment elevation"}),
        ("no ecg evidence of ischaemia", ("en",), {"no ecg evidence of myocardial ischaemia"}),
        ("no definite pathology", ALL, {"inget säkert patologiskt"}),
    ],
)
def test_a_finding_is_said_in_other_words(sentence: str, languages: tuple[str, ...], wanted: set[str]) -> None:
    assert wanted <= set(other_wordings(sentence, languages, True))


@pytest.mark.parametrize(
    ("sentence", "languages", "unwanted"),
    [
        # A sentence does not become half English, half German.
        ("mässige kriterien für linkshypertrophie", ("en",), "left"),
        ("inferiorer infarkt alter unbest", ("en", "sv"), "infarct"),
        # What a longer sentence may deny is not put into it.
        ("partieller av-block und linksschenkelblock", ("de",), "kompletter"),
        ("atypical left bundle branch block", ("en",), "complete"),
        ("no st elevation", ALL, "are elevated"),
    ],
)
def test_no_wording_is_put_where_it_does_not_fit(sentence: str, languages: tuple[str, ...], unwanted: str) -> None:
    assert not [option for option in other_wordings(sentence, languages, True) if unwanted in option]


def test_every_wording_of_every_concept_can_be_swapped_and_stays_that_concept() -> None:
    for concept in concepts():
        for wording in (*concept.english, *concept.german, *concept.swedish, *concept.abbreviations):
            assert names(wording) == [concept.name], wording
            for option in other_wordings(wording, ALL, True):
                assert names(option) == [concept.name], option


def test_a_negated_finding_stays_negated_in_every_language() -> None:
    for concept in concepts():
        if "no " in concept.name or "normal" in concept.name:
            continue
        for option in other_wordings(f"no {concept.name}", ALL, True):
            assert option.startswith(("no ", "kein hinweis auf ", "inga tecken på ")), option
            assert names(option)[-1] == concept.name, option


def test_abbreviations_are_left_out_when_they_are_not_wanted() -> None:
    assert "af" in other_wordings("atrial fibrillation", ("en",), True)
    assert other_wordings("atrial fibrillation", ("en",), False) == ()


def test_names_make_sentences_of_one_meaning_equal() -> None:
    assert name_concepts("lbbb in a patient with af") == name_concepts(
        "complete left bundle branch block in a patient with vorhofflimmern"
    )
    assert name_concepts("left axis deviation") != name_concepts("right axis deviation")


def test_the_generator_chooses_and_is_left_alone_where_there_is_no_choice() -> None:
    generator = np.random.default_rng(0)
    seen = {swap_wording("left ventricular hypertrophy", generator, ALL) for _ in range(200)}
    assert seen == set(other_wordings("left ventricular hypertrophy", ALL, True))
    state = generator.bit_generator.state
    assert swap_wording("suggest repeat", generator) == "suggest repeat"
    assert generator.bit_generator.state == state


def test_an_unknown_language_is_told_the_known_ones() -> None:
    with pytest.raises(TextError, match=r"'fr'.*en, de, sv"):
        swap_wording("sinus rhythm", np.random.default_rng(0), ("fr",))


def test_a_negation_is_not_put_before_a_wording_that_says_more() -> None:
    assert "no lbbb" in other_wordings("no left bundle branch block", ("en",), True)
    assert "no complete left bundle branch block" not in other_wordings("no left bundle branch block", ("en",), True)
    assert "no pvc" in other_wordings("no premature ventricular contractions", ("en",), True)
