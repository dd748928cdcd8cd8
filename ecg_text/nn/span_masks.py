"""Span masks over tokens, as in wav2vec 2.0: drawn from a generator, over real tokens alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ecg_text.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SpanMasking:
    """How many spans are masked (Baevski et al., 2020, section 3.1, in the form of the published code).

    budget is what the spans' lengths add up to, as a share of the real tokens. It is not the share that is masked:
    spans overlap, so of 156 tokens 0.65 in spans of 10 mask 49.6 %. With trim each row is thinned to the least share
    among the batch's rows, as published; at 128 rows 35 % are left. Raises ConfigError for impossible values.
    """

    budget: float = 0.65
    length: int = 10
    min_spans: int = 2
    trim: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.budget <= 1:
            raise ConfigError(f"spans.budget is {self.budget!r}; give a share above 0 and at most 1")
        if self.length < 1 or self.min_spans < 0:
            raise ConfigError(
                f"spans.length is {self.length!r} and spans.min_spans {self.min_spans!r}; give at least 1 and 0"
            )


def span_mask(real: Tensor, spans: SpanMasking, generator: torch.Generator | None = None) -> Tensor:
    """Which tokens are masked: real (B, N) bool -> (B, N) bool. The generator is of the device of `real`."""
    mask = cover(span_starts(real, spans, generator), spans.length)
    return trim_to_least(mask, real, generator) if spans.trim else mask


def span_starts(real: Tensor, spans: SpanMasking, generator: torch.Generator | None = None) -> Tensor:
    """Where spans start: real (B, N) bool -> (B, N) bool; no two at one place, and every span over real tokens alone.

    Of n real tokens budget x n / length spans are started, rounded up or down by chance so that the mean is exact; at
    least min_spans, and no more than leave a token unmasked were they side by side: a short row has fewer, or none.
    """
    num = real.sum(dim=1)
    chance = torch.rand(len(real), generator=generator, device=real.device)
    wanted = (spans.budget * num / spans.length + chance).long().clamp(min=spans.min_spans)
    wanted = wanted.minimum((num - 1).clamp(min=0) // spans.length)
    # A span fits where all tokens under it are real; beyond the end nothing is.
    fits = F.pad(real, (0, spans.length - 1)).unfold(1, spans.length, 1).all(dim=-1)
    return fits & (_shuffled_rank(fits, generator) < wanted[:, None])


def cover(starts: Tensor, length: int) -> Tensor:
    """The tokens under spans of `length` that start at `starts`: (B, N) bool -> (B, N) bool."""
    begun = F.pad(starts.cumsum(dim=1), (length, 0))
    return begun[:, length:] > begun[:, :-length]


def trim_to_least(mask: Tensor, real: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Masked tokens unmasked by chance until all rows have the least masked share: (B, N), (B, N) -> (B, N) bool.

    Among rows of one length that is the least number, as published. Rows with nothing masked set no measure.
    """
    masked, num = mask.sum(dim=1), real.sum(dim=1).clamp(min=1)
    share = torch.where(masked > 0, masked / num, torch.inf)
    least = share.argmin(dim=0, keepdim=True)
    # In whole numbers, so that the least row itself, and all of its length, keep exactly its count.
    keep = masked.gather(0, least) * num // num.gather(0, least)
    return mask & (_shuffled_rank(mask, generator) < keep[:, None])


def effective_rate(mask: Tensor, real: Tensor) -> Tensor:
    """The share of real tokens that are masked: (B, N), (B, N) -> (); 0 where no token is real."""
    return (mask & real).sum() / real.sum().clamp(min=1)


def _shuffled_rank(among: Tensor, generator: torch.Generator | None) -> Tensor:
    """Ranks by chance, those of the marked places first: (B, N) bool -> (B, N) int64."""
    draw = torch.rand(among.shape, generator=generator, device=among.device)
    return draw.masked_fill(~among, 2.0).argsort(dim=1).argsort(dim=1)
