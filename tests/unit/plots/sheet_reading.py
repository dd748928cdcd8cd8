"""Reads a drawn sheet back: its texts, traces, ticks, spans and size, in millimetres."""

from xml.etree import ElementTree

import numpy as np

from ecg_text.leads import STANDARD_12
from ecg_text.plots.sheet import Sheet
from ecg_text.plots.sheet_paint import vertices_of
from ecg_text.plots.svg import SVG
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import Beats

DISCLAIMER = "research use only, not a medical device"
RATE_HZ = 250.0
INK = "#1f2a36"


def record(leads: tuple[str, ...] = STANDARD_12, duration_s: float = 10.0, size_mv: float = 1.0) -> Record:
    """A spike of size_mv and 20 ms every second, at 0.5 s, 1.5 s ...; of a person who must not appear on paper."""
    samples = np.zeros(round(duration_s * RATE_HZ))
    samples[round(0.5 * RATE_HZ) :: round(RATE_HZ)] = size_mv
    return Record(
        signal=np.tile(samples, (len(leads), 1)), rate_hz=RATE_HZ, leads=leads, record_id="r-77",
        patient_id="PATIENT-9", age=61.0, sex="female", report="A SECRET REPORT", device="A DEVICE",
    )  # fmt: skip


def beats(ecg: Record) -> Beats:
    """The spikes of a record."""
    peaks = np.flatnonzero(ecg.signal[0] > 0)
    votes = np.ones(len(peaks), dtype=np.int64)
    return Beats(peaks=peaks, rate_hz=ecg.rate_hz, num_samples=ecg.num_samples, votes=votes, leads=ecg.leads[:1])


def root_of(sheet: Sheet) -> ElementTree.Element:
    """The drawing's elements."""
    return ElementTree.fromstring(sheet.svg())


def size_mm(sheet: Sheet) -> tuple[float, float]:
    """Width and height."""
    _, _, width, height = root_of(sheet).attrib["viewBox"].split()
    return float(width), float(height)


def texts(sheet: Sheet) -> list[str]:
    """Every text on the sheet, in order."""
    return [element.text or "" for element in root_of(sheet).iter(f"{{{SVG}}}text")]


def places(sheet: Sheet, word: str) -> list[tuple[float, float]]:
    """Where a text stands."""
    found = [element for element in root_of(sheet).iter(f"{{{SVG}}}text") if element.text == word]
    return [(float(element.attrib["x"]), float(element.attrib["y"])) for element in found]


def paths(sheet: Sheet, kind: str | None = None) -> list[np.ndarray]:
    """Points (n, 2) of the traces, or of the paths of a class."""
    found = root_of(sheet).findall(f"{{{SVG}}}path")
    chosen = [path for path in found if path.get("class") == kind and (kind or path.get("stroke") == INK)]
    return [vertices_of(path.attrib["d"])[0] for path in chosen]


def rects(sheet: Sheet, kind: str) -> list[ElementTree.Element]:
    """The rectangles of a class."""
    return [rect for rect in root_of(sheet).findall(f"{{{SVG}}}rect") if rect.get("class") == kind]


def spikes_mm(trace: np.ndarray) -> np.ndarray:
    """Places (n,) of the spikes of a trace."""
    return trace[trace[:, 1] < trace[0, 1] - 1, 0]
