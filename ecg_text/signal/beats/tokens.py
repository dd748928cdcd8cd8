"""Which tokens of an encoder a beat covers: from samples of the prepared window to positions on the token grid.

resnet1d halves the rate a whole number of times by convolutions with odd kernels, padded by half a kernel: its token k
stands at sample k * stride, and T samples give ceil(T / stride) tokens (TokenGrid.of). Any other encoder that spreads
its tokens evenly is told by its own TokenGrid, as conv_transformer is, whose convolutions are not padded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ecg_text.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class TokenGrid:
    """Where the tokens of an encoder stand: token k is centred at first_centre + k * samples_per_token, in samples.

    Raises ConfigError for no tokens, or a distance that is not positive.
    """

    num_tokens: int
    samples_per_token: Fraction
    first_centre: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples_per_token", Fraction(self.samples_per_token))
        object.__setattr__(self, "first_centre", Fraction(self.first_centre))
        if self.num_tokens < 1 or self.samples_per_token <= 0:
            raise ConfigError(
                f"a grid of {self.num_tokens} tokens, {self.samples_per_token} samples apart; both must be above 0"
            )

    @classmethod
    def of(cls, num_samples: int, num_tokens: int) -> TokenGrid:
        """The grid of a padded encoder (resnet1d) that makes num_tokens tokens of num_samples samples.

        Its stride is the power of two with ceil(num_samples / stride) = num_tokens, the first token at sample 0.
        Where there is none the tokens are cuts of equal length (patches), each centred on its cut. Raises ConfigError
        for more tokens than samples, or none.
        """
        if not 1 <= num_tokens <= num_samples:
            raise ConfigError(f"{num_tokens} tokens of {num_samples} samples; give 1 to {num_samples} tokens")
        for halvings in range(num_samples.bit_length() + 1):
            if -(-num_samples // 2**halvings) == num_tokens:
                return cls(num_tokens=num_tokens, samples_per_token=Fraction(2**halvings))
        return cls.patches(num_samples, num_tokens)

    @classmethod
    def patches(cls, num_samples: int, num_tokens: int) -> TokenGrid:
        """The grid of num_samples samples cut into num_tokens equal pieces, each token at the middle of its piece."""
        length = Fraction(num_samples, num_tokens)
        return cls(num_tokens=num_tokens, samples_per_token=length, first_centre=(length - 1) / 2)


def beat_token_spans(
    peaks: np.ndarray,
    rate_hz: float,
    grid: TokenGrid,
    before_s: float = 0.25,
    after_s: float = 0.45,
    *,
    overlapping: bool = False,
) -> np.ndarray:
    """The tokens of each beat (n, 2) int64, start and stop, half-open, for peaks (n,) in samples of the window.

    A beat covers the tokens whose centres lie from before_s before its peak (included) to after_s after it (left
    out). Unless overlapping, it ends at the middle between its peak and the next one, where the next may begin; no
    token then belongs to two beats. A span is empty, start = stop, where no centre lies in it. The borders are exact
    fractions of a sample. Raises ConfigError for peaks out of order, or a stretch of negative length.
    """
    if not (0 <= before_s < np.inf and 0 <= after_s < np.inf and 0 < rate_hz < np.inf):
        raise ConfigError(f"beats from {before_s} s before to {after_s} s after, at {rate_hz} Hz; give numbers above 0")
    if (np.diff(peaks) <= 0).any():
        raise ConfigError("the peaks are not in order; give each once, the earliest first")
    rate = Fraction(rate_hz)
    before, after = Fraction(before_s) * rate, Fraction(after_s) * rate
    points = [int(peak) for peak in peaks]
    spans = np.zeros((len(points), 2), dtype=np.int64)
    for i, peak in enumerate(points):
        low, high = peak - before, peak + after
        if not overlapping:
            low = max(low, Fraction(points[i - 1] + peak, 2)) if i else low
            high = min(high, Fraction(peak + points[i + 1], 2)) if i + 1 < len(points) else high
        start = _first_at_or_after(low, grid)
        spans[i] = start, max(start, _first_at_or_after(high, grid))
    return spans


def _first_at_or_after(sample: Fraction, grid: TokenGrid) -> int:
    number = math.ceil((sample - grid.first_centre) / grid.samples_per_token)
    return min(max(number, 0), grid.num_tokens)
