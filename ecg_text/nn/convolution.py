"""Convolutions whose weights, not whose activations, are normalised, so amplitude and batch stay out of the statistics.

Activation norms either erase amplitude (low voltage is a finding) or tie records of a batch together
(then two processes with half a batch are not one with a whole). Standardising the weights does neither:
Brock, De and Smith, "Characterizing signal propagation to close the performance gap in unnormalized ResNets", 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Keeps the variance of relu(x) at one when x is a unit normal: sqrt(2 / (1 - 1 / pi)), Brock et al., section 4.
RELU_GAIN = 1.7139588594436646


class ScaledConv1d(nn.Conv1d):
    """Convolution with weights of zero mean and variance 1 / fan-in in each filter, times a learned gain."""

    def __init__(
        self, in_width: int, width: int, kernel: int, stride: int = 1, *, rectified: bool = True, gain: float = 1.0
    ) -> None:
        """rectified: the input comes out of a ReLU, whose loss of variance is made good in the weights, for nothing."""
        super().__init__(in_width, width, kernel, stride, padding=(kernel - 1) // 2)
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]
        self.gain = nn.Parameter(torch.full((width, 1, 1), gain))
        self.input_gain = RELU_GAIN if rectified else 1.0

    def forward(self, x: Tensor) -> Tensor:
        """(B, D_in, T) -> (B, D, ceil(T / stride)) for odd kernels."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2), keepdim=True, correction=0)
        fan_in = self.weight[0].numel()
        weight = (self.weight - mean) * (self.gain * self.input_gain * torch.rsqrt(variance * fan_in + 1e-4))
        return F.conv1d(x, weight, self.bias, self.stride, self.padding)


def halve_mask(mask: Tensor) -> Tensor:
    """Mask behind a stride-2 layer: a position is real if the sample it starts at is: (B, T) -> (B, ceil(T / 2))."""
    return mask[:, ::2]
