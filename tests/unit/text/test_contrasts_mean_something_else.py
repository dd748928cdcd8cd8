"""Minimal contrasts: one decisive word is another, the leads stay, and the meaning never does."""

from __future__ import annotations

import re

import pytest

from ecg_text.text.concepts import concepts
from ecg_text.text.contrasts import minimal_contrasts
from ecg_text.text.synonyms import find_phrases

# A sentence, and contrasts that must be among its own. None is of a public data set but by the words of the trade.
TABLE = [
    ("sinus rhythm", {"junctional rhythm", "paced rhythm", "no sinus rhythm"}),
    ("normal ecg", {"abnormal ecg"}),
    ("otherwise normal ecg", {"otherwise abnormal ecg"}),
    ("no definite pathology", {"definite pathology"}),
    ("left axis deviation", {"right axis deviation", "no left axis deviation"}),
    ("right axis deviation", {"left axis deviation"}),
    ("normal axis", {"left axis", "right axis"}),
    ("left anterior fascicular block", {"left posterior fascicular block", "no left anterior fascicular block"}),
    ("left posterior hemiblock", {"left anterior hemiblock"}),
    ("left bundle branch block", {"right bundle branch block", "incomplete left bundle branch block"}),
    ("incomplete right bundle branch block", {"complete right bundle branch block"}),
    ("lbbb", {"rbbb", "no lbbb"}),
    ("lvh", {"rvh"}),
    ("bifascicular block", {"trifascicular block"}),
    ("first degree av block", {"second degree av block", "third degree av block", "no first degree av block"}),
    ("3rd degree av block", {"1st degree av block", "2nd degree av block"}),
    ("complete heart block", {"incomplete heart block"}),
    ("mobitz type i av block", {"mobitz type ii av block"}),
    ("atrial fibrillation", {"ventricular fibrillation", "atrial flutter", "no atrial fibrillation"}),
    (
        "atrial fibrillation with rapid ventricular response",
        {"atrial fibrillation with slow ventricular response", "atrial flutter with rapid ventricular response"},
    ),
    ("sinus tachycardia", {"sinus bradycardia", "ventricular tachycardia"}),
    ("ventricular tachycardia", {"supraventricular tachycardia", "ventricular bradycardia"}),
    ("premature ventricular contraction(s)", {"premature atrial contraction(s)"}),
    ("premature atrial contractions, bigeminy", {"premature atrial contractions, trigeminy"}),
    ("irregular rhythm", {"regular rhythm"}),
    ("prolonged pr interval", {"short pr interval", "prolonged qt interval", "normal pr interval"}),
    ("pr interval is normal", {"pr interval is prolonged", "qt interval is normal"}),
    ("low voltage in limb leads", {"high voltage in limb leads", "low voltage in chest leads"}),
    ("voltages are high in chest leads suggesting lvh", {"voltages are low in chest leads suggesting lvh"}),
    ("poor r wave progression", {"normal r wave progression"}),
    ("clockwise rotation", {"counterclockwise rotation"}),
    ("left ventricular hypertrophy", {"right ventricular hypertrophy", "no left ventricular hypertrophy"}),
    ("possible left atrial enlargement", {"possible right atrial enlargement", "no left atrial enlargement"}),
    ("old inferior myocardial infarction", {"acute inferior myocardial infarction"}),
    ("acute anterolateral infarct", {"old anterolateral infarct", "acute inferior infarct"}),
    ("old inferior infarct cannot be excluded", {"old inferior infarct is excluded"}),
    ("high lateral ischaemia", {"inferior ischaemia"}),
    ("st segments are depressed in i, avl, v5,6", {"st segments are elevated in i, avl, v5,6"}),
    ("st segments are depressed in ii, iii, avf", {"st segments are not depressed in ii, iii, avf"}),
    ("st elevation in v2-v4", {"st depression in v2-v4", "no st elevation in v2-v4"}),
    ("no st elevation", {"st elevation", "no st depression"}),
    ("t waves are inverted in i, avl", {"t waves are upright in i, avl", "t waves are not inverted in i, avl"}),
    ("t waves are not inverted", {"t waves are inverted"}),
    ("non-specific t wave flattening in v5,6", {"non-specific t wave inversion in v5,6"}),
    ("q waves in ii, iii, avf", {"no q waves in ii, iii, avf"}),
    ("myocardial ischaemia is likely", {"myocardial ischaemia is unlikely"}),
    ("suggest exclude hypokalaemia", {"suggest exclude hyperkalaemia"}),
    ("without acute st changes", {"with acute st changes"}),
    ("a regular paced rhythm is present", {"an irregular paced rhythm is present"}),
    # German
    ("sinusrhythmus", {"schrittmacherrhythmus", "kein sinusrhythmus"}),
    ("lagetyp normal", {"linkstyp", "rechtstyp"}),
    ("linkstyp", {"rechtstyp", "kein linkstyp"}),
    ("linksschenkelblock", {"rechtsschenkelblock", "unvollständiger linksschenkelblock", "kein linksschenkelblock"}),
    ("unvollständiger rechtsschenkelblock", {"vollständiger rechtsschenkelblock"}),
    ("linksanteriorer hemiblock", {"linksposteriorer hemiblock"}),
    ("a-v block i", {"a-v block ii", "a-v block iii"}),
    ("av-block 1. grades", {"av-block 2. grades"}),
    ("vorhofflimmern", {"vorhofflattern", "kammerflimmern", "kein vorhofflimmern"}),
    ("sinusbradykardie", {"sinustachykardie", "keine sinusbradykardie"}),
    ("ventrikuläre extrasystole(n)", {"supraventrikuläre extrasystole(n)", "keine ventrikuläre extrasystole(n)"}),
    ("p-sinistrocardiale", {"p-dextrocardiale"}),
    ("inferiorer infarkt wahrscheinlich alt", {"anteriorer infarkt wahrscheinlich alt"}),
    ("t abnorm in lateralen ableitungen", {"t abnorm in inferioren ableitungen", "t normal in lateralen ableitungen"}),
    ("st-hebung in v2", {"st-senkung in v2", "keine st-hebung in v2"}),
    ("keine st-hebung", {"st-hebung", "keine st-senkung"}),
    ("anteroseptaler myokardschaden nicht auszuschliessen", {"anteroseptaler myokardschaden ausgeschlossen"}),
    ("periphere niederspannung", {"periphere hochspannung"}),
    ("qt-verlängerung", {"qt-verkürzung"}),
    ("linkshypertrophie möglich", {"rechtshypertrophie möglich", "linkshypertrophie ausgeschlossen"}),
    # Swedish
    ("vänster el-axel", {"höger el-axel"}),
    ("vänstersidigt skänkelblock", {"högersidigt skänkelblock", "inkomplett vänstersidigt skänkelblock"}),
    ("vänster främre hemiblock", {"vänster bakre hemiblock"}),
    ("förmaksflimmer", {"förmaksfladder", "kammarflimmer", "inga tecken på förmaksflimmer"}),
    ("inga tecken på st-höjning", {"inga tecken på st-sänkning", "tecken på st-höjning"}),
    ("gammal inferior infarkt", {"färsk inferior infarkt", "gammal anterior infarkt"}),
    ("normalt ekg", {"patologiskt ekg"}),
    ("qt förlängd", {"qt förkortad"}),
]  # fmt: skip

