"""A residual network over time, topped by a few attention layers that see the whole rhythm."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.models.sizes import EcgEncoderSizes
from ecg_text.nn.convolution import NormedConv1d, halve_mask, zero_masked
from ecg_text.nn.transformer import TransformerBlock, sinusoidal_positions
from ecg_text.signal.beats.tokens import TokenGrid

# Each residual branch starts small, so that a deep network starts near the identity (Goyal et al., 2017, section 5.1).
BRANCH_GAIN = 0.2
POSITION_GAIN = 0.1


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut; a stride of 2 halves the rate on both ways (He et al., 2016)."""

    def __init__(self, in_width: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.first = NormedConv1d(in_width, width, kernel, stride)
        self.second = NormedConv1d(width, width, kernel, gain=BRANCH_GAIN)
        changes = stride > 1 or in_width != width
        self.shortcut = NormedConv1d(in_width, width, 1, stride) if changes else None

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """(B, D_in, T), (B, T) -> (B, D, T'), (B, T'); no mask means that all is real."""
        if mask is not None and self.stride > 1:
            mask = halve_mask(mask)
        active = F.relu(x)
        branch = self.second(zero_masked(F.relu(self.first(active, mask)), mask), mask)
        shortcut = x if self.shortcut is None else self.shortcut(active, mask)
        return zero_masked(shortcut + branch, mask), mask


class ResNet1d(nn.Module):
    """ECG -> tokens at rate / 2^(1 + stages): stem of stride 2, stages of stride 2, attention layers on top."""

    def __init__(self, config: EcgEncoderSizes) -> None:
        super().__init__()
        widths = tuple(config.widths)
        self.width = widths[-1]
        self.num_halvings = 1 + len(widths)
        self.stem = NormedConv1d(len(config.leads), widths[0], 2 * config.kernel + 1, 2)
        self.absent = nn.Parameter(torch.zeros(len(config.leads), widths[0]))
        self.position_gain = nn.Parameter(torch.tensor(POSITION_GAIN))
        blocks: list[nn.Module] = []
        in_width = widths[0]
        for width, depth in zip(widths, config.depths, strict=True):
            for number in range(depth):
                blocks.append(ResidualBlock(in_width, width, config.kernel, 2 if number == 0 else 1))
                in_width = width
        self.blocks = nn.ModuleList(blocks)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(
            TransformerBlock(self.width, config.num_heads, config.dropout, expansion=2)
            for _ in range(config.num_layers)
        )
        self.norm = nn.LayerNorm(self.width)

    def forward(self, ecg: Tensor, lead_mask: Tensor, time_mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, T), (B, C), (B, T) -> tokens (B, N, W), token mask (B, N)."""
        # Most batches have no padding, and then no layer needs to pay for it.
        is_padded = not bool(time_mask.all())
        mask = halve_mask(time_mask) if is_padded else None
        ecg = zero_masked(ecg * lead_mask.unsqueeze(-1), time_mask if is_padded else None)
        # A missing lead adds its own learned offset: absent is not the same as a flat line.
        offset = (~lead_mask).to(ecg.dtype) @ self.absent
        x = zero_masked(self.stem(ecg, mask) + offset.unsqueeze(-1), mask)
        for block in self.blocks:
            x, mask = block(x, mask)
        tokens = self.dropout(F.relu(x).transpose(1, 2))
        token_mask = tokens.new_ones(tokens.shape[:2], dtype=torch.bool) if mask is None else mask
        tokens = tokens + self.position_gain * sinusoidal_positions(tokens.shape[1], self.width).to(tokens)
        for layer in self.layers:
            tokens = layer(tokens, token_mask)
        return self.norm(tokens), token_mask

    def token_grid(self, num_samples: int) -> TokenGrid:
        """Where the tokens of num_samples stand: the first at sample 0."""
        num_tokens = num_samples
        for _ in range(self.num_halvings):
            num_tokens = -(-num_tokens // 2)
        return TokenGrid.of(num_samples, num_tokens)
