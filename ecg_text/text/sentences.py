"""A cleaned report is split into its findings: at stops where it has them, at known openings where it has none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecg_text.text.reports import report_language
from ecg_text.text.statements import ABBREVIATION, BINDING, OPENING, OPENING_EN

_STOP = re.compile(r"(?:[.!?](?=\s|$)|;|\n)+")
_ORDINAL = re.compile(r"(?:^|[\s(])(?:\d|i{1,3}|1st|2nd)$")
_DEGREE = re.compile(r"\s*(?:grad|degree|°)")
_HAS_WORD = re.compile(r"[^\W\d_]")


def split_sentences(report: str) -> tuple[str, ...]:
    """The findings of a cleaned report in their order, without the stops; () for an empty report.

    A full stop, a semicolon or a line break ends a finding; the stop of a decimal, an ordinal ("av-block 1. grades") or
    an abbreviation ("alter unbest.") does not, and commas, which list leads, do not. Behind that, each of
    the openings known from German and Swedish machine reports starts a finding, unless a word such
    as "bei" or "kein" binds it to the one before or it stands in brackets.
    """
    opening = OPENING_EN if report_language(report) == "en" else OPENING
    return tuple(finding for piece in _between_stops(report) for finding in _between_openings(piece, opening))


def _between_stops(report: str) -> Iterator[str]:
    start = 0
    for stop in _STOP.finditer(report):
        if not _is_inner_stop(report[start : stop.start()], stop.group(), report[stop.end() :][:10]):
            yield report[start : stop.start()]
            start = stop.end()
    yield report[start:]


def _is_inner_stop(before: str, stop: str, after: str) -> bool:
    """Whether this full stop belongs to an ordinal or an abbreviation in mid-sentence."""
    if stop != ".":
        return False
    if _ORDINAL.search(before) and _DEGREE.match(after):
        return True
    return bool(after.strip()) and ABBREVIATION.search(before) is not None


def _between_openings(piece: str, opening: re.Pattern[str]) -> Iterator[str]:
    start = 0
    for match in opening.finditer(piece):
        before = piece[start : match.start()]
        if before.count("(") > before.count(")") or BINDING.search(before):
            continue
        yield from _finding(before)
        start = match.start()
    yield from _finding(piece[start:])


def _finding(text: str) -> Iterator[str]:
    """The text without the punctuation around it, or nothing where it holds no word."""
    finding = text.strip(" ,.;:!?")
    if _HAS_WORD.search(finding):
        yield finding
