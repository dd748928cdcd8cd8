"""The language of a report is told by the words that only it uses; the reports are invented."""

from __future__ import annotations

import pytest

from ecg_text.text.cleaning.language import report_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("sinusrhythmus mit steiltyp", "de"),
        ("sinusrhythmus. ischämie möglich", "de"),
        ("intraventrikulärer block, unspezifischer", "de"),
        ("the rhythm is sinus with left axis deviation", "en"),
        ("normal ecg", "en"),
        ("abnormal ecg", "en"),
        ("lbbb", "en"),
        ("sinusrytm, höger el-axel och normalt ekg", "sv"),
        ("gammal anterior infarkt", "sv"),
        ("förmaksflimmer", "sv"),
        ("12345", "unknown"),
        ("ritmo sinusal", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_language_is_told_by_its_own_words(text: str, language: str) -> None:
    assert report_language(text) == language
