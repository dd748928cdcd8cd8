"""The lane below the paper of an explained ECG: how similar each moment is alone, and what is lost without it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from ecg_text.plots.sheet_layout import LEFT_MM, PULSE_MM, SPEED_MM_PER_S, Plan
from ecg_text.plots.sheet_marks import QUIET
from ecg_text.plots.sheet_traces import INK
from ecg_text.plots.svg import add, add_text, number, signed

if TYPE_CHECKING:
    from ecg_text.hub.explanation import Explanation

EVIDENCE = "#1c7ed6"
FAINT, STRONG = 0.22, 0.55  # opacity of what rises, or is of no weight; of what falls
LEAST_SIMILARITY, LEAST_CHANGE = 0.2, 0.05  # what fills the height at least: small differences stay small
_WORTH_A_NUMBER = 0.1  # of the largest change
_START_MM = LEFT_MM + PULSE_MM
_GAP_MM, _ALONE_MM, _BETWEEN_MM, _CHANGE_MM = 2.5, 7.0, 5.5, 6.0
_NUMBER_MM, _NUMBER_WIDTH_MM = 2.3, 7.6
_DASH_MM, _LINE_MM, _PIN_MM, _HEAD_MM = 1.6, 0.2, 0.35, 1.1


def draw_lane(root: ElementTree.Element, plan: Plan, explanation: Explanation) -> float:
    """Draws the lane on the time axis of a strip of the whole width, and returns where it ends, in mm.

    Above, the similarity of each moment alone; below, the change without each moment as a step, and without each beat
    as a pin with its number, both down where the similarity falls.
    """
    top = plan.bottom + _GAP_MM
    _draw_alone(root, plan, explanation, top)
    line = top + _ALONE_MM + _BETWEEN_MM
    _draw_changes(root, plan, explanation, line)
    return line + _CHANGE_MM + _NUMBER_MM + 0.4


def change(fall: float) -> str:
    """What becomes of the similarity where it falls by so much, as text: '−0.31', '+0.02', '0.00'."""
    told = signed(-fall)
    return told[1:] if float(told[1:]) == 0 else told


def _draw_alone(root: ElementTree.Element, plan: Plan, explanation: Explanation, top: float) -> None:
    values = explanation.token_similarity
    low = min(0.0, float(values.min()), explanation.similarity)
    high = max(low + LEAST_SIMILARITY, float(values.max()), explanation.similarity)

    def y_of(value: float) -> float:
        return top + (high - value) / (high - low) * _ALONE_MM

    last = _draw_steps(root, plan, explanation, [y_of(value) for value in values.tolist()], y_of(0.0))
    _draw_level(root, last, y_of(0.0), is_dashed=False)
    _draw_level(root, last, y_of(explanation.similarity), is_dashed=True)
    add_text(root, (last + 1.2, y_of(0.0) + 0.8), "0", size=_NUMBER_MM, fill=QUIET)
    words, at = signed(explanation.similarity), y_of(explanation.similarity)
    if abs(at - y_of(0.0)) > _NUMBER_MM:
        add_text(root, (last + 1.2, at + 0.8), words, size=_NUMBER_MM, fill=QUIET)
    _draw_name(root, (top + top + _ALONE_MM) / 2, "alone")


def _draw_changes(root: ElementTree.Element, plan: Plan, explanation: Explanation, line: float) -> None:
    both = np.abs(np.concatenate([explanation.token_fall, explanation.beat_fall]))
    full = max(LEAST_CHANGE, float(np.nan_to_num(both).max(initial=0.0)))
    heights = (np.nan_to_num(explanation.token_fall) / full * _CHANGE_MM).tolist()
    last = _draw_steps(root, plan, explanation, [line + height for height in heights], line)
    _draw_level(root, last, line, is_dashed=False)
    _draw_name(root, line, "without it")
    if not len(explanation.beat_peak_s):
        add_text(root, (_START_MM, line - 1.2), "no beat was found", size=_NUMBER_MM, fill=QUIET)
    taken: list[float] = []
    for beat in np.argsort(-np.abs(np.nan_to_num(explanation.beat_fall)), kind="stable").tolist():
        fall, x = float(explanation.beat_fall[beat]), _x_of(plan, float(explanation.beat_peak_s[beat]))
        if np.isnan(fall) or x > last:
            continue
        _draw_pin(root, x, line, line + fall / full * _CHANGE_MM)
        if abs(fall) >= _WORTH_A_NUMBER * full and all(abs(x - other) >= _NUMBER_WIDTH_MM for other in taken):
            taken.append(x)
            lowest = line + max(fall / full * _CHANGE_MM, 0.0)
            add_text(root, (x, lowest + _NUMBER_MM + 0.6), change(fall), size=_NUMBER_MM, fill=INK, anchor="middle")


def _draw_steps(
    root: ElementTree.Element, plan: Plan, explanation: Explanation, ends: list[float], base: float
) -> float:
    """A step from the base to its end for each moment, with an outline along the ends; returns where the last ends."""
    outline, last_x = "", _START_MM
    for (start_s, stop_s), end in zip(explanation.token_span_s.tolist(), ends, strict=True):
        x, last = _x_of(plan, start_s), _x_of(plan, min(stop_s, plan.stop_s))
        if last <= x:
            continue
        box = {"x": x, "y": min(end, base), "width": last - x, "height": abs(end - base)}
        add(root, "rect", {"class": "moment", "fill": EVIDENCE, "opacity": FAINT, **box})
        outline += f"{'L' if outline else 'M'}{number(x)} {number(end)}L{number(last)} {number(end)}"
        last_x = last
    if outline:
        line: dict[str, str | float] = {"class": "steps", "d": outline, "fill": "none", "stroke": EVIDENCE}
        add(root, "path", line | {"stroke-width": _LINE_MM})
    return last_x


def _draw_level(root: ElementTree.Element, last: float, y: float, *, is_dashed: bool) -> None:
    """A level line; dashes are drawn one by one, which every painter can."""
    starts = np.arange(_START_MM, last, 2 * _DASH_MM).tolist() if is_dashed else [_START_MM]
    length = _DASH_MM if is_dashed else last - _START_MM
    d = "".join(f"M{number(x)} {number(y)}H{number(min(x + length, last))}" for x in starts)
    add(root, "path", {"class": "level", "d": d, "fill": "none", "stroke": QUIET, "stroke-width": _LINE_MM})


def _draw_pin(root: ElementTree.Element, x: float, line: float, end: float) -> None:
    """A line from the level to a head across its end."""
    d = f"M{number(x)} {number(line)}V{number(end)}M{number(x - _HEAD_MM)} {number(end)}h{number(2 * _HEAD_MM)}"
    add(root, "path", {"class": "pin", "d": d, "fill": "none", "stroke": INK, "stroke-width": _PIN_MM})


def _draw_name(root: ElementTree.Element, y: float, words: str) -> None:
    add_text(root, (_START_MM - 1.5, y + 0.8), words, size=_NUMBER_MM, fill=QUIET, anchor="end")


def _x_of(plan: Plan, time_s: float) -> float:
    return _START_MM + (time_s - plan.start_s) * SPEED_MM_PER_S
