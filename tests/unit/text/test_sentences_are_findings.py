"""A report is split into its findings; the reports here are invented in the shape of real ones."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from ecg_text.text.cleaning.sources import clean_reports
from ecg_text.text.sentences import split_sentences

TRICKY = Path(__file__).with_name("tricky_reports.tsv")


def tricky_reports() -> list[tuple[str, tuple[str, ...]]]:
    """The reports of the table and their findings; a written \\n is a line break."""
    lines = [line for line in TRICKY.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    pairs = [line.split("\t") for line in lines]
    return [(report.replace("\\n", "\n"), tuple(findings.split(" | "))) for report, findings in pairs]


@pytest.mark.parametrize(("report", "findings"), tricky_reports())
def test_tricky_reports_are_split_as_a_reader_would(report: str, findings: tuple[str, ...]) -> None:
    assert split_sentences(report) == findings


def test_the_table_of_tricky_reports_is_long_and_names_none_twice() -> None:
    reports = [report for report, _ in tricky_reports()]
    assert len(reports) >= 60
    assert len(set(reports)) == len(reports)


@pytest.mark.parametrize("report", [report for report, _ in tricky_reports()])
def test_splitting_what_was_split_changes_nothing(report: str) -> None:
    findings = split_sentences(report)
    assert split_sentences(". ".join(findings)) == findings or any("." in finding for finding in findings)


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
        "keinen rechtsschenkelblock",
        "kein eindeutiges vorhofflimmern",
        "keine wesentliche st-senkung",
        "nicht mehr nachweisbares vorhofflimmern",
        "ingen säker st-sänkning",
        "inte förmaksflimmer",
        "without left axis deviation",
        "no longer left axis deviation",
        "sinus rhythm not present",
        "sinusrhythmus fehlt",
        "verkürzte pq-zeit",
        "snabbt förmaksflimmer",
    ],
)
def test_a_bound_statement_stays_with_its_neighbour(report: str) -> None:
    assert split_sentences(report) == (report,)


def test_a_statement_alone_is_no_adjective_of_the_next_one() -> None:
    assert split_sentences("p-sinistrocardiale linkstyp") == ("p-sinistrocardiale", "linkstyp")
    assert split_sentences("mlt vereinzelte ves") == ("mlt", "vereinzelte ves")


def test_no_word_is_lost_or_moved() -> None:
    report = "sinusrhythmus, linkstyp (1. ableitung) t neg in iii; q in v1, st-hebung? normales ekg"
    words = re.findall(r"\w+", report)
    assert re.findall(r"\w+", " ".join(split_sentences(report))) == words


@pytest.mark.shared
@pytest.mark.slow
def test_real_reports_split_into_few_frequent_findings(shared_dir: Path) -> None:
    with (shared_dir / "data/ptbxl/ptbxl_database.csv").open(encoding="utf-8") as file:
        raw = [row["report"] for row in csv.DictReader(file) if int(row["strat_fold"]) < 10]
    reports = [report.text for report in clean_reports(raw, "ptbxl") if report]
    findings = [split_sentences(report) for report in reports]
    flat = [finding for of_one in findings for finding in of_one]
    assert len(set(flat)) < 5500
    assert 3 < len(flat) / len(findings) < 4
    assert all(findings[number] for number, report in enumerate(reports) if report)
    assert all(
        re.findall(r"\w", " ".join(of_one)) == re.findall(r"\w", report)
        for of_one, report in list(zip(findings, reports, strict=True))[::10]
    )
