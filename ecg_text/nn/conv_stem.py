"""The convolutions that make tokens of samples: of stride 2, without padding or bias (wav2vec 2.0)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.errors import SignalError

STRIDE = 2


class MaskedGroupNorm(nn.GroupNorm):
    """Normalises each channel of each ECG by the mean and variance of its own real positions.

    This is group normalisation with as many groups as channels (Wu and He, 2018, section 3). A channel without a real
    position has mean 0 and variance 0.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        """(B, D, T), mask (B, T) -> (B, D, T); computed in float32 at least, the dtype is kept."""
        real = mask.unsqueeze(1)
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        count = real.sum(dim=2, keepdim=True).clamp(min=1)
        mean = (wide * real).sum(dim=2, keepdim=True) / count
        centred = (wide - mean) * real
        variance = centred.square().sum(dim=2, keepdim=True) / count
        gain = self.weight[:, None] * torch.rsqrt(variance + self.eps)
        return (centred * gain + self.bias[:, None]).to(x.dtype)


class ConvStem(nn.Module):
    """One stride-2 convolution a width with a GELU behind it; the first is normalised over time before its GELU.

    Baevski et al., 2020, section 2 (feature encoder); for 12 leads Oh et al., 2022. A token is real where all samples
    that it reads are real: T samples make as many tokens bare as they make padded, and padding is read by none of them.
    """

    def __init__(self, in_width: int, widths: tuple[int, ...], kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.convs = nn.ModuleList(
            nn.Conv1d(before, width, kernel, STRIDE, bias=False)
            for before, width in zip((in_width, *widths[:-1]), widths, strict=True)
        )
        for conv in self.convs:
            nn.init.kaiming_normal_(conv.weight)  # type: ignore[arg-type]
        self.norm = MaskedGroupNorm(widths[0])

    @property
    def samples_per_token(self) -> int:
        """How many samples one token is from the next."""
        return STRIDE ** len(self.convs)

    @property
    def reach(self) -> int:
        """How many samples one token reads."""
        return 1 + (self.kernel - 1) * (self.samples_per_token - 1)

    def num_tokens(self, num_samples: int) -> int:
        """How many tokens num_samples make. Raises SignalError where that is none."""
        if num_samples < self.reach:
            raise SignalError(f"an ECG of {num_samples} samples makes no token; give at least {self.reach} samples")
        return (num_samples - self.reach) // self.samples_per_token + 1

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, T), (B, T) -> (B, N, D), (B, N) with N = T // 2^layers for a kernel of 2. Raises SignalError."""
        self.num_tokens(x.shape[2])
        for number, conv in enumerate(self.convs):
            x = conv(x)
            mask = _all_read_are_real(mask, x.shape[2], self.kernel)
            x = F.gelu(self.norm(x, mask) if number == 0 else x)
        return x.transpose(1, 2), mask


def _all_read_are_real(mask: Tensor, num: int, kernel: int) -> Tensor:
    """Whether all positions that each of num outputs of a convolution reads are real: (B, T) -> (B, num) bool."""
    # mask.unfold would do, but its memory is laid out by the parity of T: a compiled model of four convolutions would
    # be compiled for 16 kinds of T, and from the ninth on not at all. With slices one graph serves all lengths.
    last = STRIDE * (num - 1) + 1
    return torch.stack([mask[:, place : place + last : STRIDE] for place in range(kernel)]).all(dim=0)
