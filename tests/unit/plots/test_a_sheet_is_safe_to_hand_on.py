"""Margins, endings and files of a sheet: hostile words, nobody's name, true size in print, the same bytes again."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ecg_text.errors import ConfigError
from ecg_text.plots.sheet import draw_sheet
from ecg_text.plots.sheet_paint import vertices_of
from ecg_text.signal.gate.finding import Finding, Severity
from tests.unit.plots.sheet_reading import DISCLAIMER, paths, places, record, size_mm, spikes_mm, texts

pytestmark = pytest.mark.slow

HOSTILE = ["<script>&\"'", "$\\frac{1}{", "a\x00b\x1b[31m", "\udce9", "日本\n語", "x" * 5000, "   "]


def test_findings_stand_in_the_margin_the_gravest_first_and_not_too_many() -> None:
    notes = [Finding(code="n", severity=Severity.NOTE, message=f"note {i}") for i in range(7)]
    grave = Finding(code="u", severity=Severity.REFUSE, message="far too large " * 20, evidence={"hum_mv": -0.08})
    sheet = draw_sheet(record(), findings=[*notes, grave])
    told = texts(sheet)
    assert told.index("refuse") < told.index("note")
    assert {"hum −0.08 mV", "note 3", "and 3 more"} <= set(told)
    assert "note 4" not in told
    assert max(len(text) for text in told) * 2.9 * 0.58 < 275
    assert max(y for text in told for _, y in places(sheet, text)) < size_mm(sheet)[1]


def test_a_finding_in_the_margin_names_its_leads_once() -> None:
    noisy = Finding(code="n", severity=Severity.WARN, message="do not read these leads", leads=("V2", "V5"))
    zeroed = Finding(code="z", severity=Severity.WARN, message="V3 and aVL are zero", leads=("V3", "aVL"))
    told = texts(draw_sheet(record(), findings=[noisy, zeroed]))
    assert {"V2 V5: do not read these leads", "V3 and aVL are zero"} <= set(told)


def test_answers_are_written_with_their_sign_the_best_first() -> None:
    told = texts(draw_sheet(record(), answers=[("low", -0.1), ("high", 0.314)]))
    assert told.index("high") < told.index("low")
    assert {"+0.31", "−0.10"} <= set(told)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_harms_no_picture(title: str, tmp_path: Path) -> None:
    finding = Finding(code="c", severity=Severity.WARN, message=title, evidence={title: 1.0})
    sheet = draw_sheet(record(("II",)), title=title, findings=[finding], answers=[(title, 0.1)])
    assert "<script" not in sheet.svg()
    assert all(len(text) < 200 for text in texts(sheet))
    for suffix in (".svg", ".png", ".pdf"):
        sheet.write(tmp_path / f"sheet{suffix}")
        assert (tmp_path / f"sheet{suffix}").stat().st_size > 1000


def test_nothing_of_the_person_is_drawn_or_stored_by_itself(tmp_path: Path) -> None:
    sheet = draw_sheet(record())
    sheet.write(tmp_path / "sheet.pdf")
    sheet.write(tmp_path / "sheet.png")
    stored = (tmp_path / "sheet.pdf").read_bytes() + (tmp_path / "sheet.png").read_bytes() + sheet.svg().encode()
    for secret in (b"PATIENT-9", b"female", b"SECRET", b"r-77", b"DEVICE"):
        assert secret not in stored
    assert not any("61" in text for text in texts(sheet))


def test_a_png_prints_at_true_size_and_carries_the_disclaimer(tmp_path: Path) -> None:
    sheet = draw_sheet(record())
    assert DISCLAIMER in texts(sheet)
    sheet.write(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        dpi = picture.info["dpi"]
        printed = [pixels / one * 25.4 for pixels, one in zip(picture.size, dpi, strict=True)]
        assert picture.info["Description"] == DISCLAIMER
        assert set(picture.info) <= {"dpi", "Description"}
    assert dpi == pytest.approx((203.2, 203.2), abs=0.01)
    assert printed == pytest.approx(size_mm(sheet), abs=0.2)


def test_a_trace_is_where_the_drawing_says_in_the_png(tmp_path: Path) -> None:
    sheet = draw_sheet(record(("II",)))
    sheet.write(tmp_path / "sheet.png", dpi=254)
    with Image.open(tmp_path / "sheet.png") as picture:
        dark = np.asarray(picture.convert("L")) < 110
    trace = paths(sheet)[0]
    base, top = float(trace[0, 1]), float(trace[:, 1].min())
    columns = np.flatnonzero(dark[round((base + top) / 2 * 10)])
    for x in spikes_mm(trace):
        assert np.abs(columns / 10 - x).min() < 0.25


def test_a_pdf_has_a_page_of_a4_or_one_as_large_as_the_sheet_needs(tmp_path: Path) -> None:
    for layout, size_mv in (("3x4", 1.0), ("12x1", 4.0)):
        sheet = draw_sheet(record(size_mv=size_mv), layout=layout)
        sheet.write(tmp_path / "sheet.pdf")
        found = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", (tmp_path / "sheet.pdf").read_bytes())
        assert found is not None
        page_mm = [float(points) / 72 * 25.4 for points in found.groups()]
        assert page_mm == pytest.approx([297, max(210, size_mm(sheet)[1])], abs=0.05)


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_the_same_sheet_gives_the_same_bytes_and_no_date_or_program(suffix: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw_sheet(record(("II",)), title="twice").write(tmp_path / f"{name}{suffix}")
    one, two = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "two"))
    assert one == two
    for noise in (b"CreationDate", b"/Creator", b"/Producer", b"Software", b"matplotlib"):
        assert noise not in one
    assert suffix != ".pdf" or DISCLAIMER.encode() in one
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one{suffix}", f"two{suffix}"]


@pytest.mark.parametrize("name", ["sheet.jpg", "sheet", "sheet.png.exe"])
def test_another_ending_is_refused_and_nothing_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"written as \.svg, \.png or \.pdf, not"):
        draw_sheet(record(("II",))).write(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_path_data_is_read_back_as_a_viewer_reads_it() -> None:
    points, starts = vertices_of("M1 2l.5 -1 .5 0M0 0h2v-3H5V7L8 9")
    assert points.tolist() == [[1, 2], [1.5, 1], [2, 1], [0, 0], [2, 0], [2, -3], [5, -3], [5, 7], [8, 9]]
    assert np.flatnonzero(starts).tolist() == [0, 3]
