"""ecg-text tune-text: what it answers, and what it refuses in one line."""

from __future__ import annotations

import json

import pytest

from ecg_text.recipes.tune_recipes import TUNE_RECIPES

TINY = [
    part
    for setting in (
        "encoder.vocab_size=400",
        "encoder.width=16",
        "encoder.num_layers=1",
        "encoder.num_heads=2",
        "training.steps=2",
        "data.held_out=0.3",
    )
    for part in ("--set", setting)
]


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(f"sinus rhythm. finding number {number}" for number in "abcdefgh"))
    return path


def assert_refused(said, *words):
    assert said.status == 1
    assert said.out == ""
    assert said.err.rstrip("\n").splitlines()[-1].startswith("error: ")
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err


def test_an_unknown_recipe_is_told_the_known_ones(say_to, texts, tmp_path):
    said = say_to("tune-text", "nonsense", "--data", texts, "--out", tmp_path / "run")
    assert_refused(said, "'nonsense'", *TUNE_RECIPES)


@pytest.mark.parametrize(
    ("setting", "words"),
    [("lora.rnak=4", ("'rnak'", "rank")), ("data.window=wide", ("data.window", "'wide'")), ("init", ("name=value",))],
)
def test_a_wrong_setting_is_refused_before_anything_is_read(say_to, tmp_path, setting, words):
    said = say_to("tune-text", "text_nano", "--data", tmp_path / "none", "--out", tmp_path / "run", "--set", setting)
    assert_refused(said, *words)
    assert not (tmp_path / "run").exists()


def test_missing_data_are_refused(say_to, tmp_path):
    said = say_to("tune-text", "text_nano", "--data", tmp_path / "none", "--out", tmp_path / "run")
    assert_refused(said, "there is no", "ecg-text prepare")


def test_a_used_run_folder_is_refused(say_to, texts, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    assert_refused(say_to("tune-text", "text_nano", "--data", texts, "--out", tmp_path / "run"), "thesis.txt")


@pytest.mark.slow
def test_a_tuning_tells_its_metrics_its_folder_and_what_is_next(say_to, texts, tmp_path):
    said = say_to("tune-text", "text_nano", "--data", texts, "--out", tmp_path / "run", *TINY)
    assert said.status == 0, said.err
    assert "held_out_loss" in said.out
    assert f"model.text.pretrained={tmp_path / 'run' / 'model'}" in said.out
    assert "of them (100.0%) learn" in " ".join(said.err.split())
    told = json.loads(
        say_to("tune-text", "text_nano", "--data", texts, "--out", tmp_path / "run", *TINY, "--resume", "--json").out
    )
    assert (told["recipe"], told["steps"]) == ("text_nano", 2)


@pytest.mark.slow
def test_with_adapters_the_share_that_learns_is_told(say_to, texts, tmp_path):
    assert say_to("tune-text", "text_nano", "--data", texts, "--out", tmp_path / "first", *TINY).status == 0
    lora = ("--set", "lora.rank=2", "--set", f"init={tmp_path / 'first' / 'model'}")
    said = say_to("tune-text", "text_nano", "--data", texts, "--out", tmp_path / "run", *TINY, *lora)
    assert said.status == 0, said.err
    assert "learn;" in said.err
    assert "(100.0%)" not in said.err
