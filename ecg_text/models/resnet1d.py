"""A residual network over time without activation norms, topped by a few attention layers that see the whole rhythm."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.nn.convolution import ScaledConv1d, halve_mask
from ecg_text.nn.transformer import TransformerBlock, sinusoidal_positions

# Each residual branch is scaled so that variance grows slowly with depth (Brock et al., 2021, section 3).
BRANCH_SCALE = 0.2
# Standard deviation of a lead of a band-passed ECG; without activation norms the network wants values of about one.
TYPICAL_MV = 0.2
POSITION_GAIN = 0.1


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut; a stride of 2 halves the rate on both ways."""

    def __init__(self, in_width: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.first = ScaledConv1d(in_width, width, kernel, stride)
        self.second = ScaledConv1d(width, width, kernel, gain=BRANCH_SCALE)
        self.changes = stride > 1 or in_width != width
        self.shortcut = ScaledConv1d(in_width, width, 1, stride) if self.changes else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """(B, D_in, T), (B, T) -> (B, D, T'), (B, T'); no mask means that all is real."""
        if mask is not None and self.stride > 1:
            mask = halve_mask(mask)
        active = F.relu(x)
        # Masked positions are zeroed after every layer, so padding equals the edge of a shorter recording.
        branch = self.second(_masked(F.relu_(self.first(active)), mask))
        shortcut = self.shortcut(active) if self.changes else x
        return _masked(shortcut + branch, mask), mask


class ResNet1d(nn.Module):
    """ECG -> tokens at rate / 2^(1 + stages): stem of stride 2, stages of stride 2, attention layers on top."""

    def __init__(self, config: EcgEncoderConfig) -> None:
        super().__init__()
        widths = tuple(config.widths)
        self.width = widths[-1]
        self.stem = ScaledConv1d(len(config.leads), widths[0], 2 * config.kernel + 1, 2, rectified=False)
        self.position_gain = nn.Parameter(torch.tensor(POSITION_GAIN))
        self.absent = nn.Parameter(torch.zeros(len(config.leads), widths[0]))
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
        mask = None if bool(time_mask.all()) else halve_mask(time_mask)
        ecg = _masked(ecg * (lead_mask.unsqueeze(-1) / TYPICAL_MV), None if mask is None else time_mask)
        # A missing lead adds its own learned offset: absent is not the same as a flat line.
        offset = (~lead_mask).to(ecg.dtype) @ self.absent
        x = _masked(self.stem(ecg) + offset.unsqueeze(-1), mask)
        for block in self.blocks:
            x, mask = block(x, mask)
        tokens = self.dropout(F.relu(x).transpose(1, 2))
        token_mask = tokens.new_ones(tokens.shape[:2], dtype=torch.bool) if mask is None else mask
        if self.layers:
            tokens = tokens + self.position_gain * sinusoidal_positions(tokens.shape[1], self.width).to(tokens)
        for layer in self.layers:
            tokens = layer(tokens, token_mask)
        return self.norm(tokens), token_mask


def _masked(x: Tensor, mask: Tensor | None) -> Tensor:
    return x if mask is None else x * mask.unsqueeze(1)
