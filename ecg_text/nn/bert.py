"""BERT to be asked, not taught (Devlin et al., 2019): the same weights by the same names, and the same sums in turn.

The encoder of transformers, which learns and is saved, takes a process some three seconds to import beyond torch; one
ECG is answered in less. A test holds the two to the same bits (tests/unit/nn/test_bert.py).
"""

# No `from __future__ import annotations` here: models/plain_sizes.py checks a config.json against types, not names.
from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class BertSizes:
    """A BERT with learned positions counted from 0, by the names that transformers gives its settings."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float | int
    pad_token_id: int
    is_decoder: bool
    model_type: str = "bert"
    _attn_implementation: str = "sdpa"


class States(NamedTuple):
    """What the encoder makes of texts: (R, L, W), by the name that transformers gives it."""

    last_hidden_state: Tensor


class Bert(nn.Module):
    """The encoder without a pooling layer; nothing is dropped out."""

    def __init__(self, config: BertSizes) -> None:
        super().__init__()
        self.config = config
        self.embeddings = _Embeddings(config)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_layer(config) for _ in range(config.num_hidden_layers))})

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        position_ids: Tensor | None = None,
        use_cache: bool = False,  # noqa: ARG002 - transformers' encoders are asked so
    ) -> States:
        """Word pieces (R, L), and which of them all may read (R, L), or which each may (R, 1, L, L) -> States.

        position_ids (1, L) or (R, L) count from 0; left out, they follow each other. Raises ConfigError where a decoder
        is left to mask what is to come.
        """
        length = input_ids.shape[1]
        places = torch.arange(length, device=input_ids.device)[None] if position_ids is None else position_ids
        x = self.embeddings(input_ids, places)
        if self.config.is_decoder and attention_mask.ndim == 2:
            raise ConfigError("a model loaded to be asked at once reads no text causally; load it whole: ecg_text.load")
        attend = _attend(attention_mask, length)
        for layer in cast(nn.ModuleList, self.encoder["layer"]):
            x = _through(layer, x, attend, self.config.num_attention_heads)
        return States(x)


class _Embeddings(nn.Module):
    def __init__(self, config: BertSizes) -> None:
        super().__init__()
        width = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, width, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(self, input_ids: Tensor, places: Tensor) -> Tensor:
        words = self.word_embeddings(input_ids) + self.token_type_embeddings(torch.zeros_like(input_ids))
        normalised: Tensor = self.LayerNorm(words + self.position_embeddings(places))
        return normalised


def _layer(config: BertSizes) -> nn.ModuleDict:
    width, inner = config.hidden_size, config.intermediate_size

    def added(in_width: int) -> nn.ModuleDict:
        return nn.ModuleDict(
            {"dense": nn.Linear(in_width, width), "LayerNorm": nn.LayerNorm(width, eps=config.layer_norm_eps)}
        )

    heads = nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")})
    return nn.ModuleDict(
        {
            "attention": nn.ModuleDict({"self": heads, "output": added(width)}),
            "intermediate": nn.ModuleDict({"dense": nn.Linear(width, inner)}),
            "output": added(inner),
        }
    )


def _through(layer: nn.Module, x: Tensor, attend: Tensor | None, num_heads: int) -> Tensor:
    """One layer: attention, then a two-layer GELU network, each added and normalised: (R, L, W) -> (R, L, W)."""
    parts = dict(layer.named_modules())

    def add(name: str, made: Tensor) -> Tensor:
        normalised: Tensor = parts[f"{name}.LayerNorm"](parts[f"{name}.dense"](made) + x)
        return normalised

    query, key, value = (
        parts[f"attention.self.{name}"](x).unflatten(-1, (num_heads, -1)).transpose(1, 2)
        for name in ("query", "key", "value")
    )
    scale = query.shape[-1] ** -0.5
    mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=attend, scale=scale)
    x = add("attention.output", mixed.transpose(1, 2).flatten(2))
    return add("output", F.gelu(parts["intermediate.dense"](x)))


def _attend(mask: Tensor, length: int) -> Tensor | None:
    """Which word each reads, (R, 1, L, L); None where all read all."""
    if mask.ndim == 4:
        return mask
    real = mask.bool()
    return None if bool(real.all()) else real[:, None, None].expand(-1, 1, length, -1)
