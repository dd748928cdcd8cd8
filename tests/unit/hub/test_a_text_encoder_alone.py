"""The text side of a model alone: it pools as the two-tower does, reads texts as they are, and must be whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, BertConfig, BertModel

from ecg_text.errors import CheckpointError
from ecg_text.hub.text_encoder import TextEncoder, is_text_encoder, load_text_encoder
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel

TEXTS = ["Atrial fibrillation", "sinus rhythm. normal ecg", "ecg"]


@pytest.fixture
def encoder_folder(processor: EcgTextProcessor, tmp_path: Path) -> Path:
    """A tiny BERT with a masked-language head, as a tuning leaves it."""
    config = BertConfig(
        vocab_size=len(processor.tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    AutoModelForMaskedLM.from_config(config).save_pretrained(tmp_path / "encoder")
    processor.tokenizer.save_pretrained(tmp_path / "encoder")
    return tmp_path / "encoder"


def test_the_vector_is_the_mean_of_the_last_hidden_states(encoder_folder: Path) -> None:
    encoder = load_text_encoder(encoder_folder)
    assert isinstance(encoder.model, BertModel)
    found = encoder.embed_texts(TEXTS)
    assert found.dtype == np.float32
    for text, vector in zip(TEXTS, found, strict=True):
        with torch.inference_mode():
            words = encoder.model(**encoder.tokenizer(text.lower(), return_tensors="pt")).last_hidden_state[0]
        mean = words.mean(dim=0).numpy()
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_the_text_tower_of_a_model_gives_its_pooled_vector(model: EcgTextModel, processor: EcgTextProcessor) -> None:
    inputs = processor.tokenizer([text.lower() for text in TEXTS], padding=True, return_tensors="pt")
    with torch.inference_mode():
        truth = model.encode_text(inputs["input_ids"], inputs["attention_mask"]).pooled.numpy()
    found = TextEncoder(model, processor.tokenizer).embed_texts(TEXTS)
    np.testing.assert_allclose(found, truth, atol=1e-6)


def test_a_long_text_is_cut_to_what_the_encoder_reads(encoder_folder: Path) -> None:
    encoder = load_text_encoder(encoder_folder)
    assert encoder.max_word_pieces == 64
    assert np.isfinite(encoder.embed_texts(["sinus rhythm " * 200])).all()
    [whole, cut] = encoder.cut_texts(["Sinus rhythm", "sinus rhythm " * 200])
    pieces = len(encoder.tokenizer("sinus rhythm " * 200)["input_ids"])
    assert (whole, cut) == (0, pieces - 64)


def test_many_texts_are_as_each_alone(encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = load_text_encoder(encoder_folder)
    whole = encoder.embed_texts(TEXTS)
    monkeypatch.setattr("ecg_text.hub.text_encoder.BATCH", 2)
    np.testing.assert_allclose(encoder.embed_texts(TEXTS), whole, atol=1e-6)


def test_a_random_twin_has_the_shape_and_not_the_weights(encoder_folder: Path, model: EcgTextModel) -> None:
    encoder = load_text_encoder(encoder_folder)
    for one in (encoder, TextEncoder(model, encoder.tokenizer)):
        own, twin, again = (each.embed_texts(TEXTS) for each in (one, one.random_twin(3), one.random_twin(3)))
        assert own.shape == twin.shape
        assert np.abs(own - twin).max() > 0.01
        np.testing.assert_array_equal(twin, again)


def test_a_checkpoint_of_ours_is_no_bare_text_encoder(encoder_folder: Path, saved: Path, tmp_path: Path) -> None:
    assert is_text_encoder(encoder_folder)
    assert not is_text_encoder(saved)
    assert not is_text_encoder(tmp_path)
    with pytest.raises(CheckpointError, match="there is no folder"):
        is_text_encoder(tmp_path / "nowhere")


def without_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["bert.encoder.layer.0.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def of_a_smaller_vocabulary(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    kept = {
        name: tensor[:20] if tensor.shape[0] == config["vocab_size"] else tensor for name, tensor in weights.items()
    }
    save_file({name: tensor.clone() for name, tensor in kept.items()}, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 20}))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "has no model.safetensors"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 64), "does not load"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "does not load"),
        (without_a_weight, "lacks encoder.layer.0.output.dense.weight"),
        (of_a_smaller_vocabulary, "the text encoder knows 20; the tokenizer is another model's"),
    ],
)
def test_a_spoiled_encoder_is_refused(encoder_folder: Path, spoil: Callable[[Path], None], told: str) -> None:
    spoil(encoder_folder)
    with pytest.raises(CheckpointError, match=told) as refused:
        load_text_encoder(encoder_folder)
    assert "\n" not in str(refused.value)
