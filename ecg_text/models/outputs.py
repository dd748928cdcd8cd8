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
    """Encoded texts: pooled (R, D) of unit length and words (R, L, W).

    Where sentence numbers were given also sentences (R, S, D), of unit length or zero, with sentence_mask (R, S).
    """

    pooled: Tensor
    words: Tensor
    sentences: Tensor | None = None
    sentence_mask: Tensor | None = None
