"""Cleaning takes time in step with the length, and no word about the trace is lost from real reports."""

from __future__ import annotations

import csv
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecg_text.text.cleaning.language import report_language
from ecg_text.text.cleaning.pipeline import Pipeline
from ecg_text.text.cleaning.sources import PIPELINES, clean_reports
from ecg_text.text.sentences import split_sentences


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Stops what would take for ever: a quadratic step needs hours where a linear one needs a second."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"not done within {seconds} s: a step is not linear")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        *(" ", "\n", ". ", "( ", "-", "*", "#", "Ã", "\x00", "\x1b[", "&am", "<b", "{", "1,", "12 ", "12:", "3. 4. "),
        *("edit ", "4.4 ", "4.46 unbestätigter ", "compared with tracing of ", "no change since ", "it is very very "),
        *("unverändert ", "verglichen mit ", "oförändrat jmf ", "(previously ", "confirmed by ", "warning: ", "nr: 1 "),
        *("septaler ", "alter unbest. ", "ev. ", "bei ", "sinus ", "sinus rhythm with left axis deviation. "),
    ],
)
def test_every_step_and_the_splitter_are_linear_in_the_length(unit: str) -> None:
    text = unit * (150_000 // len(unit))
    every = {step.name: step for pipeline in PIPELINES.values() for step in pipeline.steps}
    del every["limit_length"]
    with _at_most(60):
        for step in every.values():
            assert len(step.apply(text)) <= 2 * len(text), step.name
        assert len(Pipeline(name="every", steps=tuple(every.values())).clean(text).text) <= 2 * len(text)
        assert sum(map(len, split_sentences(text))) <= len(text)


@pytest.fixture(scope="module")
def real_reports(shared_dir: Path) -> list[str]:
    """The distinct reports of PTB-XL's folds 1 to 9."""
    with (shared_dir / "data/ptbxl/ptbxl_database.csv").open(encoding="utf-8") as file:
        return list(dict.fromkeys(row["report"] for row in csv.DictReader(file) if int(row["strat_fold"]) < 10))


@pytest.mark.shared
@pytest.mark.slow
def test_no_real_report_keeps_a_remark_or_a_tail(real_reports: list[str]) -> None:
    cleaned = [report.text for report in clean_reports(real_reports, "ptbxl") if report]
    leftover = re.compile(
        r"\bedit\b|unbestätigt|\b4\.46\b|unconfirmed|trace only|#|\s\s|[A-ZÄÖÜ]|compared with|verglichen mit|jmf|_"
    )
    assert [report for report in cleaned if leftover.search(report)] == []
    assert sum(not report for report in cleaned) / len(cleaned) < 0.02
    assert all(PIPELINES["ptbxl"].clean(report).text == report for report in cleaned[::20])
    languages = [report_language(report) for report in cleaned if report]
    assert languages.count("unknown") / len(languages) < 0.001


# All that may go: the raw words of PTB-XL that are not about the trace, each with the phrase it stands in.
_MAY_GO = re.compile(
    r"4\.4\d?(?:\s+u\w*(?: b\w*)?)?\s*(?:edit\s?:.*)?$|edit\s?:.*|trace only(?: requested)?"
    r"|pat\.? (?:uppgifter|upplysningar) saknas"
    r"|[^.]*\b(?:compared|similar|resembles|unchanged|previously|since|changed|as before|than on)\b[^.]*"
    r"|verglichen mit \S+|(?:väs )?oförändrat.*",
    re.IGNORECASE | re.DOTALL,
)


@pytest.mark.shared
@pytest.mark.slow
def test_no_word_about_the_trace_is_lost_from_real_reports(real_reports: list[str]) -> None:
    lost = []
    for raw in real_reports:
        clean = PIPELINES["ptbxl"].clean(raw)
        if {"drop_line_noise", "mend_seven_bit"} & set(clean.steps):  # five, of which every word is damaged
            continue
        kept = {*_words(clean.text), "sec", "seconds", "bpm", "per", "minute"}
        text = raw.lower().replace("#", "ü").replace("á", "ß")
        if _words(text) <= kept:
            continue
        text = _MAY_GO.sub(" ", text).rstrip()
        lost += [(word, raw) for word in _words(text.rpartition(" ")[0] if "cut" in clean.flags else text) - kept]
    assert lost == []


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text))
