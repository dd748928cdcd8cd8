"""Figures that stand alone as SVG files: values with their intervals under each other, and reliability diagrams."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from ecg_text.evaluation.reliability import ReliabilityBin
from ecg_text.plots.charts import round_ticks
from ecg_text.plots.svg import DISCLAIMER, SVG, add, add_text, text_of

INK, SOFT, RULE, ACCENT, PAPER = "#1c2530", "#5c6672", "#e4dfd8", "#b3261e", "#fffefc"
_SIZE = 11.0  # of the letters, in units of the drawing
_TITLE = 14.0


@dataclass(frozen=True, kw_only=True)
class IntervalRow:
    """A value with its 95 % interval, if it has one, and what base lines reach there; strong rows are set bold."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    beside: Mapping[str, float] = field(default_factory=dict)
    strong: bool = False


def intervals_svg(title: str, rows: Sequence[IntervalRow], *, across: str, reference: float | None = None) -> str:
    """A row for each value: a filled mark on its interval, hollow marks for base lines, a dashed line at the reference.

    across names the axis, which holds every value, interval and base line.
    """
    left, right, line, top = 300.0, 640.0, 19.0, 52.0
    numbers = [number for row in rows for number in (row.value, row.low, row.high, *row.beside.values())]
    numbers.append(reference)
    known = [number for number in numbers if number is not None]
    ticks = round_ticks(min(known), max(known))
    bottom = top + line * len(rows)
    root = _sheet(780.0, bottom + 52.0, title)

    def x(number: float) -> float:
        return left + (number - ticks[0]) / (ticks[-1] - ticks[0]) * (right - left)

    for tick in ticks:
        _line(root, x(tick), top - 6, x(tick), bottom, RULE)
        add_text(root, (x(tick), bottom + 15), f"{tick:g}", size=_SIZE, fill=SOFT, anchor="middle")
    add_text(root, (right, bottom + 31), across, size=_SIZE, fill=SOFT, anchor="end")
    if reference is not None:
        dashed = {"stroke-dasharray": "3 3"}
        _line(root, x(reference), top - 6, x(reference), bottom, SOFT, dashed)
    for number, row in enumerate(rows):
        _interval_row(root, row, top + line * (number + 0.5), x, right)
    beside = list(dict.fromkeys(name for row in rows for name in row.beside))
    if beside:
        add(root, "circle", {"cx": left + 4, "cy": bottom + 27.5, "r": 3.2, "fill": PAPER, "stroke": SOFT})
        add_text(root, (left + 12, bottom + 31), ", ".join(beside), size=_SIZE, fill=SOFT)
    return text_of(root)


def _interval_row(
    root: ElementTree.Element, row: IntervalRow, y: float, x: Callable[[float], float], right: float
) -> None:
    add_text(root, (288, y + 4), row.label, size=_SIZE, fill=INK, anchor="end", bold=row.strong)
    for number in row.beside.values():
        add(root, "circle", {"cx": x(number), "cy": y, "r": 3.2, "fill": PAPER, "stroke": SOFT})
    told = f"{row.value:.3f}"
    if row.low is not None and row.high is not None:
        _line(root, x(row.low), y, x(row.high), y, ACCENT, {"stroke-width": "2", "stroke-linecap": "round"})
        told += f" [{row.low:.3f}, {row.high:.3f}]"
    add(root, "circle", {"cx": x(row.value), "cy": y, "r": 4, "fill": ACCENT})
    add_text(root, (right + 12, y + 4), told, size=_SIZE, fill=INK, bold=row.strong)


def reliability_svg(title: str, tables: Mapping[str, Sequence[ReliabilityBin]], columns: int = 5) -> str:
    """A square for each label: the probability that was told across, the share that was observed up.

    A mark's area is the share of the records in its bin, the line through it the 95 % interval of Wilson (1927) of what
    was observed; on the diagonal what was told came true.
    """
    side, gap, top = 124.0, 28.0, 58.0
    num_rows = -(-len(tables) // columns)
    width = 40 + min(columns, max(len(tables), 3)) * (side + gap)
    root = _sheet(width, top + num_rows * (side + gap + 14) + 22, title)
    for number, (label, bins) in enumerate(tables.items()):
        corner = (34 + number % columns * (side + gap), top + number // columns * (side + gap + 14))
        _reliability_square(root, label, bins, corner, side)
    end = top + num_rows * (side + gap + 14)
    add_text(
        root, (34, end), "across: told; up: observed, with its 95 % interval; area: records", size=_SIZE, fill=SOFT
    )
    return text_of(root)


def _reliability_square(
    root: ElementTree.Element,
    label: str,
    bins: Sequence[ReliabilityBin],
    corner: tuple[float, float],
    side: float,
) -> None:
    left, top = corner
    add(root, "rect", {"x": left, "y": top, "width": side, "height": side, "fill": "none", "stroke": RULE})
    _line(root, left, top + side, left + side, top, SOFT, {"stroke-dasharray": "3 3"})
    add_text(root, (left, top - 6), label, size=_SIZE, fill=INK, bold=True)
    for tick, place in (("0", (0, 13)), ("1", (side, 13)), ("1", (-8, 3 - side))):
        add_text(root, (left + place[0], top + side + place[1]), tick, size=9, fill=SOFT, anchor="middle")
    total = sum(one.num_records for one in bins) or 1
    for one in bins:
        x, y = left + one.mean_probability * side, top + (1 - one.observed) * side
        low, high = _wilson(one.observed, one.num_records)
        _line(root, x, top + (1 - low) * side, x, top + (1 - high) * side, ACCENT, {"stroke-opacity": "0.6"})
        radius = 1.5 + 6 * (one.num_records / total) ** 0.5
        add(root, "circle", {"cx": x, "cy": y, "r": radius, "fill": ACCENT, "fill-opacity": 0.6})


def _wilson(share: float, num: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share of num records, each taken for a patient of its own."""
    middle = (share + z**2 / (2 * num)) / (1 + z**2 / num)
    half = z / (1 + z**2 / num) * (share * (1 - share) / num + z**2 / (4 * num**2)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def _sheet(width: float, height: float, title: str) -> ElementTree.Element:
    """An empty drawing with its title, and the words that stand on every drawing."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.Element(f"{{{SVG}}}svg", {"viewBox": f"0 0 {width:g} {height:g}", "role": "img"})
    root.set("width", f"{width:g}")
    add(root, "title", {}).text = title
    add(root, "rect", {"x": 0, "y": 0, "width": width, "height": height, "fill": PAPER})
    add_text(root, (16, 24), title, size=_TITLE, fill=INK, bold=True)
    add_text(root, (width - 16, height - 6), DISCLAIMER, size=9, fill=SOFT, anchor="end")
    return root


def _line(
    root: ElementTree.Element,
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    stroke: str,
    more: Mapping[str, str] | None = None,
) -> None:
    add(root, "line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": stroke, **(more or {})})
