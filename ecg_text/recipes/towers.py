"""From a plan to a model and its processor, both new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, cast

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
from ecg_text.methods.levels import RHYTHM_ALONE, Levels
from ecg_text.models.auto import register
from ecg_text.models.causal_text import causal_config
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.pretrained import check_tokenizer_fits, usable_positions
from ecg_text.models.processor import MAX_WORD_PIECES, EcgTextProcessor, wrap_tokenizer
from ecg_text.models.text_encoder import with_lora
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.recipes.run import EcgTower, ModelPlan, TextTower
from ecg_text.text.tokenizer import train_wordpiece


def build_tokenizer(plan: TextTower, reports: Iterable[str], levels: Levels = RHYTHM_ALONE) -> PreTrainedTokenizerFast:
    """The tokenizer of a pretrained text encoder, or one whose vocabulary is trained on these reports.

    Where the encoder is to read causally, for these levels, too, texts have as many pieces as it then has room for.
    """
    if plan.pretrained is None:
        return wrap_tokenizer(train_wordpiece(reports, vocab_size=plan.vocab_size))
    tokenizer = load_tokenizer(plan.pretrained)
    config = load_auto(AutoConfig, plan.pretrained)
    positions = usable_positions(causal_config(config) if _reads_causally(plan, levels) else config)
    if positions is not None:
        tokenizer.model_max_length = min(tokenizer.model_max_length, positions)
    return tokenizer


def build_model(plan: ModelPlan, processor: EcgTextProcessor, seed: int, levels: Levels = RHYTHM_ALONE) -> EcgTextModel:
    """A new model with the parts of these levels, whose weights depend on the seed alone; pretrained ones are brought.

    Raises ConfigError for parts that cannot be, or do not fit each other.
    """
    register()
    is_causal = _reads_causally(plan.text, levels)
    encoder = _pretrained_encoder(plan.text, processor, is_causal)
    text_config: PreTrainedConfig
    if encoder is None:
        text_config = _bert_config(plan.text, len(processor.tokenizer), processor.tokenizer.pad_token_id, is_causal)
    else:
        text_config = encoder.config
    config = EcgTextConfig(
        ecg_config=ecg_config(plan.ecg, processor.preprocess.leads),
        text_config=text_config,
        embedding_width=plan.embedding_width,
        initial_scale=plan.initial_scale,
        opposite_share=plan.opposite_share,
        ecg_head=plan.ecg_head,
        num_beats=plan.num_beats,
        beat_heads=plan.beat_heads,
        rate_hz=processor.preprocess.rate_hz if plan.ecg_head == "r_peaks" else None,
        text_reading=plan.text.reading,
        has_sentences=levels.beat > 0,
        decoder_config=DecoderConfig(**asdict(plan.decoder)) if levels.token > 0 else None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = EcgTextModel(config, text_encoder=encoder)
        if encoder is not None:
            _prepare_encoder(model, plan.text)
    return model


def _reads_causally(plan: TextTower, levels: Levels) -> bool:
    """Whether the text encoder must be able to read causally: to be compared so, or for the report decoder."""
    return plan.reading == "causal" or levels.token > 0


def _pretrained_encoder(plan: TextTower, processor: EcgTextProcessor, is_causal: bool) -> PreTrainedModel | None:
    if plan.pretrained is None:
        return None
    options: dict[str, Any] = {"use_safetensors": True, "dtype": torch.float32}
    if is_causal:
        options["config"] = causal_config(load_auto(AutoConfig, plan.pretrained))
    encoder: PreTrainedModel = load_auto(AutoModel, plan.pretrained, **options)
    check_tokenizer_fits(encoder, processor.tokenizer, plan.pretrained)
    return encoder


def _prepare_encoder(model: EcgTextModel, plan: TextTower) -> None:
    """What of a pretrained text encoder learns: all of it, its upper layers, or adapters."""
    if plan.lora.rank == 0:
        freeze_lowest(model.text_encoder, plan.frozen_layers)
        return
    if plan.frozen_layers:
        raise ConfigError(
            f"model.text.frozen_layers is {plan.frozen_layers} and lora.rank {plan.lora.rank}; with adapters all "
            "layers stay as they are: give one or the other"
        )
    lora = plan.lora
    # Of its type it remains what it wraps: a call goes through the adapters.
    model.text_encoder = cast(
        PreTrainedModel, with_lora(model.text_encoder, rank=lora.rank, alpha=lora.alpha, dropout=lora.dropout)
    )


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


def _bert_config(plan: TextTower, vocab_size: int, pad_token_id: int, is_causal: bool) -> BertConfig:
    config = BertConfig(
        vocab_size=vocab_size,
        hidden_size=plan.width,
        num_hidden_layers=plan.num_layers,
        num_attention_heads=plan.num_heads,
        intermediate_size=4 * plan.width,
        max_position_embeddings=MAX_WORD_PIECES + is_causal,  # one more for the summary behind the text
        hidden_dropout_prob=plan.dropout,
        attention_probs_dropout_prob=plan.dropout,
        pad_token_id=pad_token_id,
    )
    return cast(BertConfig, causal_config(config)) if is_causal else config
