"""Zero-shot weights against a slow computation, one number at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from ecg_text.errors import ConfigError
from ecg_text.models.contrast import RULES, opposite_share, zero_shot_weights
from ecg_text.text.prompts import Ensemble, PromptLabel, PromptSet

WIDTH = 5
SHARE = 0.3
PROMPTS = PromptSet(
    name="three",
    version=1,
    labels=(
        PromptLabel(name="a", title="A", texts=("one", "two", "three"), opposite=("four", "five")),
        PromptLabel(name="b", title="B", texts=("four",), opposite=("one",)),
        PromptLabel(name="c", title="C", texts=("six",)),
    ),
)


def vector(text: str) -> list[float]:
    """A unit vector that depends on the text alone."""
    chance = np.random.default_rng(list(text.encode()))
    values = chance.normal(size=WIDTH)
    return [float(value) for value in values / np.linalg.norm(values)]


def encode(texts: Sequence[str]) -> np.ndarray:
    return np.asarray([vector(text) for text in texts], dtype=np.float32)


def slow_weights(texts: Sequence[str], opposite: Sequence[str], share: float) -> list[float]:
    weight = []
    for axis in range(WIDTH):
        said = sum(vector(text)[axis] for text in texts) / len(texts)
        opposed = sum(vector(text)[axis] for text in opposite) / len(opposite)
        weight.append(said - share * opposed)
    length = math.sqrt(sum(value * value for value in weight))
    return [value / length for value in weight]


@pytest.mark.parametrize(("rule", "share"), [("contrast", SHARE), ("cosine", 0.0)])
def test_weights_are_what_the_rule_says_in_the_order_of_the_labels(rule: str, share: float) -> None:
    weights = zero_shot_weights(encode, PROMPTS, SHARE, rule)
    assert opposite_share(SHARE, rule, PROMPTS.ensemble) == share
    assert weights.dtype == np.float32
    slow = [slow_weights(label.texts, label.opposite, share) for label in PROMPTS.labels]
    np.testing.assert_allclose(weights, slow, atol=1e-6)


def test_single_asks_with_the_first_text_against_the_first_opposite() -> None:
    slow = [slow_weights(label.texts[:1], label.opposite[:1], SHARE) for label in PROMPTS.labels]
    np.testing.assert_allclose(zero_shot_weights(encode, PROMPTS, SHARE, "single"), slow, atol=1e-6)


def test_a_set_that_asks_by_first_texts_is_asked_so() -> None:
    first = replace(PROMPTS, ensemble=Ensemble(texts="first"))
    np.testing.assert_array_equal(
        zero_shot_weights(encode, first, SHARE, "contrast"), zero_shot_weights(encode, PROMPTS, SHARE, "single")
    )
    slow = [slow_weights(label.texts[:1], label.opposite, 0.0) for label in PROMPTS.labels]
    np.testing.assert_allclose(zero_shot_weights(encode, first, SHARE, "cosine"), slow, atol=1e-6)


def test_nothing_is_taken_away_in_a_set_against_none() -> None:
    labels = tuple(replace(label, opposite=()) for label in PROMPTS.labels)
    against_none = replace(PROMPTS, labels=labels, ensemble=Ensemble(against="none"))
    assert opposite_share(SHARE, "contrast", against_none.ensemble) == 0.0
    assert opposite_share(SHARE, "contrast", PROMPTS.ensemble) == SHARE
    cosine = zero_shot_weights(encode, PROMPTS, SHARE, "cosine")
    np.testing.assert_array_equal(zero_shot_weights(encode, against_none, SHARE, "contrast"), cosine)


def test_each_text_is_encoded_once() -> None:
    seen: list[str] = []

    def listening(texts: Sequence[str]) -> np.ndarray:
        seen.extend(texts)
        return encode(texts)

    zero_shot_weights(listening, PROMPTS, SHARE)
    assert sorted(seen) == sorted({*("one", "two", "three", "four", "five", "six"), *PROMPTS.labels[2].opposite})
    seen.clear()
    zero_shot_weights(listening, PROMPTS, SHARE, "cosine")
    assert sorted(seen) == sorted(("one", "two", "three", "four", "six"))


@pytest.mark.parametrize("rule", RULES)
def test_texts_that_cancel_each_other_give_a_finite_weight(rule: str) -> None:
    def turned(texts: Sequence[str]) -> np.ndarray:
        return np.asarray([[1.0, 0.0] if text == "up" else [-1.0, 0.0] for text in texts], dtype=np.float32)

    label = PromptLabel(name="n", title="N", texts=("up", "down"), opposite=("level", "up?"))
    assert np.isfinite(zero_shot_weights(turned, PromptSet(name="n", version=1, labels=(label,)), SHARE, rule)).all()


def test_an_unknown_rule_is_refused_by_name() -> None:
    with pytest.raises(
        ConfigError, match=r"no zero-shot rule 'softmax'; choose one of \('contrast', 'cosine', 'single'\)"
    ):
        zero_shot_weights(encode, PROMPTS, SHARE, "softmax")
