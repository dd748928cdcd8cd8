"""A fresh run is held against a file line by line, and only like with like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ecg_text.errors import DataError
from ecg_text.evaluation.reproduction import check_comparable, compare
from ecg_text.hub.results_file import Results, results_of


def result(auroc: float, *, task: str = "zero-shot", split: str = "test", **provenance: object) -> dict[str, Any]:
    figure = {"value": auroc, "low": None, "high": None}
    return {
        "format": "ecg_text.result/1",
        "task": task,
        "split": split,
        "metrics": {"macro_auroc": figure},
        "classes": {"MI": {"support": 3, "auroc": figure}},
        "baselines": {"random encoder": {"macro_auroc": {"value": 0.5, "low": None, "high": None}}},
        "provenance": {"prompt_set": "ptbxl-form", "protocol": "ecg_text", "rule": "contrast", **provenance},
    }


def results(*listed: Mapping[str, Any]) -> Results:
    return results_of({"format": "ecg_text.results/1", "results": list(listed), "facts": {}})


def test_figures_within_two_tenths_of_a_point_are_reproduced() -> None:
    found = compare(results(result(0.8)), results(result(0.802)))
    assert found.holds
    assert [line.figure for line in found.lines] == ["macro_auroc", "random encoder: macro_auroc", "class MI: auroc"]
    found = compare(results(result(0.8)), results(result(0.8021)))
    assert not found.holds
    assert [(line.figure, line.difference) for line in found.off] == [
        ("macro_auroc", "+0.21 points"),
        ("class MI: auroc", "+0.21 points"),
    ]


@pytest.mark.parametrize(
    ("name", "fresh", "holds"),
    [
        ("report_to_ecg_median_rank", 14.0, True),
        ("report_to_ecg_median_rank", 14.5, False),
        ("num_labels_compared", 13.0, True),
        ("num_labels_compared", 12.0, False),
    ],
)
def test_ranks_and_counts_are_no_fractions(name: str, fresh: float, holds: bool) -> None:
    kept, again = result(0.8), result(0.8)
    for document, value in ((kept, 13.0), (again, fresh)):
        document["metrics"][name] = {"value": value, "low": None, "high": None}
    assert compare(results(kept), results(again)).holds is holds


def test_what_is_missing_is_not_reproduced_and_what_is_new_is_told() -> None:
    form, retrieval = result(0.8), result(0.3, task="retrieval", prompt_set=None, protocol=None)
    found = compare(results(form, retrieval), results(form))
    assert (found.holds, found.not_run, found.beyond) == (False, ("retrieval on test",), ())
    found = compare(results(form), results(form, retrieval))
    assert (found.holds, found.not_run, found.beyond) == (True, (), ("retrieval on test",))
    again = result(0.8)
    del again["classes"]["MI"]["auroc"]
    [line] = compare(results(form), results(again)).off
    assert (line.figure, line.difference) == ("class MI: auroc", "not there")


@pytest.mark.parametrize("fact", ["rule", "rows", "prompt_hash", "split_hash", "model_revision", "seed", "features"])
def test_results_that_were_asked_in_another_way_are_refused(fact: str) -> None:
    with pytest.raises(DataError, match=f"was asked in another way: {fact} is 'a' in the file and 'b' in this run"):
        compare(results(result(0.8, **{fact: "a"})), results(result(0.8, **{fact: "b"})))


def test_another_protocol_is_another_result() -> None:
    found = compare(results(result(0.8, protocol="merl")), results(result(0.8)))
    assert found.not_run == ("zero-shot ptbxl-form on test by merl",)
    with pytest.raises(DataError, match="stands twice"):
        compare(results(result(0.8), result(0.8)), results(result(0.8)))


def test_another_split_is_refused_before_anything_is_run() -> None:
    kept = results(result(0.8, split_hash="a"))
    check_comparable(kept, split="test", same={"split_hash": "a", "data_set": "ptbxl"})
    with pytest.raises(DataError, match="this run asks the split 'val'; give --split test"):
        check_comparable(kept, split="val", same={})
    with pytest.raises(DataError, match="split_hash 'a', this run has 'b'"):
        check_comparable(kept, split="test", same={"split_hash": "b"})
