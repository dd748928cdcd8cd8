"""What is written around the paper of an ECG sheet: the title, the gate's findings, a model's answers, the legend."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from xml.etree import ElementTree

import numpy as np

from ecg_text.leads import STANDARD_12
from ecg_text.plots.sheet_blocks import (
    ANSWERS_AT_MM,
    GAP_MM,
    LINE_MM,
    RIGHT_MM,
    SMALL_MM,
    TEXT_MM,
    draw_answers,
    draw_findings,
    draw_legend,
    fitted,
    letters,
)
from ecg_text.plots.sheet_layout import (
    GAIN_MM_PER_MV,
    GRID_MM,
    LEFT_MM,
    PAPER_WIDTH_MM,
    SHEET_SECONDS,
    SPEED_MM_PER_S,
    Plan,
    samples_of,
)
from ecg_text.plots.sheet_marks import ALARM, QUIET, Span, is_cut
from ecg_text.plots.sheet_traces import INK
from ecg_text.plots.svg import DISCLAIMER, SVG, add_text, number
from ecg_text.record import Record
from ecg_text.signal.gate.finding import Finding

_TITLE_MM, _TITLE_Y_MM = 4.6, 11.5
_NOTE_DOWN_MM, _FOOT_MM = 5.0, 5.0


def draw_header(
    root: ElementTree.Element, plan: Plan, title: str, peaks_s: np.ndarray, origin_s: float, total_s: float
) -> None:
    """The title at the left; the heart rate and the seconds shown, of how many, at the right."""
    words = fitted(title, letters(0.68 * GRID_MM, _TITLE_MM)) or "ECG"
    add_text(root, (LEFT_MM, _TITLE_Y_MM), words, size=_TITLE_MM, fill=INK, bold=True)
    told = [_rate_words(plan, peaks_s), _window_words(plan, origin_s, total_s)]
    words = " · ".join(part for part in told if part)
    add_text(root, (RIGHT_MM, _TITLE_Y_MM), words, size=TEXT_MM + 0.3, fill=INK, anchor="end")


def draw_margin(
    root: ElementTree.Element,
    record: Record,
    plan: Plan,
    peaks_s: np.ndarray,
    spans: Sequence[Span],
    findings: Sequence[Finding],
    answers: Sequence[tuple[str, float]],
) -> None:
    """Writes the lower margin, from the end of the grid downwards, and makes the sheet as tall as that needs."""
    y = plan.bottom + _NOTE_DOWN_MM
    scale = f"{SPEED_MM_PER_S:g} mm/s · {GAIN_MM_PER_MV:g} mm/mV · pulse 1 mV, 0.2 s"
    scale += " · blue marks: R peaks" if len(peaks_s) else ""
    add_text(root, (LEFT_MM, y), scale, size=SMALL_MM, fill=INK)
    add_text(root, (RIGHT_MM, y), DISCLAIMER, size=SMALL_MM, fill=INK, anchor="end")
    y += GAP_MM
    cut = dict.fromkeys(cell.lead for cell in plan.cells if is_cut(cell, samples_of(record, cell)))
    notes = [(f"cut at the edge of the paper: {', '.join(cut)}", ALARM)] if cut else []
    for note, colour in [*notes, *((note, QUIET) for note in _notes(record, plan))]:
        for words in wrap(note, letters(GRID_MM, SMALL_MM)):
            y += LINE_MM
            add_text(root, (LEFT_MM, y), words, size=SMALL_MM, fill=colour)
    y = draw_legend(root, plan, spans, y)
    width = ANSWERS_AT_MM - LEFT_MM - 6 if answers else GRID_MM
    bottom = max(draw_findings(root, findings, y, width), draw_answers(root, answers, y, bool(findings)))
    _resize(root, bottom + _FOOT_MM)


def _rate_words(plan: Plan, peaks_s: np.ndarray) -> str:
    shown = peaks_s[(peaks_s >= plan.start_s) & (peaks_s < plan.stop_s)]
    if len(shown) < 2:
        return ""
    return f"{60 * (len(shown) - 1) / float(shown[-1] - shown[0]):.0f} beats/min"


def _window_words(plan: Plan, origin_s: float, total_s: float) -> str:
    shown_s = plan.stop_s - plan.start_s
    if shown_s >= total_s:
        return f"{shown_s:.4g} s"
    if origin_s + plan.start_s == 0:
        return f"first {shown_s:.4g} s of {_time_words(total_s)}"
    return f"{shown_s:.4g} s from {_time_words(origin_s + plan.start_s)}, of {_time_words(total_s)}"


def _time_words(seconds: float) -> str:
    """123.4 -> '123.4 s'; 7384 -> '2 h 03 min 04 s'."""
    if seconds < 3600:
        return f"{seconds:.5g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min {rest:02d} s"


def _notes(record: Record, plan: Plan) -> list[str]:
    """What the layout alone does not tell: leads that have no place on it, and columns that are not consecutive."""
    notes = []
    left_out = [lead for lead in record.leads if lead not in {cell.lead for cell in plan.cells}]
    if left_out:
        notes.append(f"recorded, not shown: {', '.join(left_out)} (the 12x1 layout shows every lead)")
    top = [cell for cell in plan.cells if cell.y == plan.cells[0].y]
    if len(top) > 1 and plan.stop_s - plan.start_s < SHEET_SECONDS:
        starts = ", ".join(f"{cell.start_s - plan.start_s:.3g}" for cell in top)
        same = "every column shows the same seconds" if top[0].start_s == top[-1].start_s else ""
        notes.append(f"shorter than {SHEET_SECONDS:g} s: {same or f'the columns begin at {starts} s'}")
    moved = {cell.lead: cell.offset_mv for cell in plan.cells if cell.offset_mv}
    if moved:
        told = ", ".join(f"{lead} ({offset_mv:+.3g} mV)".replace("-", "−") for lead, offset_mv in moved.items())
        notes.append(f"a constant offset is taken away: {told}")
    if plan.layout == "12x1" and len(plan.cells) < len(STANDARD_12):
        notes.append(f"absent: {', '.join(lead for lead in STANDARD_12 if lead not in record.leads)}")
    return notes


def _resize(root: ElementTree.Element, height: float) -> None:
    """Makes the sheet, and the paper below everything, so many millimetres tall."""
    told = number(height)
    root.attrib |= {"viewBox": f"0 0 {PAPER_WIDTH_MM:g} {told}", "height": f"{told}mm", "role": "img"}
    paper = root.find(f"{{{SVG}}}rect")
    if paper is not None:
        paper.attrib["height"] = told
