"""Named results of the encoders."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class EcgFeatures:
    """An encoded batch of ECGs: pooled (B, D) of unit length, tokens (B, N, W) and which of them are real (B, N)."""

    pooled: Tensor
    tokens: Tensor
    token_mask: Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class TextFeatures:
    """Encoded texts: pooled (R, D) of unit length, sentences (R, S, D) with sentence_mask (R, S), words (R, L, W)."""

    pooled: Tensor
    sentences: Tensor
    sentence_mask: Tensor
    words: Tensor
