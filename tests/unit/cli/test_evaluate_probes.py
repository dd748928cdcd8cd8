"""ecg-text evaluate of what is learned from frozen features, and of a model that learned labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecg_text.evaluation.result import read_result
from ecg_text.recipes.table import LABEL_RECIPES

pytestmark = pytest.mark.slow

QUICK = ("--split", "test", "--resamples", "20")


@pytest.mark.parametrize(
    ("task", "options"),
    [("linear-probe", ("--features", "pooled")), ("knn-probe", ()), ("attentive-probe", ())],
)
def test_a_probe_stands_beside_a_random_encoder(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, task: str, options: tuple[str, ...]
) -> None:
    out = tmp_path / "r.json"
    asked = ("--task", task, "--labels", "synthetic", *options, *QUICK, "--out", out)
    said = say_to("evaluate", model, "--data", store, *asked)
    assert (said.status, said.err) == (0, "")
    result = read_result(out)
    assert (result.task, result.split) == (task, "test")
    assert set(result.baselines) == {"chance", "random encoder"}
    assert result.metrics.keys() == result.baselines["random encoder"].keys() == result.baselines["chance"].keys()
    assert result.provenance["label_set"] == "synthetic"
    assert f"{task} synthetic on test" in said.out


def test_several_label_sets_make_one_file_each(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path
) -> None:
    asked = ("--task", "linear-probe", "--labels", "synthetic", "--labels", "all", "--no-random-encoder", "--json")
    said = say_to("evaluate", model, "--data", store, *asked, *QUICK, "--out", tmp_path / "r.json")
    assert said.status == 0, said.err
    told = json.loads(said.out)["results"]
    assert [entry["path"] for entry in told] == [str(tmp_path / f"r-{name}.json") for name in ("synthetic", "all")]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--task", "linear-probe", "--split", "train"), 1, "learns from the split 'train'"),
        (("--task", "linear-probe", "--labels", "superb"), 1, "superb"),
        (("--task", "attentive-probe", "--features", "pooled"), 2, "--features"),
        (("--task", "retrieval", "--labels", "form"), 2, "--labels"),
        (("--task", "fine-tune"), 1, "so it is no classifier"),
    ],
)
def test_what_cannot_be_probed_is_told(
    refused: Callable[..., Any], arguments: tuple[str, ...], status: int, told: str
) -> None:
    assert told in refused(status, *arguments).err


def test_a_model_is_trained_on_labels_and_scored_on_them(
    say_to: Callable[..., Any], store: Path, tmp_path: Path
) -> None:
    settings = ("labels=synthetic", "ecg.widths=[8,16]", "ecg.depths=[1,1]", "ecg.num_heads=2", "data.batch_size=8")
    tiny = [part for one in (*settings, "training.steps=2") for part in ("--set", one)]
    run, out = tmp_path / "run", tmp_path / "r.json"
    said = say_to("train", "supervised_nano_ptbxl", "--data", store, "--out", run, *tiny)
    assert said.status == 0, said.err
    [last] = said.out.splitlines()[-1:]
    assert last.startswith(f"next: ecg-text evaluate {run / 'model'}")
    assert "--task fine-tune" in last
    said = say_to("evaluate", run / "model", "--data", store, "--task", "fine-tune", *QUICK, "--out", out)
    assert (said.status, said.err) == (0, "")
    result = read_result(out)
    assert result.provenance["label_set"] == result.provenance["learned"] == "synthetic"
    assert result.provenance["windows"] == "250 samples, every half of it, max"
    assert set(result.baselines) == {"chance"}
    said = say_to(
        "evaluate", run / "model", "--data", store, "--task", "fine-tune", "--labels", "form", *QUICK, "--out", out
    )
    assert (said.status, said.out) == (1, "")
    assert "tells nothing of" in said.err
    said = say_to("classify", "nothing.hea", "--model", run / "model", "--text", "af")
    assert said.status == 1


def test_the_help_names_the_recipes_of_labels(say_to: Callable[..., Any]) -> None:
    said = say_to("train", "--help")
    for name in LABEL_RECIPES:
        assert name in " ".join(said.out.split())
