"""The ECG sheet measured back in millimetres: scale, grid, pulses, ticks above beats, spans behind traces."""

import numpy as np
import pytest

from ecg_text.errors import ConfigError, LeadError
from ecg_text.plots.sheet import draw_sheet
from ecg_text.plots.sheet_marks import Span
from ecg_text.plots.sheet_paint import vertices_of
from ecg_text.plots.svg import SVG
from tests.unit.plots.sheet_reading import INK, beats, paths, places, record, rects, root_of, spikes_mm, texts


def test_a_drawing_in_millimetres_says_so() -> None:
    root = root_of(draw_sheet(record()))
    _, _, width, height = root.attrib["viewBox"].split()
    assert (root.attrib["width"], root.attrib["height"]) == (f"{width}mm", f"{height}mm")


@pytest.mark.parametrize(("layout", "num_traces"), [("3x4", 13), ("6x2", 12), ("12x1", 12)])
def test_a_second_is_25_mm_and_a_millivolt_10_mm_in_every_layout(layout: str, num_traces: int) -> None:
    traces = paths(draw_sheet(record(), layout=layout))
    assert len(traces) == num_traces
    for trace in traces:
        assert np.diff(spikes_mm(trace)) == pytest.approx(25, abs=0.011)
        assert np.ptp(trace[:, 1]) == pytest.approx(10, abs=0.011)


@pytest.mark.parametrize("size_mv", [0.1, 1.0, 4.4, -4.4])
def test_large_leads_get_a_taller_row_and_the_same_scale(size_mv: float) -> None:
    sheet = draw_sheet(record(size_mv=size_mv))
    for trace in paths(sheet):
        assert np.ptp(trace[:, 1]) == pytest.approx(abs(size_mv) * 10, abs=0.011)
    assert not any("cut" in text for text in texts(sheet))


@pytest.mark.parametrize(("layout", "rows"), [("3x4", 4), ("6x2", 6), ("12x1", 12)])
def test_every_row_begins_with_a_pulse_of_5_by_10_mm_on_its_base_line(layout: str, rows: int) -> None:
    sheet = draw_sheet(record(), layout=layout)
    pulses = paths(sheet, "pulse")
    first = {round(float(trace[0, 1]), 2) for trace in paths(sheet)}
    assert len(pulses) == rows
    for pulse in pulses:
        top = pulse[pulse[:, 1] == pulse[:, 1].min()]
        assert np.ptp(top[:, 0]) == pytest.approx(5, abs=1e-6)
        assert np.ptp(pulse[:, 1]) == pytest.approx(10, abs=1e-6)
        assert round(float(pulse[0, 1]), 2) in first


def test_grid_lines_are_1_mm_and_5_mm_apart_and_traces_rest_on_them() -> None:
    sheet = draw_sheet(record())
    grids = {}
    for path in root_of(sheet).findall(f"{{{SVG}}}path")[:2]:
        points, _ = vertices_of(path.attrib["d"])
        lines = points.reshape(-1, 2, 2)
        upright = lines[:, 0, 0] == lines[:, 1, 0]
        grids[path.attrib["stroke-width"]] = np.unique(lines[upright, 0, 0]), np.unique(lines[~upright, 0, 1])
    (minor_x, minor_y), (major_x, major_y) = grids.values()
    for lines, apart in ((minor_x, 1), (minor_y, 1), (major_x, 5), (major_y, 5)):
        assert np.diff(lines) == pytest.approx(apart, abs=0.011)
    assert {float(trace[0, 1]) for trace in paths(sheet)} <= set(major_y.tolist())


def test_the_four_columns_show_consecutive_seconds() -> None:
    ecg = record()
    signal = np.tile(np.linspace(0, 1, ecg.num_samples), (12, 1))
    traces = paths(draw_sheet(ecg.with_signal(signal, "a ramp"), layout="3x4"))[:12]
    base = paths(draw_sheet(ecg.with_signal(signal, "a ramp")), "pulse")
    for column in range(4):
        rises = [(float(base[row][0, 1]) - float(traces[4 * row + column][5, 1])) / 10 for row in range(3)]
        assert rises == pytest.approx([column / 4] * 3, abs=0.01)


