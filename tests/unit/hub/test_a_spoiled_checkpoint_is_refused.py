"""Whatever is wrong with a checkpoint folder is one line of our own errors that says which file to look at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from ecg_text.errors import CheckpointError, ConfigError, EcgTextError, FingerprintError
from ecg_text.hub.checkpoint import load_checkpoint
from ecg_text.hub.loading import load
from ecg_text.hub.parts import NEEDED, weights_revision
from ecg_text.leads import STANDARD_12

Spoil = Callable[[Path], None]


def edit(name: str, change: Callable[[Any], Any]) -> Spoil:
    """A change of what a JSON file says; change may work in place."""

    def spoil(folder: Path) -> None:
        value = json.loads((folder / name).read_text())
        changed = change(value)
        (folder / name).write_text(json.dumps(value if changed is None else changed))

    return spoil


def setting(*path: str, value: Any) -> Spoil:
    def change(config: dict[str, Any]) -> None:
        for part in path[:-1]:
            config = config[part]
        config[path[-1]] = value

    return edit("config.json", change)


def weights(change: Callable[[dict[str, torch.Tensor]], None]) -> Spoil:
    """A change of the weights that the provenance goes along with."""

    def spoil(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        agree(folder)

    return spoil


def agree(folder: Path) -> None:
    edit("provenance.json", lambda facts: facts.update(revision=weights_revision(folder)))(folder)


def truncate(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:-100])


def truncate_and_agree(folder: Path) -> None:
    truncate(folder)
    agree(folder)


def flip_a_bit(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-5] ^= 1
    (folder / "model.safetensors").write_bytes(content)


def more_word_pieces(tokenizer: dict[str, Any]) -> None:
    vocab = tokenizer["model"]["vocab"]
    vocab["fibrillating"] = len(vocab)


def swapped_word_pieces(tokenizer: dict[str, Any]) -> None:
    vocab = tokenizer["model"]["vocab"]
    vocab["a"], vocab["b"] = vocab["b"], vocab["a"]


def another_band(written: dict[str, Any]) -> None:
    written["feature_extractor"]["preprocess"]["steps"][2]["high_hz"] = 45.0


def other_fingerprint(written: dict[str, Any]) -> None:
    written["feature_extractor"]["fingerprint"] = "0" * 16


def no_fingerprint(written: dict[str, Any]) -> None:
    another_band(written)
    del written["feature_extractor"]["fingerprint"]


def unknown_step(written: dict[str, Any]) -> None:
    written["feature_extractor"]["preprocess"]["steps"][2]["step"] = "wavelets"


def other_words(written: list[dict[str, Any]]) -> None:
    written[0]["label" if "label" in written[0] else "labels"][0]["texts"] = ["something else"]


def write(name: str, text: str) -> Spoil:
    return lambda folder: (folder / name).write_text(text) and None


WRONG: dict[str, tuple[Spoil, type[EcgTextError], str]] = {
    "a missing weight": (
        weights(lambda w: w.pop("log_scale")),
        CheckpointError,
        r"missing: log_scale",
    ),
    "an extra weight": (
        weights(lambda w: w.update(more=torch.zeros(2))),
        CheckpointError,
        r"unexpected: more",
    ),
    "a misshapen weight": (
        weights(lambda w: w.update({"text_head.out.bias": torch.zeros(5)})),
        CheckpointError,
        r"mismatched: .*text_head.out.bias",
    ),
    "a truncated weights file": (truncate, CheckpointError, r"model.safetensors has revision \w{12}, .* complete copy"),
    "a truncated weights file, told of": (truncate_and_agree, CheckpointError, r"deserializing"),
    "a flipped bit": (flip_a_bit, CheckpointError, r"model.safetensors has revision .* damaged"),
    "a provenance of no revision": (edit("provenance.json", lambda _: {}), CheckpointError, r"tells of None"),
    "a provenance that is a list": (edit("provenance.json", lambda _: []), CheckpointError, r"holds a list"),
    "an unknown setting": (setting("depth", value=3), ConfigError, r"EcgTextConfig has no setting 'depth'"),
    "an unknown setting of a tower": (
        setting("ecg_config", "strides", value=3),
        ConfigError,
        r"EcgEncoderConfig has no setting 'strides'",
    ),
    "a setting of another type": (setting("embedding_width", value="12"), ConfigError, r"expected int, got str"),
    "a setting of a tower of another type": (setting("ecg_config", "kernel", value=[3]), ConfigError, r"expected int"),
    "an impossible size": (setting("ecg_config", "num_heads", value=3), ConfigError, r"16 cannot be split among 3"),
    "an unknown encoder": (setting("ecg_config", "encoder", value="rnn"), ConfigError, r"no ECG encoder 'rnn'"),
    "an unknown kind of text encoder": (setting("text_config", "model_type", value="brt"), ConfigError, r"brt"),
    "impossible heads of the text encoder": (
        setting("text_config", "num_attention_heads", value=3),
        CheckpointError,
        r"attention heads \(3\)",
    ),
    "a text encoder with more layers": (
        setting("text_config", "num_hidden_layers", value=2),
        CheckpointError,
        r"missing: text_encoder",
    ),
    "another model's config": (setting("model_type", value="bert"), ConfigError, r"of a model 'bert', not 'ecg_text'"),
    "a config that is a list": (write("config.json", "[]"), CheckpointError, r"config.json holds a list"),
    "a config that is cut": (write("config.json", "{"), CheckpointError, r"config.json cannot be read"),
    "a config of other leads": (
        setting("ecg_config", "leads", value=[*STANDARD_12[1:], "I"]),
        CheckpointError,
        r"makes the leads I II III .* reads II III",
    ),
    "a changed preprocessing": (edit("processor_config.json", another_band), FingerprintError, r"says fingerprint"),
    "a changed fingerprint": (edit("processor_config.json", other_fingerprint), FingerprintError, r"fingerprint 0{16}"),
    "a changed preprocessing of no fingerprint": (
        edit("processor_config.json", no_fingerprint),
        FingerprintError,
        r"provenance.json tells of",
    ),
    "an unknown step": (edit("processor_config.json", unknown_step), ConfigError, r"unknown preprocessing step"),
    "a processor that is cut": (write("processor_config.json", "{"), CheckpointError, r"processor_config.json"),
    "more word pieces than the model": (
        edit("tokenizer.json", more_word_pieces),
        CheckpointError,
        r"makes \d+ word pieces, the text encoder knows \d+",
    ),
    "the word pieces of another model": (
        edit("tokenizer.json", swapped_word_pieces),
        CheckpointError,
        r"tokenizer.json has vocabulary \w+, provenance.json tells of \w+",
    ),
    "fewer positions than the model has": (
        setting("text_config", "max_position_embeddings", value=64),
        CheckpointError,
        r"mismatched: .*position_embeddings",
    ),
    "a tokenizer that is none": (write("tokenizer.json", '{"model": 1}'), CheckpointError, r"processor does not load"),
    "a tokenizer that is cut": (write("tokenizer.json", '{"model"'), CheckpointError, r"tokenizer.json cannot be read"),
    "prompts that are none": (
        write("prompts.json", '[{"name": "x"}]'),
        CheckpointError,
        r"prompts.json holds no",
    ),
    "prompts of other words": (
        edit("prompts.json", other_words),
        CheckpointError,
        r"prompts.json has the prompt set \S+ as \w{12}, provenance.json tells of \w{12}",
    ),
    "prompts that are gone": (
        write("prompts.json", "[]"),
        CheckpointError,
        r"as None, provenance.json tells of \w{12}",
    ),
    "prompts of texts": (write("prompts.json", '["x"]'), CheckpointError, r"prompts.json holds no"),
}


@pytest.mark.parametrize("what", WRONG)
def test_it_is_told_in_one_line(what: str, folder: Path) -> None:
    spoil, kind, says = WRONG[what]
    spoil(folder)
    with pytest.raises(EcgTextError) as caught:
        load_checkpoint(folder)
    assert type(caught.value) is kind
    assert re.search(says, str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"has no {name}; give a whole checkpoint folder"):
        load_checkpoint(folder)


def test_the_card_may_be_missing(folder: Path) -> None:
    (folder / "README.md").unlink()
    load_checkpoint(folder)


def test_prompts_of_an_older_checkpoint_are_taken_as_they_are(folder: Path) -> None:
    edit("provenance.json", lambda facts: {name: fact for name, fact in facts.items() if name != "prompt_sets"})(folder)
    edit("prompts.json", other_words)(folder)
    assert load_checkpoint(folder).prompts


def test_a_device_that_is_not_there_is_told_before_anything_is_loaded(folder: Path) -> None:
    with pytest.raises(ConfigError, match="device 'abacus' cannot be used"):
        load(folder, device="abacus")
