"""Reports lose what is not about the trace, and nothing else; all reports here are invented, in real shapes."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from ecg_text.text.reports import (
    FIELD_WIDTH,
    clean_report,
    cut_edit_remark,
    cut_machine_tail,
    cut_no_reading,
    cut_status,
    drop_cut_word,
    end_columns,
    repair_letters,
    report_language,
    tidy,
)


@pytest.mark.parametrize("spelling", ["Edit: ", "edit: ", "EDIT:", "Edit : "])
def test_a_curators_remark_is_cut_however_it_is_spelled(spelling: str) -> None:
    assert cut_edit_remark(f"sinus rhythm. left axis. {spelling}XYZ 100, (XYZ 80)") == "sinus rhythm. left axis."


def test_a_word_that_begins_like_the_remark_stays() -> None:
    assert cut_edit_remark("edited trace. sinus rhythm") == "edited trace. sinus rhythm"


def test_upper_case_umlauts_inside_words_and_lost_ones_are_repaired() -> None:
    assert repair_letters("vorhofÜberlastung mÖglich, r-s #bergang, f#r lvh") == (
        "vorhofüberlastung möglich, r-s übergang, für lvh"
    )


@pytest.mark.parametrize(
    "tail", ["4.46          unbestätigter bericht", "4.46      unbestätig", "4.46        ", "4.46", "4.46   u"]
)
def test_the_machines_tail_is_cut_also_where_it_is_cut_short(tail: str) -> None:
    assert cut_machine_tail(f"sinusrhythmus rechtstyp {tail}") == "sinusrhythmus rechtstyp"


def test_a_number_that_is_no_version_stays() -> None:
    assert cut_machine_tail("sokolow 3.8") == "sokolow 3.8"
    assert cut_machine_tail("pr interval 0.24 seconds") == "pr interval 0.24 seconds"


def test_the_status_of_the_paper_is_cut_anywhere() -> None:
    assert cut_status("unconfirmed report. sinus rhythm").strip() == "sinus rhythm"
    assert cut_status("steiltyp unbestätigter befund") == "steiltyp"


def test_that_nobody_read_the_trace_is_no_report() -> None:
    assert clean_report("Trace only requested.") == ""
    assert cut_no_reading("trace only. sinus rhythm").strip() == "sinus rhythm"


def test_a_word_cut_at_the_field_width_is_dropped() -> None:
    whole = "sinus rhythm. no change since, findings of"
    cut = whole.rjust(FIELD_WIDTH - 5, "x") + " isch"
    assert len(cut) == FIELD_WIDTH
    assert drop_cut_word(cut).endswith(whole)
    assert drop_cut_word("short isch") == "short isch"


def test_wide_gaps_end_a_line_and_narrow_ones_wrap_it() -> None:
    assert tidy(end_columns("steiltyp          grenzbefund")) == "steiltyp. grenzbefund"
    assert tidy(end_columns("lateraler infarkt     alter unbest.")) == "lateraler infarkt alter unbest."
    assert tidy("sinus rhythm .  no change ;  as before") == "sinus rhythm. no change; as before"


def test_a_report_of_signs_only_is_empty() -> None:
    assert clean_report("  .. - !") == ""
    assert clean_report("") == ""


def test_all_together() -> None:
    raw = (
        "sinusbradykardie steiltyp t abnorm in septalen ableitungen 4.46             unbestÄtigter bericht Edit: ABC 50"
    )
    assert clean_report(raw) == "sinusbradykardie steiltyp t abnorm in septalen ableitungen"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("sinusrhythmus mit steiltyp", "de"),
        ("the rhythm is sinus with left axis deviation", "en"),
        ("sinusrytm, höger el-axel och normalt ekg", "sv"),
        ("12345", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_language_is_told_by_its_own_words(text: str, language: str) -> None:
    assert report_language(text) == language


@pytest.mark.shared
@pytest.mark.slow
def test_no_real_report_keeps_a_remark_or_a_tail(shared_dir: Path) -> None:
    with (shared_dir / "data/ptbxl/ptbxl_database.csv").open(encoding="utf-8") as file:
        cleaned = [clean_report(row["report"]) for row in csv.DictReader(file)]
    leftover = re.compile(r"\bedit\b|unbestätigt|\b4\.46\b|unconfirmed|trace only|#|\s\s|[A-ZÄÖÜ]|[\w][ÄÖÜ][\w]")
    assert [report for report in cleaned if leftover.search(report)] == []
    assert sum(not report for report in cleaned) / len(cleaned) < 0.02
    assert all(clean_report(report) == report for report in cleaned[::20])
    languages = [report_language(report) for report in cleaned if report]
    assert languages.count("unknown") / len(languages) < 0.001
