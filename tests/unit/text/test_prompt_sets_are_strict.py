"""A prompt set is read strictly: what is wrong is told in one line, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.errors import PromptError
from ecg_text.text.prompt_files import default_opposite, list_prompt_sets, load_prompt_set, text_prompt_set
from ecg_text.text.prompts import DEFAULT_OPPOSITE, Ensemble, PromptLabel, PromptSet

GOOD = """
name = "mine"
version = 3
sources = ["a book"]
[[label]]
name = "A"
title = "The A"
texts = ["an a", "one a"]
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
        ("\"one a\"", "\"an a\"", "given twice"),
        ("name = \"B\"", "name = \"A\"", "given twice"),
        ("[\"no b\"]", "[\"a b\"]", "its texts and its opposite"),
        ("codes = { scp = [\"A1\", \"A2\"] }", "codes = [\"A1\"]", "give a table"),
        ("name = \"B\"", "name = \"\"", "not empty"),
        ("version = 3", "version = 3\nensemble = 3", "give a table with texts"),
        ("version = 3", "version = 3\nensemble = { text = \"mean\" }", "unknown key 'text'"),
        ("version = 3", "version = 3\nensemble = { texts = \"max\" }", "texts is 'max'; choose one of mean, first"),
        ("version = 3", "version = 3\nensemble = { against = 3 }", "against is 3"),
        ("version = 3", "version = 3\nensemble = { against = \"none\" }", "'B' states an opposite"),
        ("[\"no b\"]", "[]", "opposite is empty"),
    ],
)  # fmt: skip
def test_a_fault_is_refused_in_one_line_that_names_the_file(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(PromptError, match=told) as refusal:
        load_prompt_set(path)
    assert "\n" not in str(refusal.value)
    assert "set.toml" in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "place", "told"),
    [
        (b'name = "mine"\nversion = = 3', "line 2, column 11", "invalid value"),
        (b'name = "mine"\r\nversion = 3\r\n[[label', "line 3, column 8", "expected"),
        (b'name = "mine', "line 1, column 13", "unterminated string"),
        (b'name = "a"\nname = "b"\n', "line 2, column 11", "overwrite"),
        ('name = "mine"\ntitle = "für"\n'.encode("latin-1"), "line 2, column 11", "0xfc is not UTF-8"),
        (b"\xef\xbb\xbfname = mine", "line 1, column 8", "invalid value"),
    ],
)  # fmt: skip
def test_a_fault_of_the_toml_is_told_with_its_line_and_column(
    tmp_path: Path, written: bytes, place: str, told: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(written)
    with pytest.raises(PromptError) as refusal:
        load_prompt_set(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}, {place}: ")
    assert told in message
    assert "\n" not in message


@pytest.mark.parametrize("written", ["version = " + "9" * 5000, "label = " + "[" * 5000])
def test_a_toml_that_is_no_set_at_all_is_refused_in_one_line(tmp_path: Path, written: str) -> None:
    with pytest.raises(PromptError, match="mend the file") as refusal:
        load_prompt_set(write(tmp_path, written))
    assert len(str(refusal.value)) < 300


def test_a_set_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="'mine' has no label; give at least one"):
        load_prompt_set(write(tmp_path, 'name = "mine"\nversion = 1\n'))


def test_the_mark_that_some_editors_put_first_does_no_harm(tmp_path: Path) -> None:
    assert load_prompt_set(write(tmp_path, "\ufeff" + GOOD)).names == ("A", "B")


def test_a_label_without_a_title_is_called_by_its_name(tmp_path: Path) -> None:
    assert load_prompt_set(write(tmp_path, GOOD.replace('title = "The A"\n', ""))).label("A").title == "A"


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


def test_a_sets_ensembling_is_read_and_changes_its_hash(tmp_path: Path) -> None:
    plain = load_prompt_set(write(tmp_path, GOOD.replace('opposite = ["no b"]\n', "")))
    assert plain.ensemble == Ensemble(texts="mean", against="opposite")
    hashes = {plain.hash}
    for stated in ('texts = "first"', 'against = "none"', 'texts = "first"\nagainst = "none"'):
        text = GOOD.replace('opposite = ["no b"]\n', "") + f"[ensemble]\n{stated}\n"
        prompts = load_prompt_set(write(tmp_path, text))
        assert PromptSet.from_dict(prompts.to_dict()) == prompts
        hashes.add(prompts.hash)
    assert len(hashes) == 4


def test_a_set_that_states_the_usual_ensembling_has_the_hash_of_one_that_states_none(tmp_path: Path) -> None:
    usual = '[ensemble]\ntexts = "mean"\nagainst = "opposite"\n'
    assert load_prompt_set(write(tmp_path, GOOD + usual)).hash == load_prompt_set(write(tmp_path, GOOD)).hash


def test_the_hash_of_a_set_is_that_of_checkpoints_written_before_ensembling_was_stated() -> None:
    label = PromptLabel(name="AFIB", title="Atrial fibrillation", texts=("atrial fibrillation",))
    assert PromptSet(name="one", version=1, labels=(label,)).hash == "e05aae8cd2f9"


def test_labels_of_a_set_against_none_have_no_opposite(tmp_path: Path) -> None:
    text = GOOD.replace('opposite = ["no b"]\n', "") + '[ensemble]\nagainst = "none"\n'
    assert {label.opposite for label in load_prompt_set(write(tmp_path, text)).labels} == {()}


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
    "text",
    [
        "normal ecg",
        "Normal  ECG",
        "sinus rhythm. normal ecg",
        "normales ekg",
        "Sinus rhythm",
        "NSR",
        "SR",
        "normalt ekg",
        "sinus rythm",
    ],
)
def test_what_states_normality_is_measured_against_what_is_not_normal(text: str) -> None:
    opposite = default_opposite(text)
    assert "atrial fibrillation" in opposite
    assert "normal ecg" not in opposite


@pytest.mark.parametrize(
    "text",
    [
        "abnormal ecg",
        "sinus rhythm with first degree av block",
        "lbbb",
        "normal axis",
        "ej normalt ekg",
        "not normal ecg",
    ],
)
def test_a_finding_is_measured_against_a_normal_ecg(text: str) -> None:
    assert default_opposite(text) == ("normal ecg",)


def test_an_opposite_where_the_ensemble_has_no_use_for_it_is_refused_and_so_is_none_where_it_has() -> None:
    without = PromptLabel(name="A", title="A", texts=("a",), opposite=())
    with pytest.raises(PromptError, match="opposite is empty"):
        PromptSet(name="mine", version=1, labels=(without,))
    stating = PromptLabel(name="A", title="A", texts=("a",))
    with pytest.raises(PromptError, match="states an opposite"):
        PromptSet(name="mine", version=1, labels=(stating,), ensemble=Ensemble(against="none"))
