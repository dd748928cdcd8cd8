"""German findings are said in English, in the wording of the house; the reports here are invented."""

from __future__ import annotations

import pytest

from ecg_text.text.english.translate import to_english, translate_finding


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("sinusrhythmus", "sinus rhythm"),
        ("lagetyp normal", "normal axis"),
        ("linkstyp", "left axis"),
        ("ueberdrehter linkstyp", "marked left axis deviation"),
        ("qrs(t) abnorm", "abnormal qrs"),
        ("verdacht auf p-sinistrocardiale", "suspected left atrial enlargement"),
        ("lateraler infarkt wahrscheinlich alt", "lateral myocardial infarction, probably old"),
        ("septaler infarkt alter unbest.", "septal myocardial infarction of undetermined age"),
        ("st & t abnorm, wahrscheinlich septale ischämie oder linksbelastung",
         "st-t abnormality, probable septal ischaemia or left ventricular strain"),
        ("t abnorm in septalen ableitungen", "t wave abnormality in septal leads"),
        ("t abnorm in septalen ableitungen hochlateralen ableitungen",
         "t wave abnormality in septal and high lateral leads"),
        ("mässige amplitudenkriterien für linkshypertrophie",
         "moderate voltage criteria for left ventricular hypertrophy"),
        ("av-block iii. grades", "third degree av block"),
        ("a-v block i", "first degree av block"),
        ("chron. posteriorer infarkt möglich (q in ii,iii)",
         "possible chronic posterior myocardial infarction (q waves in leads ii, iii)"),
        ("infarkt septal chronisch moeglich", "possible chronic septal myocardial infarction"),
        ("tachykardes vorhofflimmern", "atrial fibrillation with rapid ventricular response"),
        ("ventrikuläre extrasystole(n), bigeminus", "premature ventricular contractions, bigeminy"),
        ("periphere niederspannung", "low voltage in limb leads"),
    ],
)  # fmt: skip
def test_common_statements_have_their_house_wording(german: str, english: str) -> None:
    made = translate_finding(german, "de")
    assert (made.text, made.left) == (english, ())


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("kein vorhofflimmern", "no atrial fibrillation"),
        ("keine st-hebung in v2-3", "no st segment elevation in leads v2-v3"),
        ("keine hinweise für frischen infarkt", "no evidence of recent myocardial infarction"),
        ("rechtsschenkelblock, kein infarkt", "right bundle branch block, no myocardial infarction"),
        ("ohne ischämiezeichen", "without signs of ischaemia"),
        ("septaler myokardschaden nicht auszuschliessen", "septal myocardial damage cannot be excluded"),
        ("nicht signifikantes q in iii", "non-significant q waves in lead iii"),
        ("regelmässiger rhythmus, keine p-welle erkannt", "regular rhythm, no p waves recognised"),
    ],
)
def test_negations_survive(german: str, english: str) -> None:
    assert translate_finding(german, "de").text == english


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("st-senkung in v5-6", "st segment depression in leads v5-v6"),
        ("st- senkung v2 - v4, f", "st segment depression in leads v2-v4, avf"),
        ("leitungsstoerung ii, iii, l, f, v2", "conduction delay in leads ii, iii, avl, avf, v2"),
        ("q in iii, avf, v1 r verlust in v3", "q waves in leads iii, avf, v1, loss of r waves in lead v3"),
        ("t neg in v1-2-3", "t wave inversion in leads v1-v3"),
        ("neg t inv5", "t wave inversion in lead v5"),
        ("t flach in avl, neg in v1", "t wave flattening in lead avl, t wave inversion in lead v1"),
        ("t-veränderungen in v2, neg. in l", "t wave changes in lead v2, t wave inversion in lead avl"),
    ],
)  # fmt: skip
def test_leads_are_read_in_all_their_spellings(german: str, english: str) -> None:
    assert translate_finding(german, "de").text == english


def test_a_qualifier_with_an_ending_belongs_to_what_follows_it() -> None:
    assert translate_finding("linkshypertrophie möglich", "de").text == "possible left ventricular hypertrophy"
    both = translate_finding("linkshypertrophie möglicher septaler infarkt", "de").text
    assert both == "left ventricular hypertrophy, possible septal myocardial infarction"


@pytest.mark.parametrize(
    "spelling",
    ["rechtsschenkelblock", "rechts schenkelblock", "rechts-schenkel-block", "rechtsschenkelbolck", "rsb"],
)
def test_compounds_may_be_written_apart_and_misspelt(spelling: str) -> None:
    assert translate_finding(spelling, "de").text == "right bundle branch block"


@pytest.mark.parametrize(("one", "other"), [("infarkt möglich", "infarkt moeglich"), ("mässige", "mäßige")])
def test_umlauts_may_be_written_with_two_letters(one: str, other: str) -> None:
    assert translate_finding(one, "de") == translate_finding(other, "de")


def test_a_word_is_not_read_as_its_contrary() -> None:
    assert "irregular" not in translate_finding("regelmässiger rhythmus", "de").text
    assert "hypokalaemia" not in translate_finding("hyperkaliämie", "de").text
    assert translate_finding("unvollständiger linksschenkelblock", "de").text == "incomplete left bundle branch block"


def test_what_no_lexicon_knows_is_kept_and_counted() -> None:
    made = translate_finding("sinusrhythmus unter quaxomil 5 mg", "de")
    assert made.text == "sinus rhythm on quaxomil 5 mg"
    assert (made.left, made.num_words) == (("quaxomil",), 5)


def test_the_findings_of_a_report_are_joined_by_full_stops() -> None:
    made = to_english("sinusrhythmus linkstyp t neg in iii. normales ekg")
    assert made.text == "sinus rhythm. left axis. t wave inversion in lead iii. normal ecg"
    assert made.num_words == 8
    assert to_english("") == to_english("...")


@pytest.mark.parametrize(
    ("report", "english"),
    [
        ("weder ischämie noch infarkt", "neither ischaemia nor myocardial infarction"),
        ("nicht mehr vorhofflimmern", "no longer atrial fibrillation"),
        ("rechtsschenkelblock fehlt", "right bundle branch block absent"),
        ("kein hinweis auf rechtsherzbelastung", "no evidence of right heart strain"),
        ("es besteht kein vorhofflimmern", "there is. no atrial fibrillation"),
        ("av-block iii°", "third degree av block"),
        ("av-block 1 °", "first degree av block"),
        ("av-block 2. grades typ mobitz ii", "second degree av block, mobitz type"),
    ],
)
def test_typed_findings_keep_their_negation_and_their_degree(report: str, english: str) -> None:
    assert to_english(report).text == english
