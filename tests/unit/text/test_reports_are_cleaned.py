"""Reports lose what is not about the trace, and nothing else; all reports here are invented, in real shapes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ecg_text.errors import TextError
from ecg_text.text.cleaning.boilerplate import cut_no_reading, cut_setting, cut_signature, cut_status, cut_warning
from ecg_text.text.cleaning.pipeline import FLAGS, Pipeline, Step
from ecg_text.text.cleaning.sources import PIPELINES, clean_reports, describe, pipeline_of
from ecg_text.text.cleaning.steps import (
    FIELD_WIDTH,
    MAX_CHARACTERS,
    cut_edit_remark,
    cut_machine_tail,
    drop_controls,
    drop_cut_word,
    drop_line_noise,
    end_columns,
    end_lines,
    limit_length,
    read_markup,
    tidy,
)


def clean_report(raw: str, source: str = "ptbxl") -> str:
    """The text of a report cleaned by a source's pipeline."""
    return PIPELINES[source].clean(raw).text


@pytest.mark.parametrize("spelling", ["Edit: ", "edit: ", "EDIT:", "Edit : "])
def test_a_curators_remark_is_cut_however_it_is_spelled(spelling: str) -> None:
    assert cut_edit_remark(f"sinus rhythm. left axis. {spelling}XYZ 100, (XYZ 80)") == "sinus rhythm. left axis."


def test_a_word_that_begins_like_the_remark_stays() -> None:
    assert cut_edit_remark("edited trace. sinus rhythm") == "edited trace. sinus rhythm"


@pytest.mark.parametrize(
    "tail", ["4.46          unbestätigter bericht", "4.46      unbestätig", "4.46        ", "4.46", "4.46   u"]
)
def test_the_machines_tail_is_cut_also_where_it_is_cut_short(tail: str) -> None:
    assert cut_machine_tail(f"sinusrhythmus rechtstyp {tail}") == "sinusrhythmus rechtstyp"


def test_a_number_that_is_no_version_stays() -> None:
    assert cut_machine_tail("sokolow 3.8") == "sokolow 3.8"
    assert cut_machine_tail("pr interval 0.24 seconds") == "pr interval 0.24 seconds"


def test_the_status_of_the_paper_is_cut_anywhere() -> None:
    assert cut_status("unconfirmed report. sinus rhythm").strip(" .") == "sinus rhythm"
    assert cut_status("steiltyp unbestätigter befund").strip() == "steiltyp"
    assert cut_status("inferior infarct not confirmed") == "inferior infarct not confirmed"


def test_who_signed_is_cut_and_what_confirms_a_finding_stays() -> None:
    assert (
        clean_report("Normal ECG\nConfirmed by DOE, M.D., JANE (77) on 1/2/2003 4:05:06 PM", "folder") == "normal ecg."
    )
    assert clean_report("Linkstyp. Befundet von Dr. A. Muster. Steiltyp", "folder") == "linkstyp. steiltyp"
    assert cut_signature("posterior infarct confirmed by v7-v9") == "posterior infarct confirmed by v7-v9"


@pytest.mark.parametrize(
    "boilerplate",
    [
        "Trace only requested.",
        "ECG unsuitable for analysis",
        "Unconfirmed analysis",
        "Poor data quality, interpretation may be adversely affected",
        "Warning: data quality may affect interpretation",
        "--- Pediatric criteria used ---",
        "*** Unconfirmed report ***",
        "Age not entered, assumed to be 50 years old for purpose of interpretation",
        "Report made without knowing patient's sex",
        "No previous ECGs available",
        "Clinical correlation is suggested.",
        "25 mm/s 10 mm/mV 0.05-150 Hz",
        "EKG nicht auswertbar",
        "EKG kan ej tolkas",
        "Preliminär tolkning",
    ],
)
def test_a_report_that_says_nothing_of_the_trace_is_boilerplate(boilerplate: str) -> None:
    for source in ("folder", "mimic-iv-ecg"):
        alone = PIPELINES[source].clean(boilerplate)
        assert (alone.text, alone.flags, alone.language) == ("", ("boilerplate",), "unknown")
        beside = PIPELINES[source].clean(f"Sinus rhythm. {boilerplate}")
        assert (beside.text.rstrip("."), beside.flags) == ("sinus rhythm", ())


