"""A prompt set is read strictly: what is wrong is told in one line, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.errors import PromptError
from ecg_text.text.prompts import (
    DEFAULT_OPPOSITE,
    PromptLabel,
    PromptSet,
    default_opposite,
    list_prompt_sets,
    load_prompt_set,
    text_prompt_set,
)

GOOD = """
name = "mine"
version = 3
sources = ["a book"]
[[label]]
name = "A"
title = "The A"
texts = ["an a", "ein a"]
codes = { scp = ["A1", "A2"] }
[[label]]
name = "B"
title = "The B"
texts = ["a b"]
opposite = ["no b"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "set.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_becomes_a_set(tmp_path: Path) -> None:
    prompts = load_prompt_set(write(tmp_path, GOOD))
    assert (prompts.name, prompts.version, prompts.names, prompts.sources) == ("mine", 3, ("A", "B"), ("a book",))
    assert prompts.label("A").codes == {"scp": ("A1", "A2")}
    assert prompts.label("A").opposite == DEFAULT_OPPOSITE
    assert prompts.label("B").opposite == ("no b",)


def test_the_sets_own_opposite_serves_labels_without_one(tmp_path: Path) -> None:
    prompts = load_prompt_set(write(tmp_path, 'opposite = ["nothing"]' + GOOD))
    assert [label.opposite for label in prompts.labels] == [("nothing",), ("no b",)]


def test_the_path_may_be_a_string(tmp_path: Path) -> None:
    assert load_prompt_set(str(write(tmp_path, GOOD))).name == "mine"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sources", "sorces", "unknown key 'sorces'"),
        ("title = \"The A\"", "titel = \"The A\"", "unknown key 'titel'"),
        ("version = 3", "version = \"3\"", "version is '3'"),
        ("version = 3", "version = 0", "whole number"),
        ("texts = [\"a b\"]", "texts = []", "empty"),
        ("texts = [\"a b\"]", "texts = [\" \"]", "empty"),
        ("texts = [\"a b\"]", "texts = \"a b\"", "list of texts"),
        ("\"ein a\"", "\"an a\"", "given twice"),
        ("name = \"B\"", "name = \"A\"", "given twice"),
        ("[\"no b\"]", "[\"a b\"]", "its texts and its opposite"),
        ("codes = { scp = [\"A1\", \"A2\"] }", "codes = [\"A1\"]", "give a table"),
        ("name = \"B\"", "name = \"\"", "not empty"),
        ("version = 3", "version = = 3", "line 3, column 11"),
    ],
)  # fmt: skip
def test_a_fault_is_refused_in_one_line_that_names_the_file(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(PromptError, match=told) as refusal:
        load_prompt_set(path)
    assert "\n" not in str(refusal.value)
    assert "set.toml" in str(refusal.value)


def test_a_missing_file_and_an_unknown_set_are_told() -> None:
    with pytest.raises(PromptError, match="cannot be read"):
        load_prompt_set("nowhere/set.toml")
    with pytest.raises(PromptError, match="ptbxl-superclass"):
        load_prompt_set("no-such-set")
    with pytest.raises(PromptError, match=r"no version 999; it has \[1"):
        load_prompt_set("ptbxl-superclass", version=999)


def test_an_unknown_label_is_told_with_the_known_ones() -> None:
    with pytest.raises(PromptError, match="'XY'; it has NORM, MI"):
        load_prompt_set("ptbxl-superclass", version=1).label("XY")


def test_a_set_survives_the_way_through_plain_values() -> None:
    for name, version in list_prompt_sets():
        prompts = load_prompt_set(name, version)
        again = PromptSet.from_dict(prompts.to_dict())
        assert again == prompts
        assert again.hash == prompts.hash


def test_any_changed_word_changes_the_hash() -> None:
    one, other = text_prompt_set(["atrial flutter"]), text_prompt_set(["atrial flutter "])
    assert one.hash != other.hash
    assert len(one.hash) == 12


def test_a_users_texts_are_measured_against_a_normal_ecg() -> None:
    prompts = text_prompt_set(["atrial flutter", "delta wave"])
    assert prompts.names == ("atrial flutter", "delta wave")
    assert prompts.label("delta wave").opposite == ("normal ecg",)
    assert text_prompt_set(["a"], opposite=["b"]).labels[0].opposite == ("b",)


def test_a_users_text_may_not_be_empty_double_or_its_own_opposite() -> None:
    for texts in ([], [""], ["a", "a"]):
        with pytest.raises(PromptError):
            text_prompt_set(texts)
    with pytest.raises(PromptError, match="its texts and its opposite"):
        text_prompt_set(["lbbb"], opposite=["lbbb"])


@pytest.mark.parametrize(
    "text", ["normal ecg", "Normal  ECG", "sinus rhythm. normal ecg", "normales ekg", "Sinus rhythm"]
)
def test_what_states_normality_is_measured_against_what_is_not_normal(text: str) -> None:
    opposite = default_opposite(text)
    assert "atrial fibrillation" in opposite
    assert "normal ecg" not in opposite


@pytest.mark.parametrize("text", ["abnormal ecg", "sinus rhythm with first degree av block", "lbbb", "normal axis"])
def test_a_finding_is_measured_against_a_normal_ecg(text: str) -> None:
    assert default_opposite(text) == ("normal ecg",)


def test_a_label_without_an_opposite_is_refused() -> None:
    with pytest.raises(PromptError, match="opposite is empty"):
        PromptLabel(name="A", title="A", texts=("a",), opposite=())
