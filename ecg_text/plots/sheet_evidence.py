"""What a similarity rests on, drawn on ECG paper: by moment and by beat below the traces, by lead at its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from ecg_text.plots.sheet import Sheet
from ecg_text.plots.sheet_blocks import LINE_MM, SMALL_MM, TEXT_MM, fitted, letters
from ecg_text.plots.sheet_lane import EVIDENCE, FAINT, LEAST_CHANGE, STRONG, change, draw_lane
from ecg_text.plots.sheet_layout import GRID_MM, LEFT_MM, Plan, plan_sheet
from ecg_text.plots.sheet_margin import draw_header, draw_margin
from ecg_text.plots.sheet_marks import QUIET, Span, draw_marks, draw_spans
from ecg_text.plots.sheet_traces import INK, draw_traces
from ecg_text.plots.svg import add, add_text, signed, text_of
from ecg_text.record import Record
from ecg_text.signal.gate.finding import Finding

if TYPE_CHECKING:
    from ecg_text.hub.explanation import Deletion, Explanation

WARNING = "#9a5b00"
_TITLE_DOWN_MM = 15.4
_NAME_LETTER_MM, _NARROW_MM = 2.7, 1.35  # of a lead's name in bold; an I is narrow
_CHANGE_MM, _BAR_MM, _BAR_HEIGHT_MM = 2.4, 9.0, 0.7
# A moment is shaded that costs so much of the similarity; the strength of its shade is the share, as far as this.
_WORTH_A_SHADE, _DARKEST = 0.1, 0.4
_MOST_LETTERS = 46  # of the text in the title
_KEY = (
    "Below the traces: how similar each moment is alone, as the model sees it in its surroundings (dashed: the whole); "
    "how the similarity changes without each moment (steps) and without each beat (pins). At the names: without the "
    "lead; a limb lead follows from two others, and is missed less. Shaded: what costs a tenth of it or more."
)


def draw_explanation(
    record: Record,
    explanation: Explanation,
    *,
    title: str = "",
    layout: str = "3x4",
    findings: Sequence[Finding] = (),
    origin_s: float = 0.0,
    total_s: float | None = None,
) -> Sheet:
    """The first ten seconds of an explained record on ECG paper, with what the similarity of the text rests on.

    Where the deletion check holds for the moments missed most, those that cost a tenth of the similarity or more are
    shaded in all leads. layout, origin_s and total_s are those of draw_sheet; the title is the caller's. Raises
    ConfigError for an unknown layout.
    """
    plan = plan_sheet(record, layout, 0.0)
    peaks_s = explanation.beat_peak_s
    root = draw_traces(record, plan)
    draw_spans(root, plan, _shades(explanation))
    draw_marks(root, record, plan, peaks_s)
    _draw_lead_changes(root, plan, explanation)
    asked = f"“{fitted(explanation.text, _MOST_LETTERS)}” · similarity {signed(explanation.similarity)}"
    draw_header(root, plan, asked, peaks_s, origin_s, explanation.record_s if total_s is None else total_s)
    add_text(root, (LEFT_MM, _TITLE_DOWN_MM), _subtitle(title, explanation), size=SMALL_MM, fill=QUIET)
    below = _draw_words(root, explanation, draw_lane(root, plan, explanation))
    draw_margin(root, record, replace(plan, bottom=below), peaks_s, (), findings, ())
    return Sheet(text_of(root))


def _subtitle(title: str, explanation: Explanation) -> str:
    """The caller's title, and how the text was read where that is not as it was written, or does not fit above."""
    text = " ".join(explanation.text.split())
    as_read = explanation.read_as.casefold() == text.casefold() and len(text) <= _MOST_LETTERS
    told = [title, "" if as_read else f"read as “{explanation.read_as}”"]
    return fitted(" · ".join(part for part in told if part), letters(GRID_MM, SMALL_MM))


def _shades(explanation: Explanation) -> list[Span]:
    """The moments without which a tenth of the similarity or more is lost, where random others matter less.

    A finding that every beat tells has none: no single moment is missed much.
    """
    if explanation.similarity <= 0 or not explanation.holds("missed"):
        return []
    shares = np.minimum(explanation.token_fall / explanation.similarity, _DARKEST)
    return [
        Span(lead=None, start_s=start_s, stop_s=stop_s, strength=share)
        for share, (start_s, stop_s) in zip(shares.tolist(), explanation.token_span_s.tolist(), strict=True)
        if share >= _WORTH_A_SHADE
    ]


def _draw_lead_changes(root: ElementTree.Element, plan: Plan, explanation: Explanation) -> None:
    """Beside the name of each lead, how the similarity changes without it: a number, and a bar below the name."""
    falls = dict(zip(explanation.leads, explanation.lead_fall.tolist(), strict=True))
    full = max(LEAST_CHANGE, float(np.nan_to_num(np.abs(explanation.lead_fall)).max(initial=0.0)))
    drawn = {cell.lead: cell for cell in reversed(plan.cells)}  # a rhythm strip repeats a lead: its first cell counts
    for lead, cell in drawn.items():
        fall = falls.get(lead, np.nan)
        if np.isnan(fall):
            continue
        width = sum(_NARROW_MM if letter == "I" else _NAME_LETTER_MM for letter in lead)
        add_text(root, (cell.x + width + 1.8, cell.y + 5.2), change(fall), size=_CHANGE_MM, fill=INK)
        box = {"x": cell.x + 0.7, "y": cell.y + 6.2, "width": _BAR_MM * abs(fall) / full, "height": _BAR_HEIGHT_MM}
        add(root, "rect", {"class": "lead", "fill": EVIDENCE, "opacity": STRONG if fall > 0 else FAINT, **box})


def _draw_words(root: ElementTree.Element, explanation: Explanation, y: float) -> float:
    """The deletion check, and what the marks mean; returns where the words end."""
    y += LINE_MM + 0.6
    holds = explanation.holds("missed")
    verdict = f"Deletion check: {explanation.verdict}"
    add_text(root, (LEFT_MM, y), verdict, size=TEXT_MM, fill=INK if holds else WARNING, bold=True)
    for chosen_by, words in (("missed", "missed most"), ("similar", "most similar")):
        told = "; ".join(_told(one) for one in explanation.deletion if one.chosen_by == chosen_by)
        for line in wrap(f"without the moments {words}: {told}", letters(GRID_MM, TEXT_MM)) if told else ():
            y += LINE_MM
            add_text(root, (LEFT_MM, y), line, size=TEXT_MM, fill=INK)
    for words in wrap(_KEY, letters(GRID_MM, SMALL_MM)):
        y += LINE_MM * 0.9
        add_text(root, (LEFT_MM, y), words, size=SMALL_MM, fill=QUIET)
    return y - 0.6


def _told(deletion: Deletion) -> str:
    as_much = f"{deletion.num_as_much} of {len(deletion.random_falls)} as much"
    fall, by_chance = change(deletion.fall), change(deletion.random_fall)
    return f"{deletion.percent} of the time {fall} (random others {by_chance}, {as_much})"
