"""A text encoder from a folder, of any architecture, becomes part of a checkpoint that needs that folder no more."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    AutoModel,
    BertConfig,
    DistilBertConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
)

from ecg_text.errors import CheckpointError
from ecg_text.hub.checkpoint import save_checkpoint
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.loading import load
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.recipes.run import EcgTower, ModelPlan, TextTower
from ecg_text.recipes.towers import build_model, build_tokenizer
from ecg_text.record import Record
from ecg_text.signal.preprocess import standard_preprocess

REPORTS = ["sinus rhythm, normal ecg", "atrial fibrillation with rapid ventricular response", "st depression"]
TEXTS = ["Atrial fibrillation", "normal ecg"]


def wordpieces() -> PreTrainedTokenizerFast:
    return build_tokenizer(TextTower(vocab_size=300), REPORTS * 2)


def byte_pairs() -> PreTrainedTokenizerFast:
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(REPORTS, vocab_size=300, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer._tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )


def bert(vocab_size: int) -> PreTrainedConfig:
    return BertConfig(
        vocab_size=vocab_size,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
    )


def distilbert(vocab_size: int) -> PreTrainedConfig:
    return DistilBertConfig(
        vocab_size=vocab_size, dim=16, n_layers=1, n_heads=2, hidden_dim=32, max_position_embeddings=128
    )


def roberta(vocab_size: int) -> PreTrainedConfig:
    return RobertaConfig(
        vocab_size=vocab_size,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=130,  # RoBERTa counts its positions from the padding token's number on
        pad_token_id=1,
    )


ENCODERS = {"bert": (wordpieces, bert), "distilbert": (wordpieces, distilbert), "roberta": (byte_pairs, roberta)}


def write_encoder(
    folder: Path, tokenizer: PreTrainedTokenizerFast, configure: Callable[[int], PreTrainedConfig]
) -> None:
    torch.manual_seed(1)
    AutoModel.from_config(configure(len(tokenizer))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def two_towers(folder: Path) -> Embedder:
    """A new model around the text encoder in a folder."""
    tower = EcgTower(widths=(8, 16), depths=(1, 1), num_heads=2)
    plan = ModelPlan(ecg=tower, text=TextTower(pretrained=str(folder)), embedding_width=12)
    processor = EcgTextProcessor.of(standard_preprocess(), build_tokenizer(plan.text, ()))
    return Embedder(build_model(plan, processor, seed=0), processor)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_checkpoint_around_it_is_complete_in_itself(name: str, tmp_path: Path, records: list[Record]) -> None:
    encoder = tmp_path / "encoder"
    make_tokenizer, configure = ENCODERS[name]
    write_encoder(encoder, make_tokenizer(), configure)
    original = AutoModel.from_pretrained(encoder).state_dict()
    made = two_towers(encoder)
    for weight, tensor in made.model.text_encoder.state_dict().items():
        torch.testing.assert_close(tensor, original[weight])
    texts = [*TEXTS, "st depression " * 100]
    expected = made.embed_records(records), made.embed_texts(texts)
    for text, vector in zip(texts, expected[1], strict=True):  # whatever padding was beside it
        np.testing.assert_allclose(made.embed_texts([text])[0], vector, atol=1e-6)

    save_checkpoint(tmp_path / "model", made.model, made.processor, provenance={"text": str(encoder)})
    shutil.rmtree(encoder)
    loaded = load(tmp_path / "model")
    assert loaded.model.config.text_config.model_type == name
    np.testing.assert_allclose(loaded.embed_records(records), expected[0], atol=1e-6)
    np.testing.assert_allclose(loaded.embed_texts(texts), expected[1], atol=1e-6)
    for file in (tmp_path / "model").iterdir():
        assert str(tmp_path).encode() not in file.read_bytes(), file.name


def test_a_tokenizer_that_lets_longer_texts_through_is_refused(tmp_path: Path) -> None:
    short = bert(len(wordpieces()))
    short.max_position_embeddings = 64
    write_encoder(tmp_path / "encoder", wordpieces(), lambda _: short)
    made = two_towers(tmp_path / "encoder")
    assert made.processor.tokenizer.model_max_length <= 64  # as it was built, texts are cut to what is read
    made.processor.tokenizer.model_max_length = 128
    save_checkpoint(tmp_path / "model", made.model, made.processor, provenance={})
    with pytest.raises(CheckpointError, match="texts have up to 128 word pieces, the text encoder reads 64"):
        load(tmp_path / "model")
