"""The paper, its grid and the traces, drawn by ecg_plot into the cells of a plan."""

from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ecg_text.plots.sheet_layout import GAIN_MM_PER_MV, MOST_MV, PAPER_WIDTH_MM, SPEED_MM_PER_S, Cell, Plan
from ecg_text.plots.svg import SVG, compact
from ecg_text.record import Record

INK = "#1f2a36"
_PAPER, _MINOR, _MAJOR = "#fffdfc", "#f9e6e3", "#efbfb9"
_TRACE_MM = 0.3
_FARTHEST_MV = 10 * MOST_MV  # far off the paper: coordinates stay numbers that every viewer can read


def draw_traces(record: Record, plan: Plan) -> ElementTree.Element:
    """An SVG in millimetres with the grid and the trace of every cell; a lead that the record lacks has no trace.

    ecg_plot knows its own layouts, with room between all panels; here it is given panels that touch, so that the grid
    runs through as on a printer's paper.
    """
    import ecg_plot

    leads = list(dict.fromkeys(cell.lead for cell in plan.cells))
    chart = ecg_plot.plot(
        _shown(record, plan, leads),
        sample_rate=record.rate_hz,
        lead_names=leads,
        layout="stacked",
        speed=SPEED_MM_PER_S,
        gain=GAIN_MM_PER_MV,
        style=ecg_plot.Style(
            line_color=INK,
            line_width=_TRACE_MM,
            major_color=_MAJOR,
            minor_color=_MINOR,
            background=_PAPER,
            axes=False,
            lead_names=False,
            calibration=False,
        ),
    )
    first_sample_s = round(plan.start_s * record.rate_hz) / record.rate_hz
    chart.panels = [_panel(cell, leads.index(cell.lead), first_sample_s, record.rate_hz) for cell in plan.cells]
    chart.width_mm, chart.height_mm = PAPER_WIDTH_MM, plan.bottom
    return _in_layers(compact(chart.to_svg()))


def _shown(record: Record, plan: Plan, leads: list[str]) -> np.ndarray:
    """The seconds on paper: (leads, samples) mV, NaN for a lead that the record lacks."""
    start = round(plan.start_s * record.rate_hz)
    stop = math.ceil(plan.stop_s * record.rate_hz)
    offset_mv = {cell.lead: cell.offset_mv for cell in plan.cells}
    shown = np.full((len(leads), min(stop, record.num_samples) - start), np.nan)
    for row, lead in zip(shown, leads, strict=True):
        if lead in record.leads:
            row[:] = record.lead(lead)[start:stop] - offset_mv[lead]
    return shown.clip(-_FARTHEST_MV, _FARTHEST_MV)


def _panel(cell: Cell, lead: int, first_sample_s: float, rate_hz: float) -> Any:
    """The cell as ecg_plot's panel: it begins before the trace where the calibration pulse has its room."""
    from ecg_plot.chart import Panel

    return Panel(
        lead=lead,
        start=cell.start_s - first_sample_s - (cell.x - cell.panel_x) / SPEED_MM_PER_S,
        end=cell.stop_s - first_sample_s - 1.5 / rate_hz,  # ecg_plot adds the sample after the end
        x=cell.panel_x,
        y=cell.y,
        width=cell.panel_width,
        height=cell.height,
        baseline=cell.baseline,
    )


def _in_layers(root: ElementTree.Element) -> ElementTree.Element:
    """One path for each grid over the whole paper, all traces above them; ecg_plot's own words are left out."""
    for text in root.findall(f"{{{SVG}}}text"):
        root.remove(text)
    paths = root.findall(f"{{{SVG}}}path")
    for path in paths:
        root.remove(path)
    for colour in (_MINOR, _MAJOR):
        lines = [path for path in paths if path.get("stroke") == colour]
        style = {name: value for name, value in lines[0].attrib.items() if name not in ("clip-path", "d")}
        grid = "".join(path.attrib["d"] for path in lines)
        ElementTree.SubElement(root, f"{{{SVG}}}path", style | {"d": grid})
    root.extend(path for path in paths if path.get("stroke") == INK)
    return root