@pytest.mark.parametrize(
    "said",
    [
        "inferior infarct, age unknown",
        "pacemaker rhythm",
        "there is much artifact in v2",
        "suspect arm lead reversal - only avf, v1-v6 analyzed",
        "st-t ej bedömbart",
        "qt-zeit nicht beurteilbar",
        "early repolarization pattern",
    ],
)
def test_what_is_said_of_the_trace_is_no_boilerplate(said: str) -> None:
    assert [cut(said) for cut in (cut_no_reading, cut_warning, cut_setting, cut_status, cut_signature)] == [said] * 5
    assert clean_report(said, "folder") == said


def test_the_heads_of_an_empty_form_are_cut() -> None:
    assert clean_report("nr: 12 ålder: 70 år kön: längd: 170 cm med: sinusrytm", "folder") == "sinusrytm"
    assert clean_report("sinusrytm med: avvikande p", "folder") == "sinusrytm med: avvikande p"


def test_a_word_cut_at_the_field_width_is_dropped_and_told() -> None:
    whole = "sinus rhythm. no change since, findings of"
    cut = whole.rjust(FIELD_WIDTH - 5, "x") + " isch"
    assert len(cut) == FIELD_WIDTH
    assert drop_cut_word(cut).endswith(whole)
    assert drop_cut_word("short isch") == "short isch"
    assert PIPELINES["ptbxl"].clean(cut).flags == ("cut",)
    assert PIPELINES["folder"].clean(cut).flags == ()


def test_wide_gaps_end_a_line_and_narrow_ones_wrap_it() -> None:
    assert tidy(end_columns("steiltyp          grenzbefund")) == "steiltyp. grenzbefund"
    assert tidy(end_columns("lateraler infarkt     alter unbest.")) == "lateraler infarkt alter unbest."


def test_a_line_ends_a_statement_unless_it_only_wraps() -> None:
    assert end_lines("Sinus rhythm\nNormal axis\n\n- LVH\n") == "Sinus rhythm. Normal axis. - LVH"
    assert end_lines("T wave inversion in\nV1-V3 and\nV4") == "T wave inversion in V1-V3 and V4"
    assert end_lines("st depression\nin v5.\nlvh") == "st depression in v5. lvh"
    assert end_lines("\n\n") == ""


def test_blanks_and_stops_are_tidied() -> None:
    assert tidy("sinus rhythm .  no change ;  as before") == "sinus rhythm. no change; as before"
    assert tidy(". sinus rhythm.. normal ecg . ,") == "sinus rhythm. normal ecg."
    assert tidy("pacemaker rhythm -") == "pacemaker rhythm"
    assert tidy("st-") == "st-"


def test_control_signs_and_look_alikes_are_in_one_form() -> None:
    assert drop_controls("sinus\x00rhythm\x07") == "sinus rhythm "
    assert drop_controls("nor\xadmal\u200b \x1b[31mecg\x1b[0m") == "normal ecg"
    assert drop_controls("v1\u2013v3\xa0\u201ctall\u201d\u2026\r") == 'v1-v3 "tall"...\n'
    assert drop_line_noise("ó½sinus*|rhythm") == "sinusrhythm"


def test_copied_markup_is_read() -> None:
    assert read_markup("h&ouml;ger &amp; v&#228;nster<br/>st & t") == "höger & vänster\nst & t"
    assert clean_report("Sinusrytm<br>Normalt EKG", "folder") == "sinusrytm. normalt ekg"


@pytest.mark.parametrize("nothing", ["  .. - !", "", "\n\t", b""])
def test_a_report_of_signs_only_is_empty(nothing: str | bytes) -> None:
    for pipeline in PIPELINES.values():
        clean = pipeline.clean(nothing)
        assert (clean.text, clean.flags, clean.language) == ("", ("empty",), "unknown")


def test_all_together() -> None:
    raw = (
        "sinusbradykardie steiltyp t abnorm in septalen ableitungen 4.46             unbestÄtigter bericht Edit: ABC 50"
    )
    clean = PIPELINES["ptbxl"].clean(raw)
    assert clean.text == "sinusbradykardie steiltyp t abnorm in septalen ableitungen"
    assert (clean.language, clean.flags) == ("de", ())
    assert clean.steps == ("cut_edit_remark", "lower", "cut_machine_tail")


