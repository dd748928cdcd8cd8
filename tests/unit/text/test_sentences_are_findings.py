"""A report is split into its findings; the reports here are invented in the shape of real ones."""

from __future__ import annotations

import csv
import re
import time
from pathlib import Path

import pytest

from ecg_text.text.reports import clean_report
from ecg_text.text.sentences import split_sentences


@pytest.mark.parametrize(
    ("report", "findings"),
    [
        ("", ()),
        ("normal ecg.", ("normal ecg",)),
        ("pr interval 0.24 seconds; left axis\nflat t", ("pr interval 0.24 seconds", "left axis", "flat t")),
        ("st elevation in i, avl, v4,5,6. old infarct.", ("st elevation in i, avl, v4,5,6", "old infarct")),
        ("q in v1-v3, a-v block 1. grades. steiltyp", ("q in v1-v3", "a-v block 1. grades", "steiltyp")),
        ("sinusrytm normalt ekg", ("sinusrytm", "normalt ekg")),
    ],
)  # fmt: skip
def test_stops_end_a_finding_but_not_inside_numbers_leads_and_ordinals(report: str, findings: tuple[str, ...]) -> None:
    assert split_sentences(report) == findings


@pytest.mark.parametrize(
    "report",
    [
        "sinusbradykardie | steiltyp | linksposteriorer hemiblock | t abnorm in septalen ableitungen",
        "tachykardes vorhofflimmern | überdrehter rechtstyp | unvollständiger linksschenkelblock | grenzbefund",
        "sinusrhythmus | lagetyp normal | qrs(t) abnorm | septaler infarkt alter unbest. | lateraler infarkt möglich",
        "ventrikuläre extrasystole(n) | sinus arrhythmie | a-v block i | rechtstyp | sonst normales ekg",
        "sinusrhythmus | st & t abnorm, wahrscheinlich septale ischämie oder linksbelastung | qt-verlängerung",
        "sinusrytm | vänster el-axel | avvikande qrs(t) förlopp | septal infarkt sannolikt äldre | p förlängd",
        "sinusrhythmus | linkstyp | flache t in v2 | hohes t in v4 | q in iii | schlechte r-progression | path. ekg",
    ],
)  # fmt: skip
def test_statements_without_a_stop_between_them_are_told_apart(report: str) -> None:
    expected = tuple(statement.rstrip(".") for statement in report.split(" | "))
    found = tuple(statement.rstrip(".") for statement in split_sentences(report.replace(" | ", " ")))
    assert found == expected


@pytest.mark.parametrize(
    "report",
    [
        "linksbelastung bei linkshypertrophie",
        "kein vorhofflimmern",
        "pause nach ventrikulärer extrasystole",
        "geringe veränderung (verdacht auf st-hebung)",
        "sinus rhythm with left axis deviation and right bundle branch block",
        "voltages are high in chest leads suggesting lvh",
    ],
)
def test_a_bound_statement_stays_with_its_neighbour(report: str) -> None:
    assert split_sentences(report) == (report,)


def test_no_word_is_lost_or_moved() -> None:
    report = "sinusrhythmus, linkstyp (1. ableitung) t neg in iii; q in v1, st-hebung? normales ekg"
    words = re.findall(r"\w+", report)
    assert re.findall(r"\w+", " ".join(split_sentences(report))) == words


@pytest.mark.shared
@pytest.mark.slow
def test_real_reports_split_into_few_frequent_findings_quickly(shared_dir: Path) -> None:
    with (shared_dir / "data/ptbxl/ptbxl_database.csv").open(encoding="utf-8") as file:
        raw = [row["report"] for row in csv.DictReader(file)]
    start = time.process_time()
    reports = [clean_report(report) for report in raw]
    findings = [split_sentences(report) for report in reports]
    assert time.process_time() - start < 10
    flat = [finding for of_one in findings for finding in of_one]
    assert len(set(flat)) < 5500
    assert 3 < len(flat) / len(findings) < 4
    assert all(findings[number] for number, report in enumerate(reports) if report)
    assert all(
        re.findall(r"\w", " ".join(of_one)) == re.findall(r"\w", report)
        for of_one, report in list(zip(findings, reports, strict=True))[::10]
    )
