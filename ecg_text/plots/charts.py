"""Small charts for a page: an interval on a line, a curve that falls; drawn in the colours of the page around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from ecg_text.plots.svg import number, polyline

_OPEN = '<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" viewBox="0 0 {width} {height}" role="img" '


def interval_svg(value: float, low: float, high: float, reference: float, *, start: float = 0.0) -> str:
    """A value with its interval on a line from start to 1, and a hollow mark where the reference stands."""
    width, height, middle = 260, 22, 11

    def x(score: float) -> str:
        inside = min(1.0, max(start, score))
        return number(6 + (inside - start) / (1 - start) * (width - 12), 1)

    label = f"{value:.2f}, interval {low:.2f} to {high:.2f}, random encoder {reference:.2f}"
    return (
        _OPEN.format(kind="interval", width=width, height=height) + f'aria-label="{label}">'
        f'<line class="rail" x1="{x(start)}" x2="{x(1)}" y1="{middle}" y2="{middle}"/>'
        f'<line class="chance" x1="{x(0.5)}" x2="{x(0.5)}" y1="3" y2="{height - 3}"/>'
        f'<circle class="reference" cx="{x(reference)}" cy="{middle}" r="3.6"/>'
        f'<line class="range" x1="{x(low)}" x2="{x(high)}" y1="{middle}" y2="{middle}"/>'
        f'<circle class="value" cx="{x(value)}" cy="{middle}" r="4.6"/></svg>'
    )


def curve_svg(points: Sequence[tuple[int, float]], *, across: str = "step", up: str = "loss") -> str:
    """A line through (step, value) points with both axes, as wide as the text around it."""
    width, height, left, right, top, bottom = 720, 260, 52, 20, 16, 40
    steps, values = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    ticks = round_ticks(float(values.min()), float(values.max()))
    low, high, last = ticks[0], ticks[-1], max(float(steps.max()), 1.0)
    x = left + steps / last * (width - left - right)
    y = top + (high - values) / (high - low) * (height - top - bottom)
    parts = [
        _OPEN.format(kind="curve", width=width, height=height)
        + f'aria-label="{escape(up)} from {values[0]:.2f} to {values[-1]:.2f} over {last:g} {escape(across)}s">'
    ]
    for tick in ticks:
        at = number(top + (high - tick) / (high - low) * (height - top - bottom), 1)
        parts.append(f'<line class="rule" x1="{left}" x2="{width - right}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{left - 10}" y="{at}" dy=".32em" text-anchor="end">{tick:g}</text>')
    for tick in round_ticks(0, last):
        if tick <= last:
            at = number(left + tick / last * (width - left - right), 1)
            parts.append(f'<text x="{at}" y="{height - bottom + 20}" text-anchor="middle">{tick:g}</text>')
    parts.append(f'<text x="{width - right}" y="{height - 4}" text-anchor="end">{escape(across)}</text>')
    parts.append(f'<path class="line" d="{polyline(x, y, 1)}"/>')
    parts.append(f'<circle class="value" cx="{number(x[-1], 1)}" cy="{number(y[-1], 1)}" r="4"/>')
    parts.append(
        f'<text class="last" x="{number(x[-1], 1)}" y="{number(y[-1] - 12, 1)}" text-anchor="end">'
        f"{values[-1]:.2f}</text></svg>"
    )
    return "".join(parts)


def round_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart), some `about` of them, that reach from low to high."""
    span = (high - low) or abs(high) or 1.0
    power = 10 ** math.floor(math.log10(span / about))
    step = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, max(last, first + 1) + 1)]
