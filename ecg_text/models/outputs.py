"""Named results of the encoders."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ecg_text.signal.beats.tokens import TokenGrid


@dataclass(frozen=True, eq=False, kw_only=True)
class EcgFeatures:
    """An encoded batch of ECGs: pooled (B, D) of unit length, tokens (B, N, W) and which of them are real (B, N)."""

    pooled: Tensor
    tokens: Tensor
    token_mask: Tensor

    def token_grid(self, num_samples: int) -> TokenGrid:
        """Where the tokens of a window of num_samples stand, for the spans of its beats (beat_token_spans)."""
        return TokenGrid.of(num_samples, self.tokens.shape[1])


@dataclass(frozen=True, eq=False, kw_only=True)
class TextFeatures:
    """Encoded texts: pooled (R, D) of unit length and words (R, L, W).

    Where sentence numbers were given also sentences (R, S, D), of unit length or zero, with sentence_mask (R, S).
    """

    pooled: Tensor
    words: Tensor
    sentences: Tensor | None = None
    sentence_mask: Tensor | None = None
