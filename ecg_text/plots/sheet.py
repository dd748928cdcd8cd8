"""An ECG on paper: 25 mm a second, 10 mm a millivolt, a calibration pulse; drawn by ecg_plot."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ecg_text.errors import ConfigError
from ecg_text.leads import STANDARD_12
from ecg_text.plots.svg import DISCLAIMER, SVG, compact, signed, text_of
from ecg_text.record import Record

LAYOUTS = ("3x4", "6x2", "stacked")
SHEET_SECONDS = 10.0
_LINE_MM = 5.0
_FONT_MM = 2.9
_STEP_MV = 0.5
_LEAST_RANGE_MV = (-1.0, 1.5)
_MOST_RANGE_MV = (-5.0, 5.0)  # an artefact beyond is cut, and ecg_plot writes "out of range" beside it
_INK = "#23303d"


def sheet_svg(
    record: Record, *, title: str = "", findings: Sequence[tuple[str, float]] = (), layout: str = "3x4"
) -> str:
    """The record's first ten seconds on ECG paper, as an SVG measured in millimetres.

    "3x4" is the clinic's sheet of twelve leads in four columns over a rhythm strip of lead II, "6x2" two columns of
    six leads, "stacked" every lead in full, one below the other. A record without all twelve leads is laid out with
    those it has. findings are (label, similarity) pairs, written below the paper. The title is the caller's: nothing
    about the person in the record is written by itself. Raises ConfigError for an unknown layout.
    """
    if layout not in LAYOUTS:
        raise ConfigError(f"no sheet layout {layout!r}; choose one of {', '.join(LAYOUTS)}")
    root = compact(_chart(record, title or "ECG", layout).to_svg())
    width_mm = float(root.attrib["viewBox"].split()[2])
    _add_lines(root, _lines_below(record, findings, width_mm))
    return text_of(root)


def _chart(record: Record, title: str, layout: str) -> Any:
    import ecg_plot

    if set(STANDARD_12) <= set(record.leads):
        record = record.select(STANDARD_12)
    elif layout == "3x4":
        layout = "6x2" if len(record.leads) > 3 else "stacked"
    signal = record.signal[:, : round(SHEET_SECONDS * record.rate_hz)]
    how: dict[str, dict[str, Any]] = {
        "3x4": {"layout": "12lead", "time_mode": "sequential", "rhythm_lead": "II"},
        "6x2": {"layout": "columns", "time_mode": "sequential", "columns": 2},
        "stacked": {"layout": "stacked"},
    }
    return ecg_plot.plot(
        signal,
        sample_rate=record.rate_hz,
        lead_names=list(record.leads),
        title=title,
        amplitude_range=_amplitude_range_mv(signal),
        style=ecg_plot.Style(
            line_color=_INK,
            line_width=0.3,
            major_color="#ecbab5",
            minor_color="#f8e4e1",
            background="#fffdfb",
            axes=False,
            font_size=3.4,
        ),
        **how[layout],
    )


def _amplitude_range_mv(signal: np.ndarray) -> tuple[float, float]:
    """Whole large squares that hold every sample of every lead, one range for all so that no lead is rescaled."""
    low = np.floor((float(signal.min()) - 0.1) / _STEP_MV) * _STEP_MV
    high = np.ceil((float(signal.max()) + 0.1) / _STEP_MV) * _STEP_MV
    return (
        max(_MOST_RANGE_MV[0], min(_LEAST_RANGE_MV[0], float(low))),
        min(_MOST_RANGE_MV[1], max(_LEAST_RANGE_MV[1], float(high))),
    )


def _lines_below(record: Record, findings: Sequence[tuple[str, float]], width_mm: float) -> list[str]:
    """The findings, wrapped to the paper's width, and the line that must never be missing."""
    scored = "similarity: " + " · ".join(f"{label} {signed(similarity)}" for label, similarity in findings)
    shown = f"first {SHEET_SECONDS:g} s of {record.duration_s:g} s · " if record.duration_s > SHEET_SECONDS else ""
    lines = wrap(scored, int((width_mm - 20) / (_FONT_MM * 0.56))) if findings else []
    return [*lines, f"{shown}{DISCLAIMER}"]


def _add_lines(root: ElementTree.Element, lines: Sequence[str]) -> None:
    """Write lines of text below the drawing, making it taller by as much."""
    _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
    taller = height + _LINE_MM * len(lines)
    root.attrib |= {"viewBox": f"0 0 {width:g} {taller:g}", "height": f"{taller:g}mm", "role": "img"}
    paper = next(child for child in root if child.tag == f"{{{SVG}}}rect")
    paper.attrib["height"] = f"{taller:g}"
    for i, line in enumerate(lines):
        place = {"x": "12", "y": f"{height + _LINE_MM * i + 1.5:g}", "fill": _INK}
        font = {"font-size": f"{_FONT_MM}", "font-family": "sans-serif"}
        ElementTree.SubElement(root, f"{{{SVG}}}text", place | font).text = line
