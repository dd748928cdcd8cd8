"""ecg-text train of an ECG encoder: what it answers, what may come next, and what cannot be asked of an encoder."""

from __future__ import annotations

import json

import pytest

from ecg_text.recipes.table import ENCODER_RECIPES, RECIPES

TINY = [
    part
    for setting in (
        "ecg.widths=[8,8,8]",
        "ecg.trunk_width=16",
        "ecg.num_layers=1",
        "ecg.position_kernel=5",
        "ecg.position_groups=2",
        "targets.num_entries=8",
        "data.batch_size=8",
        "training.steps=2",
    )
    for part in ("--set", setting)
]


def test_the_help_names_every_recipe(say_to):
    said = say_to("train", "--help")
    assert said.status == 0
    for name in (*RECIPES, *ENCODER_RECIPES):
        assert name in " ".join(said.out.split())


def test_an_unknown_recipe_is_told_those_of_both_kinds(say_to, store, tmp_path):
    said = say_to("train", "wav2vec", "--data", store, "--out", tmp_path / "run")
    assert said.status == 1
    for name in (*RECIPES, *ENCODER_RECIPES):
        assert name in said.err


@pytest.mark.parametrize("size", ["nano_ptbxl", "small_mimic"])
def test_the_command_that_comes_next_is_of_a_model_with_such_an_encoder(size):
    from pathlib import Path

    from ecg_text.cli.train import _model_with

    run = ENCODER_RECIPES[f"wav2vec_{size}"]()
    told = _model_with(run, Path("store"), Path("run") / "model")
    assert told == f"ecg-text train melp_{size} --data store --out OUT --set model.ecg.init=run/model".split()


@pytest.mark.slow
def test_an_encoder_is_trained_and_the_next_command_is_one_that_it_serves(say_to, store, tmp_path):
    run = tmp_path / "run"
    said = say_to("train", "wav2vec_nano_ptbxl", "--data", store, "--out", run, *TINY)
    assert said.status == 0, said.err
    assert "val_accuracy" in said.out
    [last] = said.out.splitlines()[-1:]
    assert last.startswith("next: ecg-text train RECIPE")  # no recipe has an encoder of these sizes
    assert last.endswith(f"--set model.ecg.init={run / 'model'}")
    assert "classify" not in said.out
    assert "AUROC" not in said.out
    told = json.loads(
        say_to("train", "wav2vec_nano_ptbxl", "--data", store, "--out", run, *TINY, "--resume", "--json").out
    )
    assert (told["recipe"], told["steps"], told["seed"]) == ("wav2vec_nano_ptbxl", 2, 0)

    refused = say_to("classify", run / "model", "--model", run / "model", "--text", "sinus rhythm")
    assert refused.status == 1
    assert "is an ECG encoder alone, which reads no text" in refused.err
    assert refused.err.count("\n") == 1
