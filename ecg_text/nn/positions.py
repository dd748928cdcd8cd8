"""Positions told by a grouped convolution over the tokens themselves (wav2vec 2.0)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvPositions(nn.Module):
    """What stands around a token tells where it is: a convolution over kernel tokens, then a GELU.

    Baevski et al., 2020, section 2. The weight (D, D / groups, kernel) is normalised at each of the kernel's offsets:
    gain * direction / |direction|, one gain an offset (Salimans and Kingma, 2016, equation 2). Written out rather than
    as a parametrisation of torch's, so that a model can be pickled and its weights have plain names.
    """

    def __init__(self, width: int, kernel: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.direction = nn.Parameter(torch.empty(width, width // groups, kernel))
        nn.init.normal_(self.direction, std=2 * (kernel * width) ** -0.5)
        self.gain = nn.Parameter(self._length().detach().clone())
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, N, D), (B, N) -> (B, N, D), to be added to the tokens; masked tokens are read as zeros."""
        x = (x * mask.unsqueeze(-1)).transpose(1, 2)
        weight = self.direction * (self.gain / self._length())
        kernel = weight.shape[2]
        around = F.conv1d(x, weight, self.bias, padding=kernel // 2, groups=self.groups)
        # An even kernel has no middle: padded on both sides, it gives one position more than there are tokens.
        return F.gelu(around[..., : mask.shape[1]]).transpose(1, 2)

    def _length(self) -> Tensor:
        return torch.linalg.vector_norm(self.direction, dim=(0, 1), keepdim=True)
