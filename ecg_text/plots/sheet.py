"""An ECG on paper: 25 mm a second, 10 mm a millivolt, a calibration pulse; as SVG, PNG or PDF at true scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg_text.errors import ConfigError
from ecg_text.plots.sheet_layout import LAYOUTS, SHEET_SECONDS, plan_sheet
from ecg_text.plots.sheet_margin import draw_header, draw_margin
from ecg_text.plots.sheet_marks import Span, draw_marks, draw_spans
from ecg_text.plots.sheet_paint import paint
from ecg_text.plots.sheet_traces import draw_traces
from ecg_text.plots.svg import text_of
from ecg_text.record import Record
from ecg_text.signal.gate.finding import Finding
from ecg_text.whole_file import whole_file

if TYPE_CHECKING:
    from ecg_text.signal.beats.rpeaks import Beats

__all__ = ["LAYOUTS", "SHEET_SECONDS", "Sheet", "Span", "draw_sheet", "sheet_svg"]

PRINT_DPI = 203.2  # eight dots a millimetre: every line of the grid is equally sharp


@dataclass(frozen=True)
class Sheet:
    """A drawn sheet. drawing is its SVG in millimetres, of which PNG and PDF are made, so that all show the same."""

    drawing: str

    def svg(self) -> str:
        """The sheet as SVG text, without an XML declaration, ready to stand inside a page."""
        return self.drawing

    def write(self, path: str | Path, *, dpi: float = PRINT_DPI) -> None:
        """Writes .svg, .png or .pdf, under a temporary name first; dpi is a PNG's dots per inch.

        Raises ConfigError for another suffix.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".svg":
            content = self.drawing.encode()
        elif suffix == ".png":
            content = paint(self.drawing, "png", dpi)
        elif suffix == ".pdf":
            content = paint(self.drawing, "pdf", dpi)
        else:
            raise ConfigError(
                f"a sheet is written as .svg, .png or .pdf, not {path.name!r}; choose one of these endings"
            )
        with whole_file(path) as draft:
            draft.write_bytes(content)


def draw_sheet(
    record: Record,
    *,
    title: str = "",
    layout: str = "3x4",
    beats: Beats | None = None,
    spans: Sequence[Span] = (),
    findings: Sequence[Finding] = (),
    answers: Sequence[tuple[str, float]] = (),
    start_s: float = 0.0,
    origin_s: float = 0.0,
    total_s: float | None = None,
) -> Sheet:
    """At most ten seconds of a record, from start_s, on ECG paper at true scale.

    "3x4" is the clinic's sheet of twelve leads in four columns over a rhythm strip of lead II, "6x2" two columns of
    six leads, "12x1" every lead in full, one below the other. A record with fewer than six of the twelve leads is
    drawn as strips of what it has. beats become ticks above the rows, spans shaded stretches behind the traces;
    findings (the gravest first) and answers, which are (label, similarity) pairs, are written below the paper. The
    title is the caller's: nothing about the person in the record is written by itself. Where the record is a window of
    a longer recording, origin_s and total_s tell where the window begins and how long the whole is. Raises
    ConfigError for an unknown layout or a start outside the record, LeadError for a span in a lead that the sheet
    does not show.
    """
    plan = plan_sheet(record, layout, start_s)
    peaks_s = np.zeros(0) if beats is None else np.asarray(beats.peaks) / beats.rate_hz
    root = draw_traces(record, plan)
    draw_spans(root, plan, spans)
    draw_marks(root, record, plan, peaks_s)
    draw_header(root, plan, title, peaks_s, origin_s, record.duration_s if total_s is None else total_s)
    draw_margin(root, record, plan, peaks_s, spans, findings, answers)
    return Sheet(text_of(root))


def sheet_svg(record: Record, *, title: str = "", layout: str = "3x4") -> str:
    """The plain sheet of a record as SVG text, for a page."""
    return draw_sheet(record, title=title, layout=layout).svg()
