"""Of a pretrained text encoder all may learn, or the upper layers, or adapters; and it may be read causally."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, BertConfig, DistilBertConfig, PreTrainedConfig

from ecg_text.errors import ConfigError
from ecg_text.hub.checkpoint import load_checkpoint, save_checkpoint
from ecg_text.methods.levels import RHYTHM_ALONE, Levels
from ecg_text.models.processor import MAX_WORD_PIECES, EcgTextProcessor, wrap_tokenizer
from ecg_text.models.text_encoder import with_merged
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.recipes.lora import LoraPlan
from ecg_text.recipes.run import DecoderPlan, EcgTower, ModelPlan, TextTower
from ecg_text.recipes.towers import build_model, build_tokenizer, freeze_lowest
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.text.tokenizer import train_wordpiece

BERT = BertConfig(
    vocab_size=30, hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=16, pad_token_id=0
)
DISTILBERT = DistilBertConfig(vocab_size=30, dim=8, n_layers=3, n_heads=2, hidden_dim=16)


@pytest.mark.parametrize("config", [BERT, DISTILBERT], ids=["bert", "distilbert"])
def test_what_is_frozen_does_not_learn_and_the_rest_does(config: PreTrainedConfig) -> None:
    encoder = AutoModel.from_config(config)
    freeze_lowest(encoder, 2)
    learning = {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}
    assert not any("embeddings" in name or "layer.0." in name or "layer.1." in name for name in learning)
    assert any("layer.2." in name for name in learning)


def test_nothing_is_frozen_where_nothing_is_asked() -> None:
    encoder = AutoModel.from_config(BERT)
    freeze_lowest(encoder, 0)
    assert all(parameter.requires_grad for parameter in encoder.parameters())


@pytest.mark.parametrize("number", [4, -1])
def test_layers_that_are_not_there_are_refused(number: int) -> None:
    with pytest.raises(ConfigError, match="has 3 layers"):
        freeze_lowest(AutoModel.from_config(BERT), number)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text encoder as tune-text leaves it, of 16 positions."""
    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = wrap_tokenizer(train_wordpiece(["sinus rhythm. normal ecg."] * 3, vocab_size=300))
    config = deepcopy(BERT)
    config.vocab_size, config.max_position_embeddings = len(tokenizer), 16
    torch.manual_seed(1)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def plan_of(folder: Path, **text: Any) -> ModelPlan:
    ecg = EcgTower(widths=(8, 16), depths=(1, 1), num_heads=2)
    return ModelPlan(
        ecg=ecg,
        text=TextTower(pretrained=str(folder), **text),
        ecg_head="beat_queries",
        beat_heads=2,
        num_beats=3,
        embedding_width=12,
        decoder=DecoderPlan(num_queries=3, num_layers=1, num_heads=2),
    )


def built(plan: ModelPlan) -> tuple[EcgTextModel, EcgTextProcessor]:
    tokenizer = build_tokenizer(plan.text, [])
    processor = EcgTextProcessor.of(standard_preprocess(), tokenizer)
    return build_model(plan, processor, 0, Levels() if plan.text.reading == "causal" else RHYTHM_ALONE), processor


def test_a_causal_encoder_keeps_its_weights_and_one_position_for_the_summary(pretrained: Path) -> None:
    model, processor = built(plan_of(pretrained, reading="causal"))
    assert model.is_causal
    assert processor.max_word_pieces == 15
    original = AutoModel.from_pretrained(pretrained)
    for name, weight in model.text_encoder.state_dict().items():
        torch.testing.assert_close(weight, original.state_dict()[name])
    long = processor.tokenize(["sinus rhythm " * 20])
    assert long["input_ids"].shape == (1, 15)
    assert torch.isfinite(model.encode_text(**long).pooled).all()


def test_a_new_causal_encoder_reads_as_much_as_one_that_reads_both_ways() -> None:
    tower = TextTower(vocab_size=300, width=8, num_heads=2, reading="causal")
    tokenizer = build_tokenizer(tower, ["sinus rhythm. normal ecg."] * 3)
    processor = EcgTextProcessor.of(standard_preprocess(), tokenizer)
    plan = ModelPlan(ecg=EcgTower(widths=(8, 16), depths=(1, 1), num_heads=2), text=tower, embedding_width=12)
    model = build_model(plan, processor, 0)
    assert processor.max_word_pieces == MAX_WORD_PIECES
    ids = torch.ones(1, MAX_WORD_PIECES, dtype=torch.int64)
    assert torch.isfinite(model.encode_text(ids).pooled).all()


def test_with_adapters_nothing_else_of_the_text_encoder_learns_and_they_are_added_at_saving(
    pretrained: Path, tmp_path: Path
) -> None:
    model, processor = built(plan_of(pretrained, reading="causal", lora=LoraPlan(rank=2)))
    learning = [name for name, p in model.text_encoder.named_parameters() if p.requires_grad]
    assert learning
    assert all("lora" in name for name in learning)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(2))
    model.eval()
    inputs = processor.tokenize(["sinus rhythm", "normal ecg"])
    wanted = model.encode_text(**inputs).pooled
    plain = EcgTextModel(model.config, text_encoder=None).state_dict()
    save_checkpoint(tmp_path / "model", with_merged(model, "text_encoder"), processor, provenance={"name": "lora"})
    again = load_checkpoint(tmp_path / "model").model
    assert set(again.state_dict()) == set(plain)
    torch.testing.assert_close(again.encode_text(**inputs).pooled, wanted)
    assert model.encode_text(**inputs).pooled.requires_grad  # the one that trains keeps its adapters
    assert any("lora" in name for name, _ in model.named_parameters())


def test_adapters_and_frozen_layers_are_not_asked_for_together(pretrained: Path) -> None:
    with pytest.raises(ConfigError, match=r"frozen_layers is 1 and lora\.rank 2"):
        built(plan_of(pretrained, reading="causal", lora=LoraPlan(rank=2), frozen_layers=1))
