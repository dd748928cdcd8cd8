"""Named results of the encoders."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class EcgFeatures:
    """An encoded batch of ECGs: pooled (B, D) of unit length, tokens (B, N, W) and which of them are real (B, N).

    A head with beats gives beats (B, K, D), not of unit length, and which of them are real (B, K): the mean of the real
    ones has the direction of pooled.
    """

    pooled: Tensor
    tokens: Tensor
    token_mask: Tensor
    beats: Tensor | None = None
    beat_mask: Tensor | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class TextFeatures:
    """Encoded texts: pooled (R, D) of unit length and words (R, L, W).

    Where sentence numbers were given also sentences (R, S, D), zero where a text has no such sentence, with
    sentence_mask (R, S). They are compared with beats, and are not of unit length.
    """

    pooled: Tensor
    words: Tensor
    sentences: Tensor | None = None
    sentence_mask: Tensor | None = None