LEADS = re.compile(r"(?<!block )(?<!block grad )(?<!type )\b(?:i{1,3}|av[rlf]|v\d(?:[-,]v?\d)*)(?!\w)")
TWICE_NEGATED = re.compile(r"\b(?:no|not|kein\w*|inga)\b.*\b(?:no|not|without|kein\w*|nicht|ej|ohne|inga|excluded)\b")
SENTENCES = [sentence for sentence, _ in TABLE]


@pytest.mark.parametrize(("sentence", "wanted"), TABLE)
def test_the_decisive_word_is_changed(sentence: str, wanted: set[str]) -> None:
    assert wanted <= set(minimal_contrasts(sentence))


@pytest.mark.parametrize(
    ("sentence", "unwanted"),
    [
        ("right bundle branch block", "complete right bundle branch block"),
        ("complete right bundle branch block", "right bundle branch block"),
        ("left anterior fascicular block", "right anterior fascicular block"),
        ("linksanteriorer hemiblock", "rechtsanteriorer hemiblock"),
        ("otherwise normal ecg", "no otherwise normal ecg"),
        ("this may be due to lv strain", "no this may be due to lv strain"),
        ("inferiorer infarkt alter unbest", "inferiorer infarkt akuter unbest"),
        ("vorhofflimmern/-flattern", "vorhofflattern/-flattern"),
        ("old inferior and lateral infarction", "old lateral and lateral infarction"),
        ("a regular rhythm", "a irregular rhythm"),
        ("prolonged qt interval", "prolonged qt"),
    ],
)
def test_what_would_be_the_same_or_no_language_is_left_out(sentence: str, unwanted: str) -> None:
    assert unwanted not in minimal_contrasts(sentence)


