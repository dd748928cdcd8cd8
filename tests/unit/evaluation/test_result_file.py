"""A result survives its file, and a file that is no result is refused by name."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecg_text.errors import DataError
from ecg_text.evaluation.result import Result, read_result
from ecg_text.evaluation.scores import ClassScore, Metric

RESULT = Result(
    task="zero-shot",
    split="test",
    metrics={"macro_auroc": Metric(value=0.87, low=0.85, high=0.89), "macro_average_precision": Metric(value=0.4)},
    classes={
        "AFIB": ClassScore(support=152, metrics={"auroc": Metric(value=0.95, low=0.93, high=0.97)}),
        "a|b": ClassScore(support=0, skipped="no positive record"),
    },
    baselines={"random encoder": {"macro_auroc": Metric(value=0.51, low=0.48, high=0.54)}},
    provenance={"model_revision": "abc", "seed": 1, "code_version": "0.1.0", "dirty": False, "prompt_set": None},
)


def test_a_result_survives_its_file(tmp_path: Path) -> None:
    path = RESULT.write_json(tmp_path / "new" / "result.json")
    assert read_result(path) == RESULT
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]


def test_the_file_has_the_promised_fields(tmp_path: Path) -> None:
    table = json.loads(RESULT.write_json(tmp_path / "result.json").read_text())
    assert table["metrics"]["macro_auroc"] == {"value": 0.87, "low": 0.85, "high": 0.89}
    assert table["classes"]["AFIB"] == {"support": 152, "auroc": {"value": 0.95, "low": 0.93, "high": 0.97}}
    assert table["classes"]["a|b"] == {"support": 0, "skipped": "no positive record"}
    assert {"task", "split", "baselines", "provenance"} < table.keys()


def test_markdown_shows_values_base_lines_and_skipped_classes() -> None:
    text = RESULT.to_markdown()
    assert "| macro_auroc | 0.870 [0.850, 0.890] | 0.510 [0.480, 0.540] |" in text
    assert "| a\\|b | 0 | skipped: no positive record |" in text
    assert "| AFIB | 152 | 0.950 [0.930, 0.970] |" in text
    assert "- model_revision: `abc`" in text
    assert "not a medical device" in text


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = RESULT.write_json(tmp_path / "result.json")
    with pytest.raises(DataError, match=r"plain|serializable"):
        replace(RESULT, provenance={"path": tmp_path}).write_json(path)
    assert read_result(path) == RESULT
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("format", "ecg_text.result/9", "ecg_text.result/1"),
        ("extra", 1, "its fields are"),
        ("task", 3, "should be strings"),
        ("metrics", [], "metrics should be a JSON object"),
        ("metrics", {"a": {"value": 1.0}}, "a has the fields value"),
        ("metrics", {"a": {"value": "1", "low": None, "high": None}}, "finite number"),
        ("metrics", {"a": {"value": 1.0, "low": 0.5, "high": None}}, "both or neither"),
        ("classes", {"AFIB": {"support": -1}}, "support -1"),
        ("classes", {"AFIB": {"support": 1, "skipped": 2}}, "should be a sentence"),
        ("baselines", {"chance": 0.5}, "metrics should be a JSON object"),
        ("provenance", {"model": {"name": "x"}}, "no plain value under model"),
    ],
)
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, field: str, value: object, told: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps({**RESULT.to_dict(), field: value}))
    with pytest.raises(DataError, match=told) as refused:
        read_result(path)
    assert "result.json" in str(refused.value)


def test_an_absent_or_torn_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_result(tmp_path / "none.json")
    path = RESULT.write_json(tmp_path / "torn.json")
    path.write_text(path.read_text()[:100])
    with pytest.raises(DataError, match="is not a JSON file"):
        read_result(path)


def test_a_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(DataError, match="finite number"):
        Metric(value=float("nan"))
    with pytest.raises(DataError, match="finite numbers"):
        Metric(value=1.0, low=float("nan"), high=1.0)
