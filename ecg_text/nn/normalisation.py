"""Batch normalisation that counts only what is real, over the batches of all processes.

The statistics of a batch keep amplitude differences between records (low voltage is a finding), which those of a
single record erase. Over masked positions and over one process's share of a batch they would be wrong, so here both
are left out: two processes with half a batch each are one with the whole (Ioffe and Szegedy, 2015, algorithm 1).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.nn.gather import gather_with_gradient, num_processes


class MaskedBatchNorm(nn.BatchNorm1d):
    """Normalises each channel by the mean and variance of its real positions in the global batch."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, D, T), mask (B, T) -> (B, D, T); no mask: all is real. In eval mode the running values serve.

        The dtype is kept.
        """
        if not self.training:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        if mask is None and num_processes() == 1:
            return super().forward(x)
        # Autocast hands over bfloat16, in which a count is exact up to 256 only: all is done in the weights' precision.
        wide = x.to(self.weight.dtype)
        mean, variance, count = self._statistics(wide, mask)
        self._remember(mean, variance, count)
        gain = self.weight * torch.rsqrt(variance + self.eps)
        return (wide * gain[:, None] + (self.bias - mean * gain)[:, None]).to(x.dtype)

    def _statistics(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        real = x.new_ones(len(x), 1, x.shape[2]) if mask is None else mask.unsqueeze(1).to(x.dtype)
        count = gather_with_gradient(real.sum().reshape(1)).sum().clamp(min=1)
        mean = gather_with_gradient((x * real).sum(dim=(0, 2)).unsqueeze(0)).sum(dim=0) / count
        squares = ((x - mean[:, None]).square() * real).sum(dim=(0, 2))
        return mean, gather_with_gradient(squares.unsqueeze(0)).sum(dim=0) / count, count

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        share = self.momentum or 0.0
        self.running_mean.lerp_(mean, share)  # type: ignore[union-attr]
        # As PyTorch's own: the running variance is the unbiased one.
        self.running_var.lerp_(variance * count / (count - 1).clamp(min=1), share)  # type: ignore[union-attr]
        self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
