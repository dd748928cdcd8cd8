"""What a model makes of a prompt set, against slow computations and vectors that are placed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ecg_text.errors import ConfigError
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.prompt_check import OwnLabel, check_with_model, own_label_first
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.text.prompt_lint import Finding
from ecg_text.text.prompts import PromptLabel, PromptSet

DEGREES = {"one": 0, "two": 10, "three": 60, "four": 70, "five": 40, "six": 200, "seven": 202, "eight": 204}


def turned(texts: Sequence[str]) -> np.ndarray:
    """Each text at its angle on the unit circle."""
    angle = np.radians([DEGREES[text] for text in texts])
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def prompt_set(*labels: tuple[str, tuple[str, ...], tuple[str, ...]]) -> PromptSet:
    made = tuple(PromptLabel(name=name, title=name, texts=texts, opposite=against) for name, texts, against in labels)
    return PromptSet(name="placed", version=1, labels=made)


class Placed(Embedder):
    """A model whose texts stand where they were placed."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(R, 2)."""
        return turned(texts)


@pytest.fixture
def placed(model: EcgTextModel, processor: EcgTextProcessor) -> Placed:
    return Placed(model, processor)


def checked(embedder: Embedder, prompts: PromptSet, bound: float = 0.95) -> tuple[Finding, ...]:
    return check_with_model(embedder.embed_texts, embedder.processor, prompts, bound)


def kinds(embedder: Embedder, prompts: PromptSet, bound: float = 0.95) -> list[tuple[str, str, str]]:
    return [(one.severity, one.kind, one.label) for one in checked(embedder, prompts, bound)]


def test_a_text_is_astray_where_another_label_is_nearer_than_the_rest_of_its_own() -> None:
    prompts = prompt_set(("A", ("one", "two", "five"), ("six",)), ("B", ("three", "four"), ("six",)))
    assert own_label_first(turned, prompts) == OwnLabel(num_texts=5, strays=(("five", "A", "B"),))
    assert own_label_first(turned, prompts).share == pytest.approx(0.8)


def test_own_labels_are_found_as_by_a_slow_search() -> None:
    chance = np.random.default_rng(3)
    texts = [f"text {number}" for number in range(40)]
    vectors = chance.normal(size=(40, 6)) + np.repeat(chance.normal(size=(8, 6)), 5, axis=0)
    vector = dict(zip(texts, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), strict=True))
    labels = [(str(k), tuple(texts[5 * k : 5 * k + 5]), ("none",)) for k in range(8)]
    found = own_label_first(lambda asked: np.stack([vector[text] for text in asked]), prompt_set(*labels))
    slow = []
    for name, said, _ in labels:
        for text in said:
            likeness = {}
            for other, others, _ in labels:
                mean = np.mean([vector[one] for one in others if one != text], axis=0)
                likeness[other] = float(vector[text] @ mean / np.linalg.norm(mean))
            nearest = max(likeness, key=likeness.__getitem__)
            if nearest != name:
                slow.append((text, name, nearest))
    assert 0 < len(slow) < 40
    assert found == OwnLabel(num_texts=40, strays=tuple(slow))


def test_a_text_alone_in_its_label_takes_no_part_and_one_label_has_no_rival() -> None:
    lonely = prompt_set(("A", ("one",), ("six",)), ("B", ("three", "four"), ("six",)))
    assert own_label_first(turned, lonely) == OwnLabel(num_texts=2, strays=())
    assert own_label_first(turned, prompt_set(("A", ("one", "six"), ("four",)))).share == 1.0
    assert np.isnan(own_label_first(turned, prompt_set(("A", ("one",), ("six",)))).share)


def test_a_text_as_near_to_another_label_is_astray() -> None:
    same = prompt_set(("A", ("six", "seven"), ("one",)), ("B", ("eight",), ("one",)))
    assert own_label_first(lambda texts: np.ones((len(texts), 2)), same).share == 0.0


def test_labels_over_the_bound_cannot_be_told_apart_nearest_first(placed: Placed) -> None:
    prompts = prompt_set(("A", ("six",), ("one",)), ("B", ("one",), ("six",)), ("C", ("seven",), ("one",)),
                         ("D", ("eight",), ("one",)))  # fmt: skip
    close = float(np.cos(np.radians(3)))  # two of the three pairs are 2 degrees apart, the third 4
    found = [one for one in checked(placed, prompts, close) if one.kind == "alike"]
    assert {(one.label, one.message.split()[5].rstrip(":")) for one in found} == {("A", "C"), ("C", "D")}
    assert len([one for one in checked(placed, prompts, 0.95) if one.kind == "alike"]) == 3
    values = [float(one.message.partition("cosine ")[2][:5]) for one in checked(placed, prompts, 0.9)[:3]]
    assert values == sorted(values, reverse=True)


def test_a_label_over_the_bound_with_its_own_opposite_is_told(placed: Placed) -> None:
    prompts = prompt_set(("A", ("six",), ("seven",)), ("B", ("one",), ("six",)))
    [found] = [one for one in checked(placed, prompts) if one.kind == "alike"]
    assert (found.severity, found.label) == ("warning", "A")
    assert "its opposite" in found.message


def test_a_bound_that_is_no_cosine_is_refused(placed: Placed) -> None:
    with pytest.raises(ConfigError, match="a number from -1 to 1"):
        checked(placed, prompt_set(("A", ("one",), ("two",))), bound=1.5)


def test_texts_that_are_read_as_one_are_a_note_in_a_label_and_a_warning_between_two(embedder: Embedder) -> None:
    within = prompt_set(("A", ("LBBB", "left bundle branch block"), ("normal ecg",)))
    assert ("note", "read as one", "A") in kinds(embedder, within)
    between = prompt_set(("A", ("LBBB",), ("normal ecg",)), ("B", ("left bundle branch block",), ("normal ecg",)))
    assert ("warning", "read as one", "B") in kinds(embedder, between)


def test_words_that_the_tokenizer_never_met_are_told(embedder: Embedder) -> None:
    prompts = prompt_set(("A", ("sinus rhythm", "zzyzx 漢"), ("normal ecg",)))
    wording = [one.message.split()[0] for one in checked(embedder, prompts, 1.0) if one.kind == "wording"]
    assert wording == ["'zzyzx'", "'漢'"]


def test_a_text_longer_than_the_window_is_told_with_what_is_cut(embedder: Embedder) -> None:
    text = "sinus rhythm " * 100 + "normal ecg"
    prompts = prompt_set(("A", (text,), ("normal ecg",)))
    [found] = [one for one in checked(embedder, prompts) if one.kind == "too long"]
    [cut] = embedder.processor.cut_texts([text])
    assert cut > 0
    assert f"{cut} are cut" in found.message
    assert len(found.message) < 200
