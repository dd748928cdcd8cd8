"""The faults that a prompt set can have though it can be read, and words that a tokenizer does not know."""

from __future__ import annotations

from typing import Any

import pytest

from ecg_text.errors import PromptError
from ecg_text.text.prompt_lint import Finding, lint_prompt_set, lint_wording
from ecg_text.text.prompts import PromptLabel, PromptSet


def found_in(*labels: dict[str, Any]) -> list[tuple[str, str, str]]:
    made = tuple(PromptLabel(title=label["name"], **label) for label in labels)
    return [(one.severity, one.kind, one.label) for one in lint_prompt_set(PromptSet(name="s", version=1, labels=made))]


def test_a_sound_set_has_no_finding() -> None:
    assert (
        found_in({"name": "A", "texts": ("a", "b"), "codes": {"scp": ("AFIB",)}}, {"name": "B", "texts": ("c",)}) == []
    )


def test_a_text_of_two_labels_is_an_error_of_the_second_whatever_its_case() -> None:
    faults = found_in({"name": "A", "texts": ("left axis",)}, {"name": "B", "texts": ("b", "Left  Axis")})
    assert faults == [("error", "repeated", "B")]


def test_a_text_twice_in_a_label_is_an_error_also_in_its_opposite_and_between_the_two() -> None:
    assert found_in({"name": "A", "texts": ("a", "A")}) == [("error", "repeated", "A")]
    assert found_in({"name": "A", "texts": ("a",), "opposite": ("b", "B")}) == [("error", "repeated", "A")]
    assert found_in({"name": "A", "texts": ("a",), "opposite": ("A",)}) == [("error", "repeated", "A")]


def test_an_opposite_may_be_what_another_label_says() -> None:
    low, high = {"name": "A", "texts": ("a",), "opposite": ("b",)}, {"name": "B", "texts": ("b",), "opposite": ("a",)}
    assert found_in(low, high) == []


def test_a_text_without_a_word_is_an_error() -> None:
    assert found_in({"name": "A", "texts": ("a", "?!")}) == [("error", "no word", "A")]


def test_codes_that_nobody_knows_or_that_are_given_twice_are_errors() -> None:
    assert found_in({"name": "A", "texts": ("a",), "codes": {"scp": ("NST",)}}) == [("error", "code", "A")]
    assert found_in({"name": "A", "texts": ("a",), "codes": {"snomed": ("1",)}}) == [("error", "code", "A")]
    assert found_in({"name": "A", "texts": ("a",), "codes": {"scp": ("SR", "SR")}}) == [("error", "code", "A")]
    assert found_in({"name": "A", "texts": ("a",), "codes": {"scp": ("SR",), "snomed": ("426783006",)}}) == []


def test_a_code_of_letters_that_is_nearly_right_gets_an_advice_and_one_of_digits_none() -> None:
    label = PromptLabel(name="A", title="A", texts=("a",), codes={"scp": ("NST",), "snomed": ("426783007",)})
    by_scp, by_snomed = lint_prompt_set(PromptSet(name="s", version=1, labels=(label,)))
    assert "is it NST_?" in by_scp.message
    assert "is it" not in by_snomed.message


def test_a_vocabulary_of_ones_own_is_noted_once() -> None:
    own = {"codes": {"mine": ("x",)}}
    assert found_in({"name": "A", "texts": ("a",), **own}, {"name": "B", "texts": ("b",), **own}) == [
        ("note", "code", "A")
    ]


def test_words_without_a_piece_or_in_single_letters_are_told_once_with_their_first_label() -> None:
    pieces = {
        "wave": ["wa", "##ve"],
        "xyz": ["x", "##y", "##z"],
        "qt": ["q", "##t"],
        "½": ["[UNK]"],
        "250": list("250"),
    }
    said = [("A", "qt wave xyz 250"), ("B", "xyz, ½ wave")]
    faults = list(lint_wording(said, lambda word: pieces[word], "[UNK]"))
    assert [(one.severity, one.label, one.message.split()[0]) for one in faults] == [
        ("warning", "A", "'xyz'"),
        ("warning", "B", "'½'"),
    ]


def test_a_finding_has_a_known_severity_and_reads_as_one_line() -> None:
    one = Finding(severity="warning", kind="alike", label="A", message="is B")
    assert str(one) == "warning  A: is B"
    with pytest.raises(PromptError, match="no severity 'bad'"):
        Finding(severity="bad", kind="alike", label="A", message="is B")
