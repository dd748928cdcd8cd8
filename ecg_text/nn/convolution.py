"""Strided convolutions over time whose padding is told by a mask."""

from __future__ import annotations

from torch import Tensor, nn

from ecg_text.nn.normalisation import MaskedBatchNorm


class NormedConv1d(nn.Module):
    """Convolution, then normalisation over the real positions of the batch, with a starting gain."""

    def __init__(self, in_width: int, width: int, kernel: int, stride: int = 1, *, gain: float = 1.0) -> None:
        super().__init__()
        self.conv = nn.Conv1d(in_width, width, kernel, stride, padding=(kernel - 1) // 2, bias=False)
        self.norm = MaskedBatchNorm(width)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        nn.init.constant_(self.norm.weight, gain)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, D_in, T), mask of the output (B, T') -> (B, D, T') with T' = ceil(T / stride) for odd kernels."""
        return self.norm(self.conv(x), mask)


def halve_mask(mask: Tensor) -> Tensor:
    """Mask behind a stride-2 layer: a position is real if the sample it starts at is: (B, T) -> (B, ceil(T / 2))."""
    return mask[:, ::2]


def zero_masked(x: Tensor, mask: Tensor | None) -> Tensor:
    """Masked positions set to zero, so that padding equals the edge of a shorter recording: (B, D, T), (B, T)."""
    return x if mask is None else x * mask.unsqueeze(1)
