"""The report decoder: it tells each next word piece from the pieces before it and the memory of an ECG (CoCa, MELP)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.errors import ConfigError
from ecg_text.models.sizes import DecoderSizes
from ecg_text.nn.attention import attention_shares
from ecg_text.nn.transformer import BERT_STD

if TYPE_CHECKING:
    from transformers import Cache


class ReportDecoder(nn.Module):
    """Layers over the states of a causal text encoder, each of which reads the ECG, and a head over the vocabulary.

    Yu et al., 2022 (CoCa), section 3.2, the multimodal half of the decoder; in MELP 6 layers of width 768 with 8 heads
    read 128 vectors of an ECG. The state at place i tells piece i + 1. A layer normalises before each of its parts.
    """

    def __init__(self, config: DecoderSizes, width: int, vocab_size: int) -> None:
        super().__init__()
        if width % config.num_heads:
            raise ConfigError(
                f"a text encoder {width} wide cannot be read with the decoder's {config.num_heads} heads; "
                "give its num_heads a divisor"
            )
        self.num_layers = config.num_layers
        self.num_heads = config.num_heads
        # The keys and values of all layers by one multiplication, which a report needs once.
        self.memory_key_value = nn.Linear(width, config.num_layers * 2 * width)
        self.layers = nn.ModuleList(
            DecoderLayer(width, config.num_heads, config.expansion, config.dropout) for _ in range(config.num_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.vocabulary = nn.Linear(width, vocab_size, bias=False)
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.normal_(part.weight, std=BERT_STD)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)

    def forward(self, words: Tensor, memory: Tensor) -> Tensor:
        """Logits of each next piece: states of the words (R, L, W), memory of the ECGs (R, K, W) -> (R, L, V).

        Padding at the end changes nothing before it. A loss that reads few places asks states() and vocabulary() of
        those (objectives/captioning.py).
        """
        logits: Tensor = self.vocabulary(self.states(words, self.read_memory(memory)))
        return logits

    def read_memory(self, memory: Tensor) -> Tensor:
        """The keys and values that the layers read: (R, K, W) -> (R, layers, 2, heads, K, W / heads)."""
        both = self.memory_key_value(memory).unflatten(-1, (self.num_layers, 2, self.num_heads, -1))
        return both.permute(0, 2, 3, 4, 1, 5)

    def states(
        self,
        words: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        cache: Cache | None = None,
        first_layer: int = 0,
    ) -> Tensor:
        """What the vocabulary is told from: words (R, L, W), memory as read_memory() makes it -> (R, L, W).

        mask (R, P + L) is needed only for padding in front of a text. The cache holds the keys and values of the P
        words before these, from its layer first_layer on, and takes up those of the L.
        """
        seen = 0 if cache is None else cache.get_seq_length(first_layer)
        attend = _attention_mask(words.shape[1], seen, mask, words.device)
        for number, layer in enumerate(self.layers):
            words = layer(words, memory[:, number], attend, cache, first_layer + number)
        return self.norm(words)

    def attention(self, words: Tensor, memory: Tensor) -> Tensor:
        """How much of each memory vector each word reads, by layer and head: as states() -> (R, layers, heads, L, K).

        What is read at place i goes into the telling of piece i + 1. It is for reports that are finished: what words
        read of each other is computed twice.
        """
        shares = []
        attend = _attention_mask(words.shape[1], 0, None, words.device)
        for number, layer in enumerate(self.layers):
            shares.append(cast(DecoderLayer, layer).memory_attention(words, memory[:, number], attend))
            words = layer(words, memory[:, number], attend, None, number)
        return torch.stack(shares, dim=1)


class DecoderLayer(nn.Module):
    """Pre-norm layer: causal self-attention, attention to the memory, a two-layer GELU network, each added."""

    def __init__(self, width: int, num_heads: int, expansion: int, dropout: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.self_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.self_out = nn.Linear(width, width)
        self.memory_norm = nn.LayerNorm(width)
        self.memory_query = nn.Linear(width, width)
        self.memory_out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width))
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: Tensor, attend: Tensor | None, cache: Cache | None, number: int) -> Tensor:
        """(R, L, W), keys and values (R, 2, H, K, W / H), which words each reads (R, 1, L, P + L) -> (R, L, W).

        Where attend is None, a word reads all words up to itself, those in layer `number` of the cache first.
        """
        x = x + self.drop(self._read_words(self.self_norm(x), attend, cache, number))
        x = x + self.drop(self._read_memory(self.memory_norm(x), memory))
        return x + self.drop(self.mlp(self.mlp_norm(x)))

    def memory_attention(self, x: Tensor, memory: Tensor, attend: Tensor | None) -> Tensor:
        """The shares in which words read the memory, by head: as forward -> (R, H, L, K)."""
        x = x + self.drop(self._read_words(self.self_norm(x), attend, None, 0))
        return attention_shares(self._memory_query(self.memory_norm(x)), memory[:, 0])

    def _read_words(self, x: Tensor, attend: Tensor | None, cache: Cache | None, number: int) -> Tensor:
        heads = self.query_key_value(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = heads
        if cache is not None:
            key, value = cache.update(key, value, number)
        # One new word reads all that is there; several are the beginning of a text, or came with a mask.
        mixed = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=attend,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=attend is None and x.shape[1] > 1,
        )
        return self.self_out(mixed.transpose(1, 2).flatten(2))

    def _read_memory(self, x: Tensor, memory: Tensor) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        query = self._memory_query(x)
        mixed = F.scaled_dot_product_attention(query, memory[:, 0], memory[:, 1], dropout_p=dropout)
        return self.memory_out(mixed.transpose(1, 2).flatten(2))

    def _memory_query(self, x: Tensor) -> Tensor:
        return self.memory_query(x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


def _attention_mask(length: int, seen: int, mask: Tensor | None, device: torch.device) -> Tensor | None:
    """Which of the seen + length words each of the last `length` reads: (R, P + L) -> (R, 1, L, P + L).

    None where attention without a mask does the same, and faster.
    """
    if mask is None and (seen == 0 or length == 1):
        return None
    place = torch.arange(seen + length, device=device)
    causal = place <= place[seen:, None]
    if mask is None:
        return causal
    # Padding in front reads itself: it would softmax over nothing.
    return (causal & mask[:, None, None, :].bool()) | (place == place[seen:, None])
