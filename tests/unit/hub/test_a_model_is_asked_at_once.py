"""A model loaded without transformers answers to the bit as the whole one; where in doubt, it is left to load."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, DistilBertConfig

from ecg_text.errors import CheckpointError
from ecg_text.hub.at_once import load_at_once
from ecg_text.hub.checkpoint import save_checkpoint
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.loading import load
from ecg_text.hub.parts import weights_revision
from ecg_text.models.causal_text import causal_config
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.record import Record
from ecg_text.text.prompts import PromptSet

TEXTS = ["atrial fibrillation", "Sinus rhythm, überdrehter Linkstyp", "sinus " * 200]


def require_equal(folder: Path, records: list[Record], prompts: PromptSet) -> None:
    """Every number that a question needs is the same by both ways of loading."""
    ours, whole = load_at_once(folder), load(folder)
    assert ours is not None
    np.testing.assert_array_equal(ours.embed_records(records), whole.embed_records(records))
    np.testing.assert_array_equal(ours.embed_texts(TEXTS), whole.embed_texts(TEXTS))
    np.testing.assert_array_equal(ours.weights(prompts), whole.weights(prompts))
    assert ours.processor.cut_texts(TEXTS) == whole.processor.cut_texts(TEXTS)
    assert ours.processor.cut_texts(TEXTS)[2] > 0
    assert ours.processor.max_word_pieces == whole.processor.max_word_pieces
    told = [(one.revision, one.fingerprint, one.opposite_share, one.prompts, one.provenance) for one in (ours, whole)]
    assert told[0] == told[1]


def test_the_answers_are_those_of_the_whole_model(saved: Path, records: list[Record], prompts: PromptSet) -> None:
    require_equal(saved, records, prompts)


def test_no_chance_is_drawn(saved: Path) -> None:
    before = torch.get_rng_state()
    assert load_at_once(saved) is not None
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("head", ["beat_queries", "r_peaks"])
def test_so_are_those_of_a_model_with_all_levels(
    head: str, processor: EcgTextProcessor, records: list[Record], prompts: PromptSet, tmp_path: Path
) -> None:
    ecg = EcgEncoderConfig(
        encoder="conv_transformer", widths=[8, 8, 8], trunk_width=16, num_heads=2, position_groups=4, kernel=2
    )
    config = EcgTextConfig(
        ecg_config=ecg,
        text_config=causal_config(bert(processor)),
        embedding_width=16,
        ecg_head=head,
        beat_heads=2,
        rate_hz=100.0,
        has_sentences=True,
        decoder_config={"num_queries": 4, "num_layers": 1, "num_heads": 2},
    )
    save_checkpoint(tmp_path / "model", EcgTextModel(config), processor, provenance={}, half=True)
    require_equal(tmp_path / "model", records, prompts)


@pytest.mark.parametrize("text_reading", ["causal", "another architecture"])
def test_a_text_encoder_that_reads_otherwise_is_left_to_the_whole_model(
    text_reading: str, processor: EcgTextProcessor, tmp_path: Path
) -> None:
    ecg = EcgEncoderConfig(widths=[8], depths=[1], num_heads=2)
    if text_reading == "causal":
        config = EcgTextConfig(
            ecg_config=ecg, text_config=causal_config(bert(processor)), embedding_width=8, text_reading="causal"
        )
    else:
        other = DistilBertConfig(vocab_size=len(processor.tokenizer), dim=16, n_layers=1, n_heads=2, hidden_dim=16)
        config = EcgTextConfig(ecg_config=ecg, text_config=other, embedding_width=8)
    save_checkpoint(tmp_path / "model", EcgTextModel(config), processor, provenance={})
    assert load_at_once(tmp_path / "model") is None
    assert isinstance(load(tmp_path / "model"), Embedder)


def bert(processor: EcgTextProcessor) -> BertConfig:
    return BertConfig(
        vocab_size=len(processor.tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=129,
    )


def edit(name: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        value = json.loads((folder / name).read_text())
        change(value)
        (folder / name).write_text(json.dumps(value))

    return spoil


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        edit("provenance.json", lambda facts: facts.update(revision=weights_revision(folder)))(folder)

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        weights(lambda tensors: tensors.pop("log_scale")),
        weights(lambda tensors: tensors.update(more=torch.zeros(1))),
        weights(lambda tensors: tensors.update(log_scale=torch.zeros(2))),
        edit("config.json", lambda config: config.update(colour="red")),
        edit("config.json", lambda config: config["ecg_config"].update(kernel="3")),
        edit("config.json", lambda config: config["ecg_config"].update(kernel=True)),
        edit("config.json", lambda config: config["ecg_config"].update(kernel=4)),
        edit("config.json", lambda config: config["text_config"].update(hidden_act="relu")),
        edit("config.json", lambda config: config["text_config"].pop("vocab_size")),
        edit("config.json", lambda config: config["text_config"].update(num_attention_heads=3)),
        edit("config.json", lambda config: config["text_config"].update(num_attention_heads=0)),
        edit("config.json", lambda config: config["text_config"].update(vocab_size=-1)),
        edit("processor_config.json", lambda config: config["feature_extractor"].update(preprocess=[1])),
        edit("tokenizer_config.json", lambda config: config.update(truncation_side="left")),
        edit("processor_config.json", lambda config: config["feature_extractor"].update(fingerprint="0")),
        edit("processor_config.json", lambda config: config.update(feature_extractor=None)),
        edit("provenance.json", lambda facts: facts.update(revision="0")),
        edit("provenance.json", lambda facts: facts.update(vocabulary="0")),
        lambda folder: (folder / "tokenizer.json").write_text("{}"),
        lambda folder: (folder / "model.safetensors").unlink(),
        lambda folder: (folder / "prompts.json").write_text("{"),
    ],
)
def test_what_is_not_as_it_was_saved_is_left_to_the_whole_model(folder: Path, spoil: Callable[[Path], object]) -> None:
    spoil(folder)
    assert load_at_once(folder) is None


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no folder"):
        load_at_once(tmp_path / "nothing")
