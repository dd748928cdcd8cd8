"""Small things that every drawing needs: numbers as short text, lines as path data, and a drawing made compact."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np

SVG = "http://www.w3.org/2000/svg"
DISCLAIMER = "research use only, not a medical device"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_COLUMN_MM = 0.1  # two points each: 500 samples a second at 25 mm a second, finer than any print
_LINE_STYLE = ("stroke", "stroke-width", "clip-path")


def number(value: float, digits: int = 2) -> str:
    """A coordinate as short text: 12.50 -> '12.5', 0.25 -> '.25', -0.001 -> '0'."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    return "0" if text == "0" else sign + (text[1:] if text.startswith("0.") else text)


def signed(similarity: float) -> str:
    """A similarity as text, with its sign and two digits: '+0.31', '−0.10'."""
    return f"{similarity:+.2f}".replace("-", "−")


def polyline(x: np.ndarray, y: np.ndarray, digits: int = 2) -> str:
    """Path data of a line through the points (n,), (n,), in steps from point to point: 'M12 8l.5 -1 .5 2'.

    Points are rounded before the steps are taken, so that roundings do not add up along the line.
    """
    points = np.round(np.stack([x, y], axis=1) * 10**digits).astype(np.int64)
    steps = np.diff(points, axis=0).ravel()
    start = " ".join(number(value, digits) for value in points[0] / 10**digits)
    written = {step: number(step / 10**digits, digits) for step in np.unique(steps).tolist()}  # few differ
    return f"M{start}l" + " ".join([written[step] for step in steps.tolist()])


def envelope(samples: np.ndarray, num_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and values of each column's lowest and highest sample, in time order: a line that keeps every peak.

    Lines of at most two points a column are returned whole.
    """
    if len(samples) <= 2 * num_columns:
        return np.arange(len(samples)), samples
    kept: list[int] = []
    for start, stop in pairwise(np.linspace(0, len(samples), num_columns + 1).astype(int).tolist()):
        column = samples[start:stop]
        kept += sorted({start + int(column.argmin()), start + int(column.argmax())})
    return np.asarray(kept), samples[kept]


def compact(drawing: str, digits: int = 2) -> ElementTree.Element:
    """A drawing in millimetres with rounded coordinates, no more points than paper can show, and merged grid lines.

    The grid lines of one panel and colour become one path: an ECG sheet has some 2,500 of them, and as elements of
    their own they are nine tenths of the file.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(drawing)
    for path in root.findall(f"{{{SVG}}}path"):
        points = np.array([float(value) for value in _NUMBER.findall(path.attrib["d"])]).reshape(-1, 2)
        kept, y = envelope(points[:, 1], max(1, math.ceil(np.ptp(points[:, 0]) / _COLUMN_MM)))
        path.attrib["d"] = polyline(points[kept, 0], y, digits)
    _merge_lines(root, digits)
    return root


def _merge_lines(root: ElementTree.Element, digits: int) -> None:
    merged: dict[tuple[str, ...], ElementTree.Element] = {}
    for line in root.findall(f"{{{SVG}}}line"):
        style = {name: line.attrib[name] for name in _LINE_STYLE if name in line.attrib}
        key = tuple(style.values())
        if key not in merged:
            merged[key] = ElementTree.Element(f"{{{SVG}}}path", style | {"fill": "none", "d": ""})
            root.insert(list(root).index(line), merged[key])
        x1, y1, x2, y2 = (number(float(line.attrib[name]), digits) for name in ("x1", "y1", "x2", "y2"))
        merged[key].attrib["d"] += f"M{x1} {y1}" + (f"V{y2}" if x1 == x2 else f"L{x2} {y2}")
        root.remove(line)


def add(root: ElementTree.Element, kind: str, attributes: Mapping[str, str | float]) -> ElementTree.Element:
    """One more element at the end of a drawing; numbers are written short."""
    texts = {name: value if isinstance(value, str) else number(value) for name, value in attributes.items()}
    return ElementTree.SubElement(root, f"{{{SVG}}}{kind}", texts)


def add_text(
    root: ElementTree.Element,
    place: tuple[float, float],
    text: str,
    *,
    size: float,
    fill: str,
    anchor: str = "start",
    bold: bool = False,
) -> None:
    """A line of text whose base line begins (or ends, or is centred) at a place (x, y).

    What cannot be printed (control characters, halves of a character) becomes a space: XML has no place for it.
    """
    attributes: dict[str, str | float] = {"x": place[0], "y": place[1], "font-size": size, "fill": fill}
    attributes |= {"font-family": "sans-serif", "text-anchor": anchor}
    if bold:
        attributes["font-weight"] = "bold"
    add(root, "text", attributes).text = "".join(letter if letter.isprintable() else " " for letter in text)


def text_of(root: ElementTree.Element) -> str:
    """A drawing as text, without an XML declaration, ready to stand inside a page."""
    return ElementTree.tostring(root, encoding="unicode")
