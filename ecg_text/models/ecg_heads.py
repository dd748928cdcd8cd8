"""What makes one vector of an ECG's tokens, and its beats on the way: the heads of the ECG tower, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.errors import ConfigError
from ecg_text.models.sizes import EcgTextSizes
from ecg_text.nn.pooling import AttentionPool, QueryPool, SpanPool, masked_mean
from ecg_text.signal.beats.tokens import TokenGrid, beat_token_spans


class Pooled(NamedTuple):
    """An ECG in one vector, pooled (B, D) of unit length; and its beats (B, K, D), with which are real (B, K)."""

    pooled: Tensor
    beats: Tensor | None = None
    beat_mask: Tensor | None = None


class ProjectionHead(nn.Module):
    """Two layers with a GELU between them, onto the unit sphere."""

    def __init__(self, in_width: int, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(in_width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., W) -> (..., D) of unit length."""
        return F.normalize(self.out(F.gelu(self.hidden(x))), dim=-1)


class SummaryHead(nn.Module):
    """One attention pool beside the mean of the tokens, projected together; there are no beats."""

    def __init__(self, config: EcgTextSizes, token_width: int, num_heads: int) -> None:
        super().__init__()
        self.pool = AttentionPool(token_width, num_heads)
        self.projection = ProjectionHead(2 * token_width, config.embedding_width)

    def forward(self, tokens: Tensor, mask: Tensor, spans: Tensor | None = None) -> Pooled:  # noqa: ARG002 - of all heads
        """(B, N, W), (B, N) -> Pooled."""
        summary = torch.cat([self.pool(tokens, mask)[:, 0], masked_mean(tokens, mask)], dim=-1)
        return Pooled(self.projection(summary))


class BeatQueryHead(nn.Module):
    """MELP's: learned queries make the beats, and the mean of the beats is the rhythm (section 3.2 of the paper).

    A beat here is whatever its query has learned to look for. Beats are not of unit length: the alignment with
    sentences compares them by their dot products.
    """

    def __init__(self, config: EcgTextSizes, token_width: int, num_heads: int) -> None:  # noqa: ARG002 - of all heads
        super().__init__()
        width = config.embedding_width
        self.pool = QueryPool(token_width, width, config.beat_heads, config.num_beats)
        self.projection = nn.Linear(width, width, bias=False)

    def forward(self, tokens: Tensor, mask: Tensor, spans: Tensor | None = None) -> Pooled:  # noqa: ARG002 - of all heads
        """(B, N, W), (B, N) -> Pooled, with as many beats for every ECG."""
        beats = self.projection(self.pool(tokens, mask))
        real = mask.any(dim=1, keepdim=True).expand(beats.shape[:2])
        return Pooled(F.normalize(beats.mean(dim=1), dim=-1), beats, real)


class RPeakHead(nn.Module):
    """The beats are those of the heart: the tokens around each R-peak become one, and their mean is the rhythm.

    An ECG in which no beat was found is one beat as a whole.
    """

    def __init__(self, config: EcgTextSizes, token_width: int, num_heads: int) -> None:  # noqa: ARG002 - of all heads
        super().__init__()
        width = config.embedding_width
        self.pool = SpanPool(token_width, width, config.beat_heads)
        self.projection = nn.Linear(width, width, bias=False)

    def forward(self, tokens: Tensor, mask: Tensor, spans: Tensor | None = None) -> Pooled:
        """(B, N, W), (B, N), start and stop of each beat in tokens (B, K, 2) -> Pooled.

        A span that holds no real token, such as (0, 0), is no beat. Raises ConfigError where there are no spans.
        """
        if spans is None:
            raise ConfigError("the ECG head r_peaks needs the spans of the beats; give encode_ecg the ECG, not tokens")
        place = torch.arange(tokens.shape[1], device=tokens.device)
        member = (place >= spans[..., :1]) & (place < spans[..., 1:]) & mask[:, None]
        # Only the first span of an ECG without any takes in the whole.
        none = ~member.flatten(1).any(dim=1)
        member = torch.cat([member[:, :1] | (none[:, None] & mask)[:, None], member[:, 1:]], dim=1)
        real = member.any(dim=2)
        beats = self.projection(self.pool(tokens, member)) * real[..., None]
        return Pooled(F.normalize(masked_mean(beats, real), dim=-1), beats, real)


def token_spans(peaks: np.ndarray, rate_hz: float, grid: TokenGrid) -> Tensor:
    """Start and stop of each beat in tokens: R-peaks (B, P) in samples, -1 for none -> (B, P, 2), (0, 0) for none."""
    spans = torch.zeros(len(peaks), max(1, peaks.shape[1]), 2, dtype=torch.int64)
    for row, found in enumerate(peaks):
        real = found[found >= 0]
        spans[row, : len(real)] = torch.from_numpy(beat_token_spans(real, rate_hz, grid))
    return spans


ECG_HEADS: Mapping[str, Callable[[EcgTextSizes, int, int], SummaryHead | BeatQueryHead | RPeakHead]] = MappingProxyType(
    {"summary": SummaryHead, "beat_queries": BeatQueryHead, "r_peaks": RPeakHead}
)


def build_ecg_head(config: EcgTextSizes, token_width: int, num_heads: int) -> SummaryHead | BeatQueryHead | RPeakHead:
    """The head a configuration names. Raises ConfigError where there is none of that name."""
    try:
        return ECG_HEADS[config.ecg_head](config, token_width, num_heads)
    except KeyError:
        raise ConfigError(f"no ECG head {config.ecg_head!r}; choose one of {', '.join(ECG_HEADS)}") from None