def test_ticks_stand_above_the_beats_in_every_row() -> None:
    ecg = record()
    sheet = draw_sheet(ecg, beats=beats(ecg))
    traces, ticks = paths(sheet), paths(sheet, "beats")
    assert len(ticks) == len(traces) == 13
    spikes = np.sort(np.concatenate([spikes_mm(trace) for trace in traces]))
    drawn = np.sort(np.concatenate([np.unique(tick[:, 0]) for tick in ticks]))
    assert drawn == pytest.approx(spikes, abs=0.02)
    assert "60 beats/min · 10 s" in texts(sheet)


def test_one_beat_has_no_rate() -> None:
    ecg = record(duration_s=1.0)
    assert not any("beats/min" in text for text in texts(draw_sheet(ecg, beats=beats(ecg))))


def test_a_span_lies_behind_its_lead_where_it_was_asked_for() -> None:
    span = Span(lead="V1", start_s=5.4, stop_s=5.6, label="the spike", strength=0.5)
    sheet = draw_sheet(record(), spans=[span])
    (shade,) = rects(sheet, "span")
    x, width = float(shade.attrib["x"]), float(shade.attrib["width"])
    assert width == pytest.approx(0.2 * 25, abs=0.011)
    ((name_x, name_y),) = places(sheet, "V1")
    trace = next(trace for trace in paths(sheet) if abs(trace[0, 0] - name_x) < 1 and 0 < trace[0, 1] - name_y < 25)
    assert x + width / 2 == pytest.approx(spikes_mm(trace)[0], abs=0.02)
    assert float(shade.attrib["y"]) < name_y < float(shade.attrib["y"]) + float(shade.attrib["height"])
    order = list(root_of(sheet))
    assert max(i for i, one in enumerate(order) if one.get("class") == "span") < min(
        i for i, one in enumerate(order) if one.get("stroke") == INK
    )
    assert {"the spike", "darker: stronger"} <= set(texts(sheet))


def test_a_span_of_all_leads_shades_them_all_and_a_stronger_one_is_darker() -> None:
    spans = [Span(lead=None, start_s=1, stop_s=2, strength=s, label=str(s)) for s in (0.0, 0.5, 1.0)]
    shades = rects(draw_sheet(record(), layout="12x1", spans=spans), "span")
    assert len(shades) == 36
    opacity = [float(shade.attrib["opacity"]) for shade in shades]
    assert opacity[0] < opacity[12] < opacity[24] < 0.5
    assert len({shade.attrib["fill"] for shade in shades}) == 3


def test_spans_are_placed_by_the_time_of_the_record_and_those_elsewhere_are_counted() -> None:
    spans = [Span(lead="I", start_s=s, stop_s=s + 1) for s in (2.0, 21.0)]
    sheet = draw_sheet(record(("I",), 60.0), start_s=20.0, spans=spans)
    (shade,) = rects(sheet, "span")
    assert float(shade.attrib["x"]) - paths(sheet)[0][0, 0] == pytest.approx(25, abs=0.02)
    assert "darker: stronger; 1 outside these seconds" in texts(sheet)
    assert "10 s from 20 s, of 60 s" in texts(sheet)


@pytest.mark.parametrize(("start_s", "stop_s", "strength"), [(2, 1, 1), (1, 1, 1), (0, np.nan, 1), (0, 1, 2)])
def test_an_impossible_span_is_refused(start_s: float, stop_s: float, strength: float) -> None:
    with pytest.raises(ConfigError, match="give"):
        Span(lead=None, start_s=start_s, stop_s=stop_s, strength=strength)


def test_a_span_in_a_lead_that_is_not_shown_is_refused() -> None:
    with pytest.raises(LeadError, match="a span is in lead V1; the sheet shows II"):
        draw_sheet(record(("II",)), spans=[Span(lead="V1", start_s=0, stop_s=1)])
