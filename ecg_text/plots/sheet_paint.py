"""A sheet as PNG or PDF: the elements of its SVG, one by one, on matplotlib's canvas, in the same millimetres."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

import numpy as np

from ecg_text.plots.svg import DISCLAIMER, SVG

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MM_PER_INCH, POINTS_PER_INCH = 25.4, 72.0
_A4_HEIGHT_MM = 210.0
_STEP = re.compile(r"([MLlhvVH])([^MLlhvVH]*)")
_NUMBER = re.compile(r"-?\d*\.?\d+")
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}


def paint(drawing: str, kind: Literal["png", "pdf"], dpi: float) -> bytes:
    """The bytes of a "png" or "pdf" of a drawing in millimetres; the same drawing gives the same bytes.

    A PNG carries its dots per inch. A PDF has a page of A4 on its side where the drawing fits on it, and otherwise a
    page as large as the drawing. Neither holds a date, a program or a user; both hold the disclaimer.
    """
    import matplotlib as mpl

    root = ElementTree.fromstring(drawing)
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # a user's own style must not change an ECG
        mpl.rcParams["pdf.fonttype"] = 42
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        if kind == "pdf":
            return _pdf_bytes(_figure(root, width, max(height, _A4_HEIGHT_MM)))
        return _png_bytes(_figure(root, width, height), dpi)


def _pdf_bytes(figure: Figure) -> bytes:
    content = BytesIO()
    silent = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    figure.savefig(content, format="pdf", metadata={"Title": "ECG", "Subject": DISCLAIMER, **silent})
    return content.getvalue()


def _png_bytes(figure: Figure, dpi: float) -> bytes:
    """A picture of 256 colours: a third of the size, and no colour is off by more than an eye can see."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    picture = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    told = PngInfo()
    told.add_text("Description", DISCLAIMER)
    content = BytesIO()
    picture.save(content, format="png", dpi=(dpi, dpi), pnginfo=told, optimize=True)
    return content.getvalue()


def _figure(root: ElementTree.Element, width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / MM_PER_INCH, height / MM_PER_INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    clips = {
        f"url(#{clip.attrib['id']})": [float(clip[0].attrib[name]) for name in ("x", "y", "width", "height")]
        for clip in root.iter(f"{{{SVG}}}clipPath")
    }
    painters = {"rect": _paint_rect, "path": _paint_path, "text": _paint_text}
    for order, element in enumerate(root):
        painter = painters.get(element.tag.removeprefix(f"{{{SVG}}}"))
        if painter is not None:
            artist = painter(axes, element)
            artist.set_zorder(order)
            _clip(axes, artist, clips.get(element.get("clip-path", "")))
    return figure


def _clip(axes: Any, artist: Any, clip: list[float] | None) -> None:
    from matplotlib.patches import Rectangle

    if clip is not None:
        x, y, width, height = clip
        artist.set_clip_path(Rectangle((x, y), width, height, transform=axes.transData))


def _paint_rect(axes: Any, element: ElementTree.Element) -> Any:
    from matplotlib.patches import Rectangle

    x, y, width, height = (float(element.attrib[name]) for name in ("x", "y", "width", "height"))
    opacity = float(element.get("opacity", "1"))
    patch = Rectangle((x, y), width, height, facecolor=element.attrib["fill"], edgecolor="none", alpha=opacity)
    return axes.add_artist(patch)


def _paint_path(axes: Any, element: ElementTree.Element) -> Any:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    vertices, is_start = vertices_of(element.attrib["d"])
    path = Path(vertices, np.where(is_start, Path.MOVETO, Path.LINETO))
    width = float(element.attrib["stroke-width"]) * POINTS_PER_INCH / MM_PER_INCH
    cap = element.get("stroke-linecap", "butt")
    colour = element.attrib["stroke"]
    # add_patch would look for the extent of every little step of a trace, which takes ten times as long as drawing it.
    return axes.add_artist(PathPatch(path, fill=False, edgecolor=colour, lw=width, capstyle=cap, joinstyle="round"))


def _paint_text(axes: Any, element: ElementTree.Element) -> Any:
    return axes.text(
        float(element.attrib["x"]),
        float(element.attrib["y"]),
        element.text or "",
        color=element.attrib["fill"],
        fontsize=float(element.attrib["font-size"]) * POINTS_PER_INCH / MM_PER_INCH,
        fontweight=element.get("font-weight", "normal"),
        ha=_ANCHORS[element.get("text-anchor", "start")],
        va="baseline",
        parse_math=False,
    )


def vertices_of(d: str) -> tuple[np.ndarray, np.ndarray]:
    """The points (n, 2) of path data made of M, L, l, H, h, V and v, and which of them (n,) begin a new line."""
    points: list[np.ndarray] = []
    starts: list[bool] = []
    at = np.zeros(2)
    for step, arguments in _STEP.findall(d):
        numbers = np.array([float(value) for value in _NUMBER.findall(arguments)])
        if step in "Hh":
            new = np.array([[numbers[0] + (at[0] if step == "h" else 0), at[1]]])
        elif step in "Vv":
            new = np.array([[at[0], numbers[0] + (at[1] if step == "v" else 0)]])
        else:
            new = numbers.reshape(-1, 2)
            new = at + new.cumsum(axis=0) if step == "l" else new
        points.append(new)
        starts += [step == "M" and i == 0 for i in range(len(new))]
        at = new[-1] if len(new) else at
    return np.concatenate(points), np.array(starts)
