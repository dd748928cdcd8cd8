"""A strided convolutional stem that makes tokens, and a transformer over them (the wav2vec 2.0 family, as in MELP)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.nn.convolution import halve_mask
from ecg_text.nn.transformer import ConvPositions, TransformerBlock

POSITION_KERNEL = 31
# Standard deviation of a lead of a band-passed ECG: the stem wants values of about one.
TYPICAL_MV = 0.2


class ConvTransformer(nn.Module):
    """ECG -> tokens at rate / 2^len(widths): one stride-2 convolution a width, then depths[-1] transformer layers."""

    def __init__(self, config: EcgEncoderConfig) -> None:
        super().__init__()
        widths = tuple(config.widths)
        self.width = widths[-1]
        self.absent = nn.Parameter(torch.zeros(len(config.leads), widths[0]))
        self.stem = nn.ModuleList(
            nn.Conv1d(in_width, width, config.kernel, 2, padding=(config.kernel - 1) // 2)
            for in_width, width in zip((len(config.leads), *widths[:-1]), widths, strict=True)
        )
        self.stem_norm = nn.LayerNorm(self.width)
        self.positions = ConvPositions(self.width, POSITION_KERNEL, config.num_heads)
        self.layers = nn.ModuleList(
            TransformerBlock(self.width, config.num_heads, config.dropout) for _ in range(config.depths[-1])
        )
        self.norm = nn.LayerNorm(self.width)

    def forward(self, ecg: Tensor, lead_mask: Tensor, time_mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, T), (B, C), (B, T) -> tokens (B, N, W), token mask (B, N)."""
        x, mask = ecg * (lead_mask.unsqueeze(-1) / TYPICAL_MV) * time_mask.unsqueeze(1), time_mask
        offset = (~lead_mask).to(ecg.dtype) @ self.absent
        for number, conv in enumerate(self.stem):
            x, mask = conv(x), halve_mask(mask)
            if number == 0:
                x = x + offset.unsqueeze(-1)
            x = F.gelu(x) * mask.unsqueeze(1)
        tokens = self.stem_norm(x.transpose(1, 2))
        tokens = tokens + self.positions(tokens, mask)
        for layer in self.layers:
            tokens = layer(tokens, mask)
        return self.norm(tokens), mask
