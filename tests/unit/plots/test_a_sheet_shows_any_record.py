"""A sheet of whatever record there is: few leads, flat ones, artefacts, offsets, hours, a moment."""

import numpy as np
import pytest

from ecg_text.errors import ConfigError
from ecg_text.leads import STANDARD_12
from ecg_text.plots.sheet import draw_sheet
from ecg_text.record import Record
from tests.unit.plots.sheet_reading import RATE_HZ, paths, places, record, size_mm, texts


def test_an_absent_lead_has_an_empty_cell_with_its_name() -> None:
    sheet = draw_sheet(record(("I", "II", "V1", "V2", "V3", "V6")))
    assert len(paths(sheet)) == 7
    assert texts(sheet).count("absent") == 6
    for lead in STANDARD_12:
        assert len(places(sheet, lead)) == (2 if lead == "II" else 1)


def test_a_flat_lead_is_drawn_flat() -> None:
    sheet = draw_sheet(record(size_mv=0.0))
    assert [np.ptp(trace[:, 1]) for trace in paths(sheet)] == [0] * 13


def test_what_lies_beyond_the_paper_is_cut_and_told() -> None:
    signal = record().signal.copy()
    signal[7, 700] = 400.0
    sheet = draw_sheet(record().with_signal(signal, "a spike"), layout="12x1")
    assert "cut at the edge of the paper: V2" in texts(sheet)
    assert size_mm(sheet)[1] < 420


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e30])
def test_an_error_of_the_unit_still_gives_a_picture(factor: float) -> None:
    signal = np.random.default_rng(0).normal(size=(12, 2500)) * factor
    sheet = draw_sheet(Record(signal=signal, rate_hz=RATE_HZ, leads=STANDARD_12))
    assert size_mm(sheet)[1] < 450
    assert any(text.startswith("cut at the edge") for text in texts(sheet))
    assert max(np.abs(trace).max() for trace in paths(sheet)) < 1500


def test_a_constant_offset_is_taken_away_and_told() -> None:
    signal = record().signal.copy()
    signal[1] += 4.0
    sheet = draw_sheet(record().with_signal(signal, "drift"))
    assert "a constant offset is taken away: II (+4 mV)" in texts(sheet)
    assert [trace.tolist() for trace in paths(sheet)] == [trace.tolist() for trace in paths(draw_sheet(record()))]


def test_hours_show_the_ten_seconds_that_were_asked_for() -> None:
    sheet = draw_sheet(record(("II",), 7300.0), start_s=3725.0)
    assert np.ptp(paths(sheet)[0][:, 0]) == pytest.approx(250, abs=0.2)
    assert "10 s from 1 h 02 min 05 s, of 2 h 01 min 40 s" in texts(sheet)


@pytest.mark.parametrize(("duration_s", "note"), [(2.0, "every column shows the same seconds"),
                                                  (6.0, "the columns begin at 0, 2.5, 3.5, 3.5 s")])  # fmt: skip
def test_short_records_fill_their_columns_and_say_how(duration_s: float, note: str) -> None:
    sheet = draw_sheet(record(duration_s=duration_s))
    assert f"shorter than 10 s: {note}" in texts(sheet)
    assert len(paths(sheet)) == 13


@pytest.mark.parametrize("start_s", [-1.0, 10.0, np.nan])
def test_a_start_outside_the_record_is_refused(start_s: float) -> None:
    with pytest.raises(ConfigError, match="start inside it"):
        draw_sheet(record(), start_s=start_s)


@pytest.mark.parametrize("leads", [("II",), ("I", "II"), ("II", "V1", "V5"), ("VX", "VY", "VZ")])
@pytest.mark.parametrize("layout", ["3x4", "6x2", "12x1"])
def test_few_leads_are_drawn_as_strips_whatever_was_asked(leads: tuple[str, ...], layout: str) -> None:
    sheet = draw_sheet(record(leads), layout=layout)
    assert [text for text in texts(sheet) if text in leads] == list(leads)
    assert [np.ptp(trace[:, 0]) for trace in paths(sheet)] == pytest.approx([250] * len(leads), abs=0.2)


def test_leads_that_a_layout_has_no_place_for_are_named() -> None:
    ecg = record((*STANDARD_12, "V7", "V8"))
    assert "recorded, not shown: V7, V8 (the 12x1 layout shows every lead)" in texts(draw_sheet(ecg))
    assert len(paths(draw_sheet(ecg, layout="12x1"))) == 14


def test_a_window_of_a_longer_recording_says_which_one() -> None:
    told = texts(draw_sheet(record(("II",)), origin_s=3600.0, total_s=86400.0))
    assert "10 s from 1 h 00 min 00 s, of 24 h 00 min 00 s" in told
    assert "first 10 s of 30 s" in texts(draw_sheet(record(("II",)), total_s=30.0))
