"""A tiny two-tower model with all that a checkpoint holds, saved once."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig

from ecg_text.hub.checkpoint import save_checkpoint
from ecg_text.hub.embedding import Embedder
from ecg_text.models.auto import register
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.processor import EcgTextProcessor, wrap_tokenizer
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.record import Record
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import synthesise
from ecg_text.text.prompts import PromptLabel, PromptSet
from ecg_text.text.tokenizer import train_wordpiece

REPORTS = ("sinus rhythm. normal ecg.", "atrial fibrillation. left axis deviation.", "vorhofflimmern, überdrehter typ")


@pytest.fixture(scope="session")
def processor() -> EcgTextProcessor:
    tokenizer = wrap_tokenizer(train_wordpiece(REPORTS * 2, vocab_size=400))
    return EcgTextProcessor.of(standard_preprocess(), tokenizer)


@pytest.fixture(scope="session")
def model(processor: EcgTextProcessor) -> EcgTextModel:
    """Every weight and every running statistic differs from what it starts at."""
    register()
    ecg = EcgEncoderConfig(widths=[8, 16], depths=[1, 1], num_heads=2, kernel=3)
    text = BertConfig(
        vocab_size=len(processor.tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
    )
    chance = torch.Generator().manual_seed(0)
    model = EcgTextModel(EcgTextConfig(ecg_config=ecg, text_config=text, embedding_width=12)).eval()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(0.1 * torch.rand(tensor.shape, generator=chance))
    return model


@pytest.fixture(scope="session")
def prompts() -> PromptSet:
    labels = (
        PromptLabel(name="AFIB", title="Atrial fibrillation", texts=("atrial fibrillation", "vorhofflimmern")),
        PromptLabel(name="SR", title="Sinus rhythm", texts=("sinus rhythm",), opposite=("atrial fibrillation",)),
    )
    return PromptSet(name="two-rhythms", version=1, labels=labels, sources=("the tests",))


@pytest.fixture(scope="session")
def records() -> list[Record]:
    """Two of the window's length, one shorter than it, and one of two windows and a half."""
    chance = np.random.default_rng(1)
    lengths = (("sinus rhythm", 10.0), ("atrial fibrillation", 10.0), ("sinus rhythm", 6.0), ("sinus rhythm", 25.0))
    return [synthesise(what, chance, duration_s=length).record for what, length in lengths]


@pytest.fixture(scope="session")
def embedder(model: EcgTextModel, processor: EcgTextProcessor) -> Embedder:
    return Embedder(model, processor)


@pytest.fixture(scope="session")
def saved(
    model: EcgTextModel, processor: EcgTextProcessor, prompts: PromptSet, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A checkpoint folder, to be read only."""
    folder = tmp_path_factory.mktemp("hub") / "model"
    provenance = {"name": "tiny", "seed": 0, "store": str(folder.parent / "stores" / "ptbxl"), "loss": float("nan")}
    save_checkpoint(folder, model, processor, prompt_sets=[prompts], provenance=provenance)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint folder, to be spoiled."""
    return Path(shutil.copytree(saved, tmp_path / "model"))