def test_the_trail_names_the_steps_that_changed_something_in_their_order() -> None:
    pipeline = Pipeline(
        name="three",
        steps=(
            Step(name="upper", apply=str.upper),
            Step(name="strip", apply=str.strip),
            Step(name="shorten", apply=lambda text: text[:3], flag="cut"),
        ),
    )
    assert pipeline.clean(" abc").steps == ("upper", "strip")
    assert pipeline.clean("ABCD").steps == ("shorten",)
    assert pipeline.clean("ABCD").flags == ("cut",)


def test_the_fingerprint_changes_with_any_step_its_version_and_the_order() -> None:
    pipeline = PIPELINES["ptbxl"]
    steps = pipeline.steps
    others = [replace(pipeline, name="other"), replace(pipeline, steps=steps[::-1])]
    for number, step in enumerate(steps):
        others += [
            replace(pipeline, steps=(*steps[:number], *changed, *steps[number + 1 :]))
            for changed in ([], [step, step], [replace(step, name="x")], [replace(step, version=2)])
        ]
    prints = {pipeline.fingerprint, *(other.fingerprint for other in others)}
    assert len(prints) == 1 + len(others)
    assert all(re.fullmatch(r"[0-9a-f]{16}", text) for text in prints)
    assert len({pipeline.fingerprint for pipeline in PIPELINES.values()}) == len(PIPELINES)


def test_each_pipeline_is_found_by_its_name_and_has_no_step_twice_with_one_effect() -> None:
    assert set(PIPELINES) == {"ptbxl", "mimic-iv-ecg", "folder"}
    for name, pipeline in PIPELINES.items():
        assert pipeline_of(name) is pipeline
        assert pipeline.name == name
        names = [step.name for step in pipeline.steps]
        assert len(set(names)) == len(names)
        assert {step.flag for step in pipeline.steps} <= {"", *FLAGS}
    with pytest.raises(TextError, match="choose one of"):
        pipeline_of("elsewhere")


def test_a_collection_is_cleaned_once_for_each_distinct_report_and_described() -> None:
    raws = [
        "Sinusrhythmus",
        None,
        "Sinus rhythm",
        "Sinusrhythmus",
        "",
        "Trace only requested.",
        "x" * 11_000,
        "qtc 420",
    ]
    reports = clean_reports(raws, "folder")
    assert reports[1] is None
    assert reports[0] is reports[3]
    assert describe([None, None], "folder") == []
    [note] = describe(reports, "folder")
    assert note == (
        f"reports, cleaned by folder ({PIPELINES['folder'].fingerprint}): 2 German, 2 of unknown language, 1 English, "
        f"1 missing, 1 empty, 1 only boilerplate, 1 longer than the {MAX_CHARACTERS} characters that are read"
    )


def test_a_long_report_is_cut_at_its_last_whole_word() -> None:
    words = "sinus rhythm " * 25_000
    for pipeline in PIPELINES.values():
        clean = pipeline.clean(words)
        assert clean.flags == ("long",)
        assert MAX_CHARACTERS - 20 < len(clean.text) <= MAX_CHARACTERS
        assert set(clean.text.split()) == {"sinus", "rhythm"}
    assert limit_length("x" * 20_000) == "x" * MAX_CHARACTERS
    assert limit_length("short report") == "short report"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Confirmed by Dr. Smith, left bundle branch block", "left bundle branch block"),
        ("Confirmed by Smith, John MD. Sinus rhythm", "sinus rhythm"),
        ("Warning: QT prolonged; sinus rhythm", "qt prolonged; sinus rhythm"),
        ("Warning: data quality prohibits interpretation", ""),
        ("AF\x00\x07\x1b[31m with LBBB", "af with lbbb"),
        ("Previous ECG showed AF; now sinus rhythm", "now sinus rhythm"),
        ("Kein Vergleich zum Vor-EKG möglich, Vorhofflimmern", "vorhofflimmern"),
    ],
)
def test_what_stands_beside_a_remark_stays_where_it_is_of_the_trace(written: str, kept: str) -> None:
    assert PIPELINES["folder"].clean(written).text == kept
