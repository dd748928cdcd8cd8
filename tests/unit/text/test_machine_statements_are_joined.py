"""A machine's statements become one clean report; the statements are invented in the style of two makers."""

from __future__ import annotations

import pytest

from ecg_text.text.cleaning.boilerplate import call_it_ecg, cut_frame
from ecg_text.text.cleaning.sources import PIPELINES, join_statements
from ecg_text.text.sentences import split_sentences


@pytest.mark.parametrize(
    ("statements", "text"),
    [
        (["Sinus rhythm", "Possible inferior infarct - age undetermined", "Summary: Abnormal ECG"],
         "sinus rhythm. possible inferior infarct - age undetermined. abnormal ecg"),
        (["*** Poor data quality ***", "Sinus tachycardia", "Borderline EKG"], "sinus tachycardia. borderline ecg"),
        (["Pacemaker rhythm - no further analysis"], "pacemaker rhythm"),
        (["Sinus rhythm with PACs", "PR interval 210ms, rate 75 BPM"],
         "sinus rhythm with pacs. pr interval 210 ms, rate 75/min"),
        (["Sinus rhythm", "Sinus rhythm.", "==== Normal ECG ====", ""], "sinus rhythm. normal ecg"),
        (["Sinus bradycardia", "No change from previous"], "sinus bradycardia."),
        (["Compared to the previous tracing the rate is slower", "LBBB"], "the rate is slower. lbbb"),
        (["Inferior infarct, age unknown", "Clinical correlation is suggested"], "inferior infarct, age unknown."),
        (["Atrial fibrillation with rapid ventricular response", "Warning: data quality may affect interpretation"],
         "atrial fibrillation with rapid ventricular response."),
        (["--- Pediatric criteria used ---", "Normal ECG except for rate"], "normal ecg except for rate"),
        (["", "   ", None], ""),
    ],
)  # fmt: skip
def test_statements_become_one_report(statements: list[str | None], text: str) -> None:
    clean = PIPELINES["mimic-iv-ecg"].clean(join_statements(statements))
    assert clean.text == text
    assert clean.language == ("en" if text else "unknown")


def test_each_statement_is_a_finding_of_its_own() -> None:
    statements = [f"lateral finding {number} in leads v4-v6" for number in range(18)]
    joined = join_statements([f"*** {statement}. ***" for statement in statements])
    assert joined == ". ".join(statements)
    assert split_sentences(joined) == tuple(statements)


def test_frames_and_headings_go_and_hyphens_stay() -> None:
    assert cut_frame("*** a-v block ***").strip() == "a-v block"
    assert cut_frame("== lvh == - st-t - summary: old mi").split() == ["lvh", "-", "st-t", "-", "old", "mi"]


def test_an_ekg_is_an_ecg_in_the_case_it_stands_in() -> None:
    assert call_it_ecg("EKG, ekgs and ekgnostic") == "ECG, ecgs and ekgnostic"
