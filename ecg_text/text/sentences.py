"""A cleaned report is split into its findings: at stops where it has them, at known openings where it has none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecg_text.text.cleaning.language import report_language
from ecg_text.text.statements import ABBREVIATION, ADJECTIVE, BINDING, OPENING, OPENING_EN

SEPARATOR = ". "  # between the findings of a report that is put together again

_STOP = re.compile(r"(?:[.!?](?=\s|$)|;|\n)+")
_ORDINAL = re.compile(r"(?:^|[\s(])(?:\d|i{1,3}|1st|2nd|3rd|[123]:[ae])$")
_DEGREE = re.compile(r"\s*(?:grad(?!ual)|degree|deg\b|°|typ\b|type\b)")
_DAY, _DAY_AND_MONTH = re.compile(r"(?:^|[\s(])\d{1,2}$"), re.compile(r"(?:^|[\s(])\d{1,2}\.\s?\d{1,2}$")
_LIST_MARK = re.compile(r"(?:^|(?<=[.;:] ))\(?\d{1,2}[.)]\s+(?=[^\W\d])")
_MONTH_AND_YEAR, _YEAR = re.compile(r"\s?\d{1,2}\.\s?\d{2,4}(?!\d)"), re.compile(r"\s?\d{2,4}(?!\d)")
_BRACKETED = re.compile(r"\([^()]{0,200}\)")
_HAS_WORD = re.compile(r"[^\W\d_]")
# Characters before a place that decide whether a finding ends there; the longest of their phrases has fewer.
_LOOK_BEHIND, _LOOK_AHEAD = 60, 16


def split_sentences(report: str) -> tuple[str, ...]:
    """The findings of a cleaned report in their order, without the stops; () for an empty report.

    A full stop, a semicolon or a line break ends a finding; the stop of a decimal, a date, an ordinal ("av-block 1.
    grades") or an abbreviation ("alter unbest.", "ev. gammal") does not, nor does one in brackets; commas, which list
    leads, do not either. The number of a numbered finding ("2. linkstyp") goes. Behind that, each of the openings known
    from German and Scandinavian machine reports starts a finding, unless a word such as "bei" or "kein" binds it to
    the one before or it stands in brackets. The time is linear in the length.
    """
    opening = OPENING_EN if report_language(report) == "en" else OPENING
    return tuple(finding for piece in _between_stops(report) for finding in _between_openings(piece, opening))


def _between_stops(report: str) -> Iterator[str]:
    if _LIST_MARK.match(report):
        report = _LIST_MARK.sub("", report)
    start = 0
    bracket, brackets = (0, 0), (match.span() for match in _BRACKETED.finditer(report))
    for stop in _STOP.finditer(report):
        while bracket[1] <= stop.start():
            bracket = next(brackets, (len(report) + 1, len(report) + 2))
        if bracket[0] <= stop.start() or _is_inner_stop(report, start, stop):
            continue
        yield report[start : stop.start()]
        start = stop.end()
    yield report[start:]


def _is_inner_stop(report: str, start: int, stop: re.Match[str]) -> bool:
    """Whether this full stop belongs to an ordinal, a date or an abbreviation in the finding that begins at start."""
    if stop.group() != ".":
        return False
    before = report[max(start, stop.start() - _LOOK_BEHIND) : stop.start()]
    after = report[stop.end() : stop.end() + _LOOK_AHEAD]
    if _ORDINAL.search(before) and _DEGREE.match(after):
        return True
    if (_DAY.search(before) and _MONTH_AND_YEAR.match(after)) or (_DAY_AND_MONTH.search(before) and _YEAR.match(after)):
        return True
    return bool(after.strip()) and ABBREVIATION.search(before) is not None


def _between_openings(piece: str, opening: re.Pattern[str]) -> Iterator[str]:
    start = depth = counted = 0
    for match in opening.finditer(piece):
        depth += piece.count("(", counted, match.start()) - piece.count(")", counted, match.start())
        counted = match.start()
        before = piece[max(start, match.start() - _LOOK_BEHIND) : match.start()]
        if depth > 0 or BINDING.search(before) or _is_adjective(before, opening):
            continue
        yield from _finding(piece[start : match.start()])
        start, depth = match.start(), 0
    yield from _finding(piece[start:])


def _is_adjective(before: str, opening: re.Pattern[str]) -> bool:
    """Whether all that stands before an opening is one adjective that is no statement itself ("verkürzte pq-zeit")."""
    word = before.strip()
    return ADJECTIVE.fullmatch(word) is not None and opening.fullmatch(word) is None


def _finding(text: str) -> Iterator[str]:
    """The text without the punctuation around it, or nothing where it holds no word."""
    finding = text.strip(" ,.;:!?")
    if _HAS_WORD.search(finding):
        yield finding
