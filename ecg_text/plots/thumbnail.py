"""A strip of one lead, small enough to stand in a line of search results."""

from __future__ import annotations

import numpy as np

from ecg_text.plots.svg import envelope, number, polyline
from ecg_text.record import Record

THUMBNAIL_SECONDS = 5.0
_LEAST_SPAN_MV = 1.0
_MARGIN = 2


def thumbnail_svg(record: Record, *, lead: str = "II", width: int = 240, height: int = 48) -> str:
    """The lead's first five seconds as an inline SVG in the colour of the text around it, width x height pixels.

    The trace fills the height, but never magnifies less than 1 mV to it: a flat lead stays flat. A record without
    the lead shows its first one; the drawing's label says which. No axes: it is for recognising, not for measuring.
    """
    lead = lead if lead in record.leads else record.leads[0]
    samples = record.lead(lead)[: max(2, round(THUMBNAIL_SECONDS * record.rate_hz))]
    position, values = envelope(samples, width)
    span = max(float(np.ptp(values)), _LEAST_SPAN_MV)
    middle = float(values.max() + values.min()) / 2
    x = position / max(1, len(samples) - 1) * width
    y = height / 2 - (values - middle) / span * (height - 2 * _MARGIN)
    seconds = number(len(samples) / record.rate_hz, 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="strip" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="lead {lead}, {seconds} s">'
        f'<path d="{polyline(x, y, 1)}" fill="none" stroke="currentColor" stroke-width="1.2" '
        'stroke-linejoin="round"/></svg>'
    )
