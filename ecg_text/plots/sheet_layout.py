"""Where each lead stands on an ECG sheet: pure geometry in millimetres, at 25 mm a second and 10 mm a millivolt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from ecg_text.errors import ConfigError
from ecg_text.leads import CHEST_LEADS, LIMB_LEADS, STANDARD_12
from ecg_text.record import Record

LAYOUTS = ("3x4", "6x2", "12x1")
SHEET_SECONDS = 10.0
SPEED_MM_PER_S, GAIN_MM_PER_MV = 25.0, 10.0
PAPER_WIDTH_MM = 297.0  # A4 on its side
LEFT_MM, TOP_MM = 11.0, 17.0
PULSE_MM = 15.0  # room for the calibration pulse before the first column
GRID_MM = 275.0
MOST_MV = 5.0  # what lies beyond is cut: no heart reaches it, and the paper would have no end
FEWEST_FOR_CELLS = 6  # with fewer of the twelve leads, most of a 3x4 would be empty
_SQUARE_MV = 0.5
_MOST_OFFSET_MV = 0.5
_ROOM_ABOVE_MV, _ROOM_BELOW_MV = 0.3, 0.1  # air around a trace, above it for the marks of the beats
_NAME_MV, _NAME_S = 0.7, 0.4  # room above the first part of a trace, for the lead's name
_LEAST_MV = {"3x4": (-1.0, 1.5), "6x2": (-0.5, 1.0), "12x1": (-0.5, 1.0)}
_RHYTHM_LEADS = ("II", "V1", "I", *STANDARD_12)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One lead for some seconds on paper: its trace begins at (x, baseline); y and height are those of its row.

    first is true of the cell at the left, which has the calibration pulse before it. panel_x and panel_width are the
    paper that belongs to the cell, without gaps to its neighbours. offset_mv is taken from the samples: a constant
    potential between electrodes says nothing of the heart, and would draw the trace far from its row.
    """

    lead: str
    start_s: float
    stop_s: float
    x: float
    y: float
    height: float
    baseline: float
    panel_x: float
    panel_width: float
    offset_mv: float = 0.0

    @property
    def first(self) -> bool:
        """Whether the cell stands at the left edge of the paper."""
        return self.panel_x == LEFT_MM

    def x_of(self, time_s: float) -> float:
        """The place of a time, in mm from the left edge of the sheet."""
        return self.x + (time_s - self.start_s) * SPEED_MM_PER_S

    @property
    def high_mv(self) -> float:
        """The potential at the upper edge of the row."""
        return (self.baseline - self.y) / GAIN_MM_PER_MV

    @property
    def low_mv(self) -> float:
        """The potential at the lower edge of the row."""
        return (self.baseline - self.y - self.height) / GAIN_MM_PER_MV


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The cells of a sheet, the layout they follow, the seconds of the record they show, and where the grid ends."""

    layout: str
    cells: tuple[Cell, ...]
    start_s: float
    stop_s: float
    bottom: float


def plan_sheet(record: Record, layout: str, start_s: float) -> Plan:
    """Places the leads of at most ten seconds from start_s; each row is as high as its largest lead needs.

    A 3x4 or 6x2 has a cell for each of the twelve leads, whether the record has it or not; a record with fewer than
    six of them is laid out as strips ("12x1") of the leads that it has. Columns hold consecutive stretches; where the
    record is too short for that, the later columns show its last stretch. Raises ConfigError for an unknown layout or
    a start outside the record.
    """
    if layout not in LAYOUTS:
        raise ConfigError(f"no sheet layout {layout!r}; choose one of {', '.join(LAYOUTS)}")
    if not 0 <= start_s < record.duration_s:
        raise ConfigError(f"the sheet starts at {start_s:g} s, the record has {record.duration_s:g} s; start inside it")
    if len(set(STANDARD_12) & set(record.leads)) < FEWEST_FOR_CELLS:
        layout = "12x1"
    stop_s = min(start_s + SHEET_SECONDS, record.duration_s)
    columns = _columns(record, layout)
    seconds = SHEET_SECONDS / len(columns)
    last_start_s = max(start_s, stop_s - seconds)
    starts = [min(start_s + i * seconds, last_start_s) for i in range(len(columns))]
    rows = [
        [(lead, starts[i], min(starts[i] + seconds, stop_s)) for i, lead in enumerate(row) if lead is not None]
        for row in zip_longest(*columns)
    ]
    if layout == "3x4":
        rows.append([(next(lead for lead in _RHYTHM_LEADS if lead in record.leads), start_s, stop_s)])
    offsets_mv = _offsets_mv(record, start_s, stop_s)
    cells: list[Cell] = []
    top = TOP_MM
    for row in rows:
        cells += _place(record, row, top, _LEAST_MV[layout], offsets_mv)
        top += cells[-1].height
    return Plan(layout=layout, cells=tuple(cells), start_s=start_s, stop_s=stop_s, bottom=top)


def samples_of(record: Record, cell: Cell) -> np.ndarray:
    """What a cell shows: (n,) mV, empty where the record does not have the lead."""
    if cell.lead not in record.leads:
        return np.zeros(0, dtype=np.float32)
    start, stop = round(cell.start_s * record.rate_hz), math.ceil(cell.stop_s * record.rate_hz)
    return record.lead(cell.lead)[start:stop] - cell.offset_mv


def _columns(record: Record, layout: str) -> list[tuple[str, ...]]:
    if layout == "12x1":
        standard = tuple(lead for lead in STANDARD_12 if lead in record.leads)
        return [standard + tuple(lead for lead in record.leads if lead not in STANDARD_12)]
    if layout == "6x2":
        return [LIMB_LEADS, CHEST_LEADS]
    return [STANDARD_12[i : i + 3] for i in range(0, 12, 3)]


def _offsets_mv(record: Record, start_s: float, stop_s: float) -> dict[str, float]:
    """The median of each lead over the seconds shown, where it is too far from zero for its row."""
    start, stop = round(start_s * record.rate_hz), math.ceil(stop_s * record.rate_hz)
    medians = {lead: float(np.median(record.lead(lead)[start:stop])) for lead in record.leads}
    return {lead: median for lead, median in medians.items() if abs(median) > _MOST_OFFSET_MV}


def _place(
    record: Record,
    row: Sequence[tuple[str, float, float]],
    top: float,
    least_mv: tuple[float, float],
    offsets_mv: Mapping[str, float],
) -> list[Cell]:
    """The cells of one row, all on one baseline, side by side over the whole width."""
    pitch = (GRID_MM - PULSE_MM) / len(row)
    cells = [
        Cell(
            lead=lead,
            start_s=start_s,
            stop_s=stop_s,
            x=LEFT_MM + PULSE_MM + i * pitch,
            y=top,
            height=0.0,
            baseline=top,
            panel_x=LEFT_MM + PULSE_MM * (i > 0) + i * pitch,
            panel_width=pitch + PULSE_MM * (i == 0),
            offset_mv=offsets_mv.get(lead, 0.0),
        )
        for i, (lead, start_s, stop_s) in enumerate(row)
    ]
    ranges = [_range_mv(samples_of(record, cell), record.rate_hz) for cell in cells]
    low = math.floor(min(least_mv[0], *(low for low, _ in ranges)) / _SQUARE_MV) * _SQUARE_MV
    high = math.ceil(max(least_mv[1], *(high for _, high in ranges)) / _SQUARE_MV) * _SQUARE_MV
    height, baseline = (high - low) * GAIN_MM_PER_MV, top + high * GAIN_MM_PER_MV
    return [replace(cell, height=height, baseline=baseline) for cell in cells]


def _range_mv(samples: np.ndarray, rate_hz: float) -> tuple[float, float]:
    """The room that a trace needs, artefacts left out: lowest and highest potential, with the name above its start."""
    inside = np.where(np.abs(samples) <= MOST_MV, samples, 0.0)
    if not inside.size:
        return 0.0, 0.0
    below_name = float(inside[: max(1, round(_NAME_S * rate_hz))].max())
    high = max(float(inside.max()) + _ROOM_ABOVE_MV, below_name + _NAME_MV)
    return max(-MOST_MV, float(inside.min()) - _ROOM_BELOW_MV), min(MOST_MV, high)
