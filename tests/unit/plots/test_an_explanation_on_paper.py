"""The sheet of an explanation measured back: steps, pins, shades, changes at the leads, words; and what it hides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import ConfigError
from ecg_text.hub.explanation import MISSED, SIMILAR, Deletion, Explanation
from ecg_text.leads import STANDARD_12
from ecg_text.plots.sheet_evidence import draw_explanation
from ecg_text.signal.gate.finding import Finding, Severity
from tests.unit.plots.sheet_reading import DISCLAIMER, paths, places, record, rects, root_of, size_mm, texts

HOSTILE = ["<script>&\"'", "a\x00b\x1b[31m", "\udce9", "x" * 5000, "   "]


def deletion(chosen_by: str, fall: float, tokens: tuple[int, ...] = (2, 3)) -> Deletion:
    return Deletion(
        chosen_by=chosen_by, share=0.1, tokens=np.array(tokens), fall=fall, random_falls=np.full(20, 0.05)
    )  # fmt: skip


def explanation(num: int = 20, duration_s: float = 10.0, holds: bool = True) -> Explanation:
    """Moments of one length; the fourth beat (at 3.5 s), the third and fourth moment, and lead V2 are missed."""
    edges = np.linspace(0, duration_s, num + 1)
    falls = np.zeros(num)
    falls[2:4] = (0.2, 0.08)
    peaks_s = np.arange(0.5, duration_s, 1.0)
    beat_fall = np.where(np.arange(len(peaks_s)) == 3, 0.25, -0.01)
    return Explanation(
        text="old inferior infarction",
        read_as="old inferior infarction",
        similarity=0.4,
        window_s=duration_s,
        record_s=duration_s,
        token_span_s=np.stack([edges[:-1], edges[1:]], axis=1),
        token_similarity=np.linspace(-0.1, 0.5, num),
        token_fall=falls,
        beat_peak_s=peaks_s,
        beat_span_s=np.stack([peaks_s - 0.25, peaks_s + 0.45], axis=1),
        beat_similarity=np.full(len(peaks_s), 0.3),
        beat_fall=beat_fall,
        leads=STANDARD_12,
        lead_fall=np.where(np.array(STANDARD_12) == "V2", 0.12, -0.03),
        deletion=(deletion(MISSED, 0.3 if holds else 0.0), deletion(SIMILAR, 0.0)),
    )


def at_mm(time_s: float) -> float:
    """Where a time stands on a strip of the whole width."""
    return 26 + 25 * time_s


def test_the_text_its_similarity_the_check_and_the_disclaimer_are_told() -> None:
    told = texts(draw_explanation(record(), explanation(), title="an ECG"))
    assert "“old inferior infarction” · similarity +0.40" in told
    assert "an ECG" in told
    assert DISCLAIMER in told
    verdict = "holds for the moments missed most; the most similar matter no more than random others"
    assert f"Deletion check: {verdict}" in told
    assert "without the moments missed most: 10 % of the time −0.30 (random others −0.05, 0 of 20 as much)" in told
    assert "without the moments most similar: 10 % of the time 0.00 (random others −0.05, 20 of 20 as much)" in told


def test_each_moment_is_a_step_in_both_rows_on_the_time_axis_of_the_strip() -> None:
    told = explanation()
    steps = rects(draw_explanation(record(), told), "moment")
    assert len(steps) == 40
    alone, changes = steps[:20], steps[20:]
    for number, (above, below) in enumerate(zip(alone, changes, strict=True)):
        for step in (above, below):
            assert float(step.attrib["x"]) == pytest.approx(at_mm(number / 2), abs=0.01)
            assert float(step.attrib["width"]) == pytest.approx(12.5, abs=0.02)
    heights = np.array([float(step.attrib["height"]) for step in alone])
    np.testing.assert_allclose(heights / heights.max(), np.abs(told.token_similarity) / 0.5, atol=0.01)
    fallen = np.array([float(step.attrib["height"]) for step in changes])
    np.testing.assert_allclose(fallen / fallen.max(), told.token_fall / 0.2, atol=0.01)


def test_each_beat_is_a_pin_at_its_peak_down_where_it_is_missed_and_numbered_where_it_counts() -> None:
    sheet = draw_explanation(record(), explanation())
    pins = paths(sheet, "pin")
    assert len(pins) == 10
    by_place = sorted((float(pin[0, 0]), float(pin[1, 1] - pin[0, 1])) for pin in pins)
    assert [x for x, _ in by_place] == pytest.approx([at_mm(0.5 + beat) for beat in range(10)], abs=0.01)
    lengths = np.array([length for _, length in by_place])
    assert lengths[3] == lengths.max() == pytest.approx(6, abs=0.01)
    np.testing.assert_allclose(np.delete(lengths, 3), -0.24, atol=0.01)
    ((x, _),) = places(sheet, "−0.25")
    assert x == pytest.approx(at_mm(3.5), abs=0.01)
    assert "+0.01" not in texts(sheet)


def test_each_lead_has_its_change_beside_its_name() -> None:
    sheet = draw_explanation(record(), explanation())
    ((name_x, name_y),) = places(sheet, "V2")
    ((x, y),) = places(sheet, "−0.12")
    assert 3 < x - name_x < 10
    assert y == name_y
    assert len(places(sheet, "+0.03")) == 11
    widths = [float(bar.attrib["width"]) for bar in rects(sheet, "lead")]
    assert sorted(widths)[-2:] == pytest.approx([9 / 4, 9], abs=0.01)


def test_what_costs_a_tenth_is_shaded_in_all_rows_the_more_the_darker() -> None:
    shades = rects(draw_explanation(record(), explanation()), "span")
    assert len({shade.attrib["y"] for shade in shades}) == 4
    opacity = {shade.attrib["opacity"] for shade in shades}
    assert len(opacity) == 2
    strip = max(float(shade.attrib["y"]) for shade in shades)
    on_strip = sorted(
        (float(s.attrib["x"]), float(s.attrib["opacity"])) for s in shades if float(s.attrib["y"]) == strip
    )
    assert [x for x, _ in on_strip] == pytest.approx([at_mm(1), at_mm(1.5)], abs=0.01)
    assert on_strip[0][1] > on_strip[1][1]


def test_nothing_is_shaded_where_the_check_fails_which_is_told_in_another_colour() -> None:
    sheet = draw_explanation(record(), explanation(holds=False))
    assert not rects(sheet, "span")
    verdict = "Deletion check: the explanation does not hold; random others matter as much"
    colours = {one.text: one.attrib["fill"] for one in root_of(sheet).iter() if "fill" in one.attrib}
    assert colours[verdict] not in (colours[DISCLAIMER], None)
    assert not rects(draw_explanation(record(), replace(explanation(), similarity=-0.1)), "span")


@pytest.mark.parametrize("layout", ["3x4", "6x2", "12x1"])
@pytest.mark.parametrize("leads", [STANDARD_12, ("I", "II", "V1", "V2", "V3", "V6"), ("II", "VX")])
def test_any_layout_and_any_leads_will_do(layout: str, leads: tuple[str, ...]) -> None:
    ecg = record(leads)
    seen = np.isin(STANDARD_12, leads)
    told = replace(explanation(), lead_fall=np.where(seen, 0.02, np.nan))
    sheet = draw_explanation(ecg, told, layout=layout)
    assert len(rects(sheet, "lead")) == seen.sum()
    assert len(paths(sheet, "pin")) == 10


def test_no_beat_one_beat_and_what_is_not_known_are_drawn() -> None:
    nothing = np.zeros(0)
    told = replace(
        explanation(), beat_peak_s=nothing, beat_span_s=np.zeros((0, 2)), beat_similarity=nothing, beat_fall=nothing
    )
    sheet = draw_explanation(record(), told)
    assert "no beat was found" in texts(sheet)
    assert not paths(sheet, "pin")
    one = replace(
        told, beat_peak_s=np.array([0.5]), beat_fall=np.array([np.nan]), deletion=(), token_fall=np.full(20, np.nan)
    )
    assert "cannot be made" in " ".join(texts(draw_explanation(record(), one)))
    short = draw_explanation(record(duration_s=2.0), explanation(num=4, duration_s=2.0))
    assert float(rects(short, "moment")[-1].attrib["x"]) == pytest.approx(at_mm(1.5), abs=0.01)


def test_a_window_longer_than_the_paper_is_cut_at_its_edge() -> None:
    sheet = draw_explanation(record(duration_s=30.0), explanation(num=60, duration_s=30.0))
    ends = [float(step.attrib["x"]) + float(step.attrib["width"]) for step in rects(sheet, "moment")]
    assert max(ends) == pytest.approx(at_mm(10), abs=0.02)
    assert len(paths(sheet, "pin")) == 10
    assert "first 10 s of 30 s" in " ".join(texts(sheet))


def test_a_sheet_of_usual_size_fits_on_a_page_and_all_words_are_on_it() -> None:
    sheet = draw_explanation(record(), explanation(), title="an ECG")
    width, height = size_mm(sheet)
    assert (width, height < 210) == (297, True)
    assert max(y for text in texts(sheet) for _, y in places(sheet, text)) < height


@pytest.mark.slow
@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_harm_no_sheet(words: str, tmp_path: Path) -> None:
    finding = Finding(code="c", severity=Severity.WARN, message=words)
    told = replace(explanation(), text=words, read_as=words)
    sheet = draw_explanation(record(("II",)), told, title=words, findings=[finding])
    assert "<script" not in sheet.svg()
    assert all(len(text) < 260 for text in texts(sheet))
    for suffix in (".svg", ".png", ".pdf"):
        sheet.write(tmp_path / f"sheet{suffix}")


def test_a_text_that_is_read_otherwise_or_does_not_fit_is_told_below_it() -> None:
    told = texts(
        draw_explanation(record(), replace(explanation(), text="PVC", read_as="premature beat"), title="an ECG")
    )
    assert "an ECG · read as “premature beat”" in told
    assert not any("read as" in text for text in texts(draw_explanation(record(), explanation())))
    long = "old inferior infarction with a very long tail of words"
    told = texts(draw_explanation(record(), replace(explanation(), text=long, read_as=long)))
    assert f"read as “{long}”" in told
    assert any(text.endswith("…” · similarity +0.40") for text in told)


def test_nothing_of_the_person_is_drawn_by_itself() -> None:
    drawn = draw_explanation(record(), explanation()).svg()
    for secret in ("PATIENT-9", "female", "SECRET", "r-77", "DEVICE"):
        assert secret not in drawn


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(ConfigError, match="no sheet layout"):
        draw_explanation(record(), explanation(), layout="4x3")
