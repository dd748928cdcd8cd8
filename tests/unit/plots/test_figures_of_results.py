"""Figures of results: marks stand where the values are, and nothing is drawn that was not measured."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ecg_text.evaluation.reliability import ReliabilityBin
from ecg_text.hub.results_file import CardResult, ClassFigures, Figure
from ecg_text.plots.figures import ACCENT, SOFT, IntervalRow, intervals_svg, reliability_svg
from ecg_text.plots.result_figures import figures_of

SPACE = "{http://www.w3.org/2000/svg}"


def marks(drawing: str, kind: str, **attributes: str) -> list[ElementTree.Element]:
    found = ElementTree.fromstring(drawing).iter(SPACE + kind)
    return [one for one in found if all(one.get(name) == value for name, value in attributes.items())]


def words(drawing: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(drawing).iter(SPACE + "text")]


def test_a_value_lies_in_its_interval_and_base_lines_are_hollow() -> None:
    rows = [
        IntervalRow(label="a < b", value=0.8, low=0.7, high=0.9, beside={"random encoder": 0.5}),
        IntervalRow(label="c", value=0.6),
    ]
    drawing = intervals_svg("Title & more", rows, across="AUROC", reference=0.5)
    first, second = marks(drawing, "circle", fill=ACCENT)
    [hollow] = marks(drawing, "circle", stroke=SOFT, cy=str(first.get("cy")))
    [line] = marks(drawing, "line", stroke=ACCENT)
    x = [float(str(one)) for one in (line.get("x1"), first.get("cx"), line.get("x2"))]
    assert x[0] < x[1] < x[2]
    assert x[1] - x[0] == pytest.approx(x[2] - x[1])
    assert float(str(second.get("cx"))) - float(str(hollow.get("cx"))) == pytest.approx(x[1] - x[0])
    said = words(drawing)
    assert {"a < b", "c", "0.800 [0.700, 0.900]", "0.600", "random encoder", "Title & more"} <= set(said)
    assert "research use only, not a medical device" in said


def test_a_bin_that_came_true_lies_on_the_diagonal() -> None:
    bins = [
        ReliabilityBin(num_records=90, mean_probability=0.25, observed=0.25),
        ReliabilityBin(num_records=10, mean_probability=0.75, observed=0.25),
    ]
    drawing = reliability_svg("form", {"AFIB": bins, "SBRAD": bins[:1]})
    true, false, _ = marks(drawing, "circle")
    [diagonal] = marks(drawing, "line", x1=str(marks(drawing, "rect", fill="none")[0].get("x")))
    start, end = (tuple(float(str(diagonal.get(f"{axis}{number}"))) for axis in "xy") for number in (1, 2))
    at = tuple(float(str(true.get(name))) for name in ("cx", "cy"))
    assert at == pytest.approx(tuple(a + (b - a) / 4 for a, b in zip(start, end, strict=True)))
    assert false.get("cy") == true.get("cy")
    assert float(str(true.get("r"))) > float(str(false.get("r")))
    assert {"AFIB", "SBRAD"} <= set(words(drawing))
    wide, *_ = (float(str(one.get("y1"))) - float(str(one.get("y2"))) for one in marks(drawing, "line", stroke=ACCENT))
    side = start[1] - end[1]
    assert wide / side == pytest.approx(0.3487 - 0.1720, abs=1e-3)  # Wilson's interval of 22.5 of 90


def result(task: str, figures: dict[str, float], classes: dict[str, float] | None = None) -> CardResult:
    told = {name: Figure(value=value, low=value - 0.1, high=value + 0.1) for name, value in figures.items()}
    of_class = {
        name: ClassFigures(support=3, figures={"auroc": Figure(value=value, low=None, high=None)}, skipped="")
        for name, value in (classes or {}).items()
    }
    return CardResult(
        task=task,
        split="val",
        figures=told,
        classes=of_class,
        baselines={"random encoder": {name: Figure(value=0.5, low=None, high=None) for name in figures}},
        provenance={"prompt_set": "set"},
    )


def test_each_task_has_the_figures_that_it_should() -> None:
    bins = [ReliabilityBin(num_records=1, mean_probability=0.5, observed=1.0)]
    drawn = figures_of(
        [
            result("zero-shot", {"macro_auroc": 0.8}, {"B": 0.6, "A": 0.9}),
            result("lead-subsets", {"macro_auroc/II": 0.7, "macro_auroc_change/II": -0.1}),
            result("retrieval", {"report_to_ecg_recall@10": 0.4, "report_to_ecg_median_rank": 13}),
            result("captions", {"bleu_4": 0.2}),
        ],
        {"set": {"A": bins}, "empty": {}},
    )
    assert {task: list(files) for task, files in drawn.items()} == {
        "zero-shot": ["zero-shot-set.svg"],
        "retrieval": ["retrieval.svg"],
        "lead-subsets": ["lead-subsets.svg"],
        "calibration": ["reliability-set.svg"],
    }
    said = words(drawn["zero-shot"]["zero-shot-set.svg"])
    assert [word for word in said if word in ("macro", "A (3)", "B (3)")] == ["macro", "A (3)", "B (3)"]
    assert "II" in words(drawn["lead-subsets"]["lead-subsets.svg"])
    assert not any("-0.1" in word for word in words(drawn["lead-subsets"]["lead-subsets.svg"]))
    assert "report to ECG recall@10" in words(drawn["retrieval"]["retrieval.svg"])
