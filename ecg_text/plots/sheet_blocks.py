"""The blocks of an ECG sheet's lower margin: the legend of its spans, the gate's findings, a model's answers.

Each takes the line where the one above it ended, and returns the line where it ends itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import wrap
from xml.etree import ElementTree

from ecg_text.plots.sheet_layout import GRID_MM, LEFT_MM, Plan
from ecg_text.plots.sheet_marks import ALARM, QUIET, Span, opacity, span_colours
from ecg_text.plots.sheet_traces import INK
from ecg_text.plots.svg import add, add_text, signed
from ecg_text.signal.gate.finding import Finding, Severity

RIGHT_MM = LEFT_MM + GRID_MM
ANSWERS_AT_MM = 205.0  # where the answers stand beside findings
TEXT_MM, SMALL_MM = 2.9, 2.6
LINE_MM, GAP_MM = 4.4, 2.0
MOST_FINDINGS, MOST_LINES, MOST_ANSWERS = 5, 3, 8
_ANSWERS_MM = 110.0  # the width of answers that stand alone
_LETTER = 0.58  # mean width of a letter over its height, generous: a viewer's font is not known
_SEVERITY_MM = 19.0  # the width of "warning" and a gap
_SEVERITIES = {
    Severity.REFUSE: ("refuse", ALARM),
    Severity.WARN: ("warning", "#9a5b00"),
    Severity.NOTE: ("note", QUIET),
}


def draw_legend(root: ElementTree.Element, plan: Plan, spans: Sequence[Span], y: float) -> float:
    """A swatch and a label for each kind of span; returns where the next line may begin."""
    if not spans:
        return y
    y += LINE_MM + 0.6
    x = LEFT_MM
    for label, colour in span_colours(spans).items():
        words = fitted(label, 60) or "evidence"
        width = 7.5 + len(words) * TEXT_MM * _LETTER + 5
        if x > LEFT_MM and x + width > RIGHT_MM:
            x, y = LEFT_MM, y + LINE_MM
        darkest = max(opacity(span) for span in spans if span.label == label)
        box: dict[str, str | float] = {"class": "legend", "fill": colour, "opacity": darkest}
        add(root, "rect", box | {"x": x, "y": y - 2.4, "width": 6.0, "height": 3.0})
        add_text(root, (x + 7.5, y), words, size=TEXT_MM, fill=INK)
        x += width
    hidden = sum(span.stop_s <= plan.start_s or span.start_s >= plan.stop_s for span in spans)
    words = "darker: stronger" + (f"; {hidden} outside these seconds" if hidden else "")
    if x + len(words) * SMALL_MM * _LETTER > RIGHT_MM:
        x, y = LEFT_MM, y + LINE_MM
    add_text(root, (x, y), words, size=SMALL_MM, fill=QUIET)
    return y + 1.0


def draw_findings(root: ElementTree.Element, findings: Sequence[Finding], y: float, width: float) -> float:
    """The gravest findings, each with its evidence; returns the last line's place."""
    if not findings:
        return y
    y += LINE_MM + GAP_MM
    add_text(root, (LEFT_MM, y), "Signal quality", size=TEXT_MM, fill=QUIET)
    y += 0.6
    ordered = sorted(findings, key=lambda found: -found.severity)
    for found in ordered[:MOST_FINDINGS]:
        word, colour = _SEVERITIES[found.severity]
        add_text(root, (LEFT_MM, y + LINE_MM), word, size=TEXT_MM, fill=colour, bold=True)
        for words in wrap(
            told_with_leads(found), letters(width - _SEVERITY_MM, TEXT_MM), max_lines=MOST_LINES, placeholder=" …"
        ) or [found.code]:
            y += LINE_MM
            add_text(root, (LEFT_MM + _SEVERITY_MM, y), words, size=TEXT_MM, fill=INK)
        evidence = " · ".join(found.measured).replace("-", "−")
        for words in _wrapped(evidence, width - _SEVERITY_MM, SMALL_MM):
            y += LINE_MM * 0.86
            add_text(root, (LEFT_MM + _SEVERITY_MM, y), words, size=SMALL_MM, fill=QUIET)
    if len(ordered) > MOST_FINDINGS:
        y += LINE_MM
        words = f"and {len(ordered) - MOST_FINDINGS} more"
        add_text(root, (LEFT_MM + _SEVERITY_MM, y), words, size=TEXT_MM, fill=QUIET)
    return y


def told_with_leads(found: Finding) -> str:
    """The sentence of a finding, after the leads that it concerns where it does not name them all itself."""
    named = set(re.findall(r"\w+", found.message))
    return found.message if named.issuperset(found.leads) else f"{' '.join(found.leads)}: {found.message}"


def _wrapped(text: str, width: float, size: float) -> list[str]:
    return wrap(text, letters(width, size), max_lines=MOST_LINES, placeholder=" …")


def draw_answers(root: ElementTree.Element, answers: Sequence[tuple[str, float]], y: float, beside: bool) -> float:
    """The most similar labels, the best first, in a column beside the findings; returns the last line's place."""
    if not answers:
        return y
    x = ANSWERS_AT_MM if beside else LEFT_MM
    right = RIGHT_MM if beside else LEFT_MM + _ANSWERS_MM
    y += LINE_MM + GAP_MM
    add_text(root, (x, y), "Similarity to the label's words, not a probability", size=TEXT_MM, fill=QUIET)
    y += 0.6
    for label, similarity in sorted(answers, key=lambda pair: -pair[1])[:MOST_ANSWERS]:
        y += LINE_MM
        words = fitted(label, letters(right - x - 14, TEXT_MM))
        add_text(root, (x, y), words, size=TEXT_MM, fill=INK)
        add_text(root, (right, y), signed(similarity), size=TEXT_MM, fill=INK, anchor="end")
    if len(answers) > MOST_ANSWERS:
        y += LINE_MM
        add_text(root, (x, y), f"and {len(answers) - MOST_ANSWERS} more", size=TEXT_MM, fill=QUIET)
    return y


def letters(width: float, size: float) -> int:
    """How many letters of a size fit in a width."""
    return int(width / (size * _LETTER))


def fitted(text: str, most: int) -> str:
    """A text in one line, its end left out where it is too long."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
