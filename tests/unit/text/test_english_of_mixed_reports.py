"""English is levelled, mixed reports are read finding by finding, and odd texts are survived."""

from __future__ import annotations

import pytest

from ecg_text.text.english.tokens import leads_at
from ecg_text.text.english.translate import to_english, translate_finding


@pytest.mark.parametrize(
    ("written", "levelled"),
    [
        ("anterior ischemia", "anterior ischaemia"),
        ("premature ventricular contraction(s)", "premature ventricular contractions"),
        ("old septal infarct cannot be excluded", "old septal myocardial infarction cannot be excluded"),
        ("st segments are depressed and t waves inverted in i, avl",
         "st segment depression and t wave inversion in leads i, avl"),
        ("t waves are flat in ii and inverted in avl", "t wave flattening in lead ii and t wave inversion in lead avl"),
        ("low limb lead voltage", "low voltage in limb leads"),
        ("no st elevation in v1-3", "no st segment elevation in leads v1-v3"),
        ("not suggwesting lbbb", "not suggesting left bundle branch block"),
        ("the rate is 82/min.", "the rate is 82/min"),
    ],
)  # fmt: skip
def test_english_reports_take_the_wording_of_the_house(written: str, levelled: str) -> None:
    made = translate_finding(written, "en")
    assert (made.text, made.left) == (levelled, ())


@pytest.mark.parametrize(
    ("finding", "language", "english"),
    [
        ("atrial fibrillation", "de", "atrial fibrillation"),
        ("possible anterior infarct", "de", "possible anterior myocardial infarction"),
        ("vorhofflimmern", "en", "atrial fibrillation"),
        ("vorhofflimmern", "unknown", "atrial fibrillation"),
        ("ischemia", "unknown", "ischaemia"),
    ],
)
def test_a_finding_in_another_language_than_its_report_is_understood(finding: str, language: str, english: str) -> None:
    assert translate_finding(finding, language).text == english


def test_a_german_report_with_english_findings_is_read_finding_by_finding() -> None:
    made = to_english("sinusrhythmus. linkstyp. normales ekg. probable left atrial enlargement.")
    assert made.text == "sinus rhythm. left axis. normal ecg. probable left atrial enlargement"
    assert made.left == ()


@pytest.mark.parametrize("text", ["", " ", "...", "(((", "\x00", "5", "🫀", "v", "-" * 50])
def test_odd_texts_are_not_refused(text: str) -> None:
    for language in ("de", "sv", "en", "unknown"):
        assert translate_finding(text, language).left == ()


def test_a_list_of_leads_has_a_length_so_that_long_texts_are_read_in_linear_time() -> None:
    text = "v1 v2 " * 500
    end, _ = leads_at(text, 0) or (0, "")
    assert 0 < end < 200
    assert translate_finding(text, "de").left == ()


def test_a_word_of_ten_thousand_letters_is_left_as_it_is() -> None:
    word = "ab" * 5000
    assert translate_finding(word, "de").left == (word,)
