"""What is drawn over and under the traces: names, calibration pulses, R peaks, evidence spans, cut traces."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from xml.etree import ElementTree

import numpy as np

from ecg_text.errors import ConfigError, LeadError
from ecg_text.plots.sheet_layout import GAIN_MM_PER_MV, SPEED_MM_PER_S, Cell, Plan, samples_of
from ecg_text.plots.sheet_traces import INK
from ecg_text.plots.svg import add, add_text, number
from ecg_text.record import Record

QUIET, ALARM = "#6b7683", "#a3242b"
_SPAN_COLOURS = ("#1c7ed6", "#e8870e", "#2b8a3e", "#862e9c", "#0b7285")
_FAINTEST, _STRONGEST = 0.10, 0.42  # opacity of spans of strength 0 and 1
_NAME_MM, _NAME_DOWN_MM = 3.6, 5.2
_PULSE_MV, _PULSE_S, _PULSE_BEFORE_MM = 1.0, 0.2, 9.0
_TICK, _TICK_MM = "#3b5bdb", 2.0


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of a lead that an answer rests on: seconds of the record, a label, a strength from 0 to 1.

    lead None stands for all leads. Raises ConfigError where the span is empty or the strength out of range.
    """

    lead: str | None
    start_s: float
    stop_s: float
    label: str = ""
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.stop_s) and self.start_s < self.stop_s):
            raise ConfigError(f"a span from {self.start_s:g} s to {self.stop_s:g} s is empty; give start_s < stop_s")
        if not 0 <= self.strength <= 1:
            raise ConfigError(f"the strength of a span is {self.strength:g}; give 0 for none, 1 for full")


def span_colours(spans: Sequence[Span]) -> Mapping[str, str]:
    """A colour for each label, in the order of their first spans."""
    return dict(zip(dict.fromkeys(span.label for span in spans), cycle(_SPAN_COLOURS), strict=False))


def draw_spans(root: ElementTree.Element, plan: Plan, spans: Sequence[Span]) -> None:
    """Shades the spans behind the traces and over the grid. Raises LeadError for a lead that the sheet lacks."""
    drawn = {cell.lead for cell in plan.cells}
    colours = span_colours(spans)
    place = next((i for i, child in enumerate(root) if child.get("stroke") == INK), len(root))
    for span in spans:
        if span.lead is not None and span.lead not in drawn:
            raise LeadError(f"a span is in lead {span.lead}; the sheet shows {', '.join(sorted(drawn))}")
        for cell in plan.cells:
            start_s, stop_s = max(span.start_s, cell.start_s), min(span.stop_s, cell.stop_s)
            if span.lead in (None, cell.lead) and start_s < stop_s:
                shade = add(root, "rect", _area(cell, start_s, stop_s))
                shade.attrib |= {"class": "span", "fill": colours[span.label], "opacity": number(opacity(span))}
                root.remove(shade)
                root.insert(place, shade)
                place += 1


def opacity(span: Span) -> float:
    """How dark a span is: its strength, never so faint as to be missed, never so dark as to hide the grid."""
    return _FAINTEST + (_STRONGEST - _FAINTEST) * span.strength


def _area(cell: Cell, start_s: float, stop_s: float) -> dict[str, str | float]:
    width = (stop_s - start_s) * SPEED_MM_PER_S
    return {"x": cell.x_of(start_s), "y": cell.y, "width": width, "height": cell.height}


def draw_marks(root: ElementTree.Element, record: Record, plan: Plan, peaks_s: np.ndarray) -> None:
    """Names, calibration pulses, and a tick above each row where a beat is; peaks_s (n,) are seconds of the record."""
    for cell in plan.cells:
        if cell.first:
            _draw_pulse(root, cell)
        samples = samples_of(record, cell)
        fill = ALARM if is_cut(cell, samples) else INK
        add_text(root, (cell.x + 0.6, cell.y + _NAME_DOWN_MM), cell.lead, size=_NAME_MM, fill=fill, bold=True)
        if not samples.size:
            middle = cell.x + (cell.panel_x + cell.panel_width - cell.x) / 2
            add_text(root, (middle, cell.baseline - 1), "absent", size=_NAME_MM, fill=QUIET, anchor="middle")
            continue
        inside = peaks_s[(peaks_s >= cell.start_s) & (peaks_s < cell.stop_s)]
        if inside.size:
            ticks = "".join(f"M{number(cell.x_of(time_s))} {number(cell.y)}v{_TICK_MM:g}" for time_s in inside.tolist())
            add(root, "path", {"class": "beats", "d": ticks, "fill": "none", "stroke": _TICK, "stroke-width": 0.45})


def is_cut(cell: Cell, samples: np.ndarray) -> bool:
    """Whether a part of the trace lies beyond the paper of its row."""
    return bool(((samples > cell.high_mv) | (samples < cell.low_mv)).any())


def _draw_pulse(root: ElementTree.Element, cell: Cell) -> None:
    """One millivolt for 0.2 s, before the row's first trace and on its base line."""
    x, up, along = cell.x - _PULSE_BEFORE_MM, _PULSE_MV * GAIN_MM_PER_MV, _PULSE_S * SPEED_MM_PER_S
    d = f"M{number(x - 2)} {number(cell.baseline)}h2v-{up:g}h{along:g}v{up:g}h2"
    add(root, "path", {"class": "pulse", "d": d, "fill": "none", "stroke": INK, "stroke-width": 0.3})