@pytest.mark.parametrize("sentence", ["", "suggest repeat", "compared with the tracing of march", "12:9:91"])
def test_a_sentence_without_a_decisive_word_has_no_contrast(sentence: str) -> None:
    assert minimal_contrasts(sentence) == ()


@pytest.mark.parametrize("sentence", SENTENCES)
def test_contrasts_are_tidy_distinct_and_never_the_sentence_itself(sentence: str) -> None:
    contrasts = minimal_contrasts(sentence)
    assert sentence not in contrasts
    assert len(contrasts) == len(set(contrasts))
    assert all(contrast == " ".join(contrast.split()) != "" for contrast in contrasts)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_leads_stay_as_they_are(sentence: str) -> None:
    for contrast in minimal_contrasts(sentence):
        assert LEADS.findall(contrast) == LEADS.findall(sentence)


def test_the_pattern_for_leads_finds_leads_and_no_degrees() -> None:
    assert LEADS.findall("st in i, avl, v4,5,6 and a-v block ii") == ["i", "avl", "v4,5,6"]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_nothing_is_negated_twice(sentence: str) -> None:
    twice = [contrast for contrast in minimal_contrasts(sentence) if TWICE_NEGATED.search(contrast)]
    assert not twice


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_contrast_differs_by_a_word_or_two(sentence: str) -> None:
    """A negation may take three ("inga tecken på"), and a compound noun may stand for a noun with its adjective."""
    for contrast in minimal_contrasts(sentence):
        gone, come = set(sentence.split()) - set(contrast.split()), set(contrast.split()) - set(sentence.split())
        assert len(gone) <= 3, contrast
        assert len(come) <= 3, contrast


@pytest.mark.slow
def test_no_wording_of_a_concept_is_a_contrast_of_another_wording_of_it() -> None:
    for concept in concepts():
        for wording in (*concept.english, *concept.german, *concept.swedish, *concept.abbreviations):
            for contrast in minimal_contrasts(wording):
                found = find_phrases(contrast)
                is_whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(contrast))
                assert not (is_whole and found[0].concept.name == concept.name), (wording, contrast)


def test_most_concepts_have_a_contrast_and_the_table_has_several_a_sentence() -> None:
    without = [concept.name for concept in concepts() if not minimal_contrasts(concept.name)]
    assert len(without) < 0.1 * len(concepts()), without
    assert sum(len(minimal_contrasts(sentence)) for sentence in SENTENCES) >= 2.5 * len(SENTENCES)


@pytest.mark.parametrize(
    "negated", ["neither ischaemia nor myocardial infarction", "inte förmaksflimmer", "weder ischämie noch infarkt"]
)
def test_what_is_negated_in_any_words_gets_no_second_negation(negated: str) -> None:
    assert not any(contrast.startswith(("no ", "kein", "inga ")) for contrast in minimal_contrasts(negated))
