"""ecg-text prompts lists, shows and checks what a model is asked."""

from __future__ import annotations

import json

import pytest

from ecg_text.text.prompts import list_prompt_sets, load_prompt_set, prompts_folder

SOUND = """
name = "mine"
version = 1
[[label]]
name = "AFIB"
title = "Atrial fibrillation"
texts = ["atrial fibrillation", "afib"]
[[label]]
name = "AFLT"
title = "Atrial flutter"
texts = ["atrial flutter"]
"""


def test_the_list_names_every_packaged_set_and_its_hash(say_to):
    said = say_to("prompts", "list")
    assert (said.status, said.err) == (0, "")
    told = json.loads(say_to("prompts", "list", "--json").out)
    assert [(table["name"], table["version"]) for table in told] == list_prompt_sets()
    for table in told:
        assert table["name"] in said.out
        assert table["hash"] == load_prompt_set(table["name"], table["version"]).hash
        assert table["hash"] in said.out


def test_show_prints_every_text_and_the_hash(say_to):
    prompts = load_prompt_set("synthetic")
    said = say_to("prompts", "show", "synthetic")
    assert prompts.hash in said.out
    for label in prompts.labels:
        for text in (label.name, label.title, *label.texts, *label.opposite):
            assert text in said.out
    told = json.loads(say_to("prompts", "show", "synthetic", "--json").out)
    assert told.pop("hash") == prompts.hash
    assert told == prompts.to_dict()


def test_an_unknown_set_is_told_the_known_ones(say_to):
    said = say_to("prompts", "show", "nonsense")
    assert said.status == 1
    assert said.err.startswith("error: no prompt set 'nonsense'; known sets: ptbxl-form")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(("name", "version"), list_prompt_sets())
def test_every_packaged_set_passes_its_own_check(say_to, name, version):
    said = say_to("prompts", "lint", prompts_folder() / name / f"v{version}.toml")
    assert (said.status, said.err) == (0, "")


def test_a_sound_file_is_told_its_hash(say_to, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SOUND)
    said = say_to("prompts", "lint", file)
    assert "sound" in said.out
    assert load_prompt_set(file).hash in said.out
    assert json.loads(say_to("prompts", "lint", file, "--json").out)["ok"] is True


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("version = 1", "version = 1\nweird = 2"), "unknown key 'weird'"),
        (('texts = ["atrial flutter"]', "texts = []"), "texts is empty"),
        (("[[label]]", "[[label"), "not a TOML file"),
        (('name = "AFLT"', 'name = "AFIB"'), "'AFIB' is given twice"),
        (('["atrial flutter"]', '["Atrial  fibrillation"]'), "says both 'AFIB' and 'AFLT'"),
        (('"afib"', '"ATRIAL fibrillation"'), "twice but for case or spaces"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(say_to, tmp_path, change, words):
    file = tmp_path / "mine.toml"
    file.write_text(SOUND.replace(*change))
    said = say_to("prompts", "lint", file)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith(f"error: {file}: ")
    assert words in said.err
    assert said.err.count("\n") == 1


def test_a_missing_file_is_refused(say_to, tmp_path):
    said = say_to("prompts", "lint", tmp_path / "none.toml")
    assert said.status == 1
    assert "cannot be read" in said.err
