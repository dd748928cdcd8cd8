"""Transformer blocks over masked sequences."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.nn.attention import readable

BERT_STD = 0.02


class SelfAttention(nn.Module):
    """Multi-head self-attention in which no token reads a masked one."""

    def __init__(self, width: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, N, D), (B, N) -> (B, N, D)."""
        heads = self.query_key_value(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        _, attend = readable(mask)
        dropout = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(heads[0], heads[1], heads[2], attn_mask=attend, dropout_p=dropout)
        return self.out(mixed.transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    """Pre-norm block: attention, then a two-layer GELU network, each added to the stream."""

    def __init__(self, width: int, num_heads: int, dropout: float = 0.0, expansion: int = 4) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, num_heads, dropout)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(expansion * width, width)
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, N, D), (B, N) -> (B, N, D)."""
        x = x + self.drop(self.attention(self.attention_norm(x), mask))
        return x + self.drop(self.mlp(self.mlp_norm(x)))


class PostNormBlock(nn.Module):
    """Post-norm block: attention, then a two-layer GELU network, each added to the stream and normalised with it.

    Vaswani et al., 2017, section 3.1, with the initial weights of BERT (Devlin et al., 2019), as wav2vec 2.0 has it.
    """

    def __init__(self, width: int, num_heads: int, dropout: float = 0.0, expansion: int = 4) -> None:
        super().__init__()
        self.attention = SelfAttention(width, num_heads, dropout)
        self.attention_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width))
        self.mlp_norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.normal_(part.weight, std=BERT_STD)
                nn.init.zeros_(part.bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, N, D), (B, N) -> (B, N, D)."""
        x = self.attention_norm(x + self.drop(self.attention(x, mask)))
        return self.mlp_norm(x + self.drop(self.mlp(x)))


def sinusoidal_positions(num: int, width: int) -> Tensor:
    """Sines and cosines of geometrically spaced wavelengths: (N, D) (Vaswani et al., 2017, section 3.5)."""
    position = torch.arange(num, dtype=torch.float32)[:, None]
    frequency = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-9.210340371976184 / width))
    angles = position * frequency
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]
