"""Sheet, strip and charts: what is drawn can be measured back, and fits in a page."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ecg_text.errors import ConfigError
from ecg_text.leads import STANDARD_12
from ecg_text.plots.charts import curve_svg, interval_svg, round_ticks
from ecg_text.plots.sheet import sheet_svg
from ecg_text.plots.svg import SVG, envelope, number, polyline, signed
from ecg_text.plots.thumbnail import thumbnail_svg
from ecg_text.record import Record

DISCLAIMER = "research use only, not a medical device"


def record(leads: tuple[str, ...] = STANDARD_12, rate_hz: float = 100.0, duration_s: float = 10.0) -> Record:
    """Noise of 0.3 mV on the given leads, of a person who must not appear on paper."""
    generator = np.random.default_rng(5)
    signal = 0.3 * generator.standard_normal((len(leads), round(rate_hz * duration_s)))
    return Record(
        signal=signal.clip(-2, 2), rate_hz=rate_hz, leads=leads, record_id="r-77", patient_id="PATIENT-9", age=61.0,
        sex="female", report="A SECRET REPORT",
    )  # fmt: skip


def points_of(path: str) -> np.ndarray:
    """Absolute points (n, 2) of 'Mx yldx dy dx dy'."""
    steps = np.array([float(value) for value in re.findall(r"-?\d*\.?\d+", path)]).reshape(-1, 2)
    return steps.cumsum(axis=0)


def texts_of(drawing: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawing).iter(f"{{{SVG}}}text")]


def test_leads_stand_where_their_names_do_whatever_their_order() -> None:
    ecg = record()
    shuffled = ecg.select(reversed(STANDARD_12))
    assert sheet_svg(ecg) == sheet_svg(shuffled)


def test_a_sheet_says_what_it_is_not_and_nothing_of_the_person() -> None:
    drawing = sheet_svg(record(), title="case <1> & more")
    assert DISCLAIMER in drawing
    assert "case <1> & more" in texts_of(drawing)
    for secret in ("PATIENT-9", "female", "61", "SECRET", "r-77"):
        assert not any(secret in text for text in texts_of(drawing))


@pytest.mark.parametrize("rate_hz", [100.0, 500.0, 1000.0])
def test_a_sheet_weighs_less_than_400_kilobytes(rate_hz: float) -> None:
    assert len(sheet_svg(record(rate_hz=rate_hz))) < 400_000


def test_an_unknown_layout_is_told_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'2x6'; choose one of 3x4, 6x2, 12x1"):
        sheet_svg(record(), layout="2x6")


def test_a_strip_keeps_the_highest_and_the_lowest_sample() -> None:
    samples = np.zeros(5000)
    samples[[1234, 4321]] = 2.0, -1.0
    position, values = envelope(samples, 100)
    assert len(values) <= 200
    assert {1234, 4321} <= set(position.tolist())
    assert (values.max(), values.min()) == (2.0, -1.0)
    assert (np.diff(position) >= 0).all()


def test_a_strip_fills_its_height_and_a_flat_lead_stays_flat() -> None:
    ecg = record(("I", "II"))
    strip = points_of(re.findall(r' d="([^"]*)"', thumbnail_svg(ecg, width=200, height=40))[0])
    assert strip[:, 0].min() == 0
    assert strip[:, 0].max() == pytest.approx(200, abs=0.2)
    assert np.ptp(strip[:, 1]) == pytest.approx(36, abs=0.3)
    flat = ecg.with_signal(np.full_like(ecg.signal, 0.2), "flatten")
    strip = points_of(re.findall(r' d="([^"]*)"', thumbnail_svg(flat))[0])
    assert np.ptp(strip[:, 1]) == 0


def test_a_strip_of_a_record_without_the_lead_names_the_one_it_shows() -> None:
    assert 'aria-label="lead V5, 5 s"' in thumbnail_svg(record(("V5", "V1")), lead="II")


def test_roundings_do_not_add_up_along_a_line() -> None:
    x = np.arange(3000) * 0.0333
    points = points_of(polyline(x, np.sin(x)))
    assert points[:, 0] == pytest.approx(x, abs=0.0051)
    assert points[:, 1] == pytest.approx(np.sin(x), abs=0.0051)


@pytest.mark.parametrize(("value", "text"), [(12.5, "12.5"), (0.25, ".25"), (-0.5, "-.5"), (-0.001, "0"), (100, "100")])
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_a_similarity_has_a_sign() -> None:
    assert (signed(0.314), signed(-0.1)) == ("+0.31", "−0.10")


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.31, 0.33), (2.0, 2.0), (0.0, 12345.0), (-3.0, 4.0)])
def test_ticks_are_round_and_reach_over_the_whole_range(low: float, high: float) -> None:
    ticks = round_ticks(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 2 <= len(ticks) <= 8


def test_an_interval_stands_where_its_numbers_are() -> None:
    drawing = ElementTree.fromstring(interval_svg(0.7, 0.4, 1.0, 0.2, start=0.4))
    places = {element.get("class"): element for element in drawing}
    assert float(places["value"].attrib["cx"]) == pytest.approx(130, abs=0.1)
    assert (places["range"].get("x1"), places["range"].get("x2")) == ("6", "254")
    assert places["reference"].get("cx") == "6"  # below the line's start: at its end


def test_a_falling_curve_falls_on_paper() -> None:
    drawing = curve_svg([(0, 3.0), (50, 2.0), (100, 1.0)])
    points = points_of(re.findall(r'class="line" d="([^"]*)"', drawing)[0])
    assert (np.diff(points[:, 1]) > 0).all()
    ElementTree.fromstring(drawing)
