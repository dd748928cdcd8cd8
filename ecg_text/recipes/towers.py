"""From a plan to a model and its processor, both new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    BertConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from ecg_text.errors import ConfigError
from ecg_text.hub.encoder_places import load_auto, load_tokenizer
from ecg_text.models.auto import register
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.pretrained import check_tokenizer_fits, usable_positions
from ecg_text.models.processor import MAX_WORD_PIECES, EcgTextProcessor, wrap_tokenizer
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.recipes.run import EcgTower, ModelPlan, TextTower
from ecg_text.text.tokenizer import train_wordpiece


def build_tokenizer(plan: TextTower, reports: Iterable[str]) -> PreTrainedTokenizerFast:
    """The tokenizer of a pretrained text encoder, or one whose vocabulary is trained on these reports."""
    if plan.pretrained is None:
        return wrap_tokenizer(train_wordpiece(reports, vocab_size=plan.vocab_size))
    tokenizer = load_tokenizer(plan.pretrained)
    positions = usable_positions(load_auto(AutoConfig, plan.pretrained))
    if positions is not None:
        tokenizer.model_max_length = min(tokenizer.model_max_length, positions)
    return tokenizer


def build_model(plan: ModelPlan, processor: EcgTextProcessor, seed: int) -> EcgTextModel:
    """A new model whose weights depend on the seed alone; a pretrained text encoder brings its own."""
    register()
    encoder: PreTrainedModel | None = None
    text_config: PreTrainedConfig
    if plan.text.pretrained is None:
        text_config = _bert_config(plan.text, len(processor.tokenizer), processor.tokenizer.pad_token_id)
    else:
        encoder = load_auto(AutoModel, plan.text.pretrained, use_safetensors=True, dtype=torch.float32)
        check_tokenizer_fits(encoder, processor.tokenizer, plan.text.pretrained)
        text_config = encoder.config
    config = EcgTextConfig(
        ecg_config=ecg_config(plan.ecg, processor.preprocess.leads),
        text_config=text_config,
        embedding_width=plan.embedding_width,
        initial_scale=plan.initial_scale,
        opposite_share=plan.opposite_share,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = EcgTextModel(config, text_encoder=encoder)
    if encoder is not None:
        freeze_lowest(model.text_encoder, plan.text.frozen_layers)
    return model


def freeze_lowest(encoder: PreTrainedModel, num_layers: int) -> None:
    """Keep the embeddings and the lowest layers of a text encoder as they are; 0 leaves all of it to learn.

    Raises ConfigError where it has fewer layers.
    """
    if num_layers == 0:
        return
    stack = getattr(encoder, "encoder", None) or getattr(encoder, "transformer", None)
    layers = getattr(stack, "layer", None)
    if layers is None or not 0 < num_layers <= len(layers):
        there = "no layers that are known by name" if layers is None else f"{len(layers)} layers"
        raise ConfigError(
            f"model.text.frozen_layers is {num_layers}, but the text encoder has {there}; give fewer, or 0"
        )
    for part in (encoder.get_input_embeddings(), encoder.embeddings, *layers[:num_layers]):
        part.requires_grad_(False)


def random_twin(model: EcgTextModel, seed: int) -> EcgTextModel:
    """A model of the same shape that has learned nothing: the base line of every table."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return EcgTextModel(model.config).eval()


def ecg_config(tower: EcgTower, leads: Sequence[str]) -> EcgEncoderConfig:
    """The configuration of an ECG tower that reads these leads. Raises ConfigError for an impossible size."""
    return EcgEncoderConfig(
        encoder=tower.encoder,
        leads=list(leads),
        widths=list(tower.widths),
        depths=list(tower.depths),
        kernel=tower.kernel,
        num_layers=tower.num_layers,
        num_heads=tower.num_heads,
        dropout=tower.dropout,
        trunk_width=tower.trunk_width,
        expansion=tower.expansion,
        position_kernel=tower.position_kernel,
        position_groups=tower.position_groups,
        feature_gradient=tower.feature_gradient,
    )


def _bert_config(plan: TextTower, vocab_size: int, pad_token_id: int) -> BertConfig:
    return BertConfig(
        vocab_size=vocab_size,
        hidden_size=plan.width,
        num_hidden_layers=plan.num_layers,
        num_attention_heads=plan.num_heads,
        intermediate_size=4 * plan.width,
        max_position_embeddings=MAX_WORD_PIECES,
        hidden_dropout_prob=plan.dropout,
        attention_probs_dropout_prob=plan.dropout,
        pad_token_id=pad_token_id,
    )
