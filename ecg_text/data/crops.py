"""Windows cut from prepared ECGs: one by chance to learn from, all that overlap by half to be asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ecg_text.errors import ConfigError

AGGREGATES = ("max", "mean")


@dataclass(frozen=True, kw_only=True)
class Crops:
    """Windows of so many samples; of the answers to those of a record the largest counts, or the mean.

    The PTB-XL benchmark learns from 2.5 s by chance, asks every 1.25 s, and takes the largest (Strodthoff et al.,
    2020, section III). Raises ConfigError for a length below 2 or an unknown aggregate.
    """

    num_samples: int
    aggregate: str = "max"

    def __post_init__(self) -> None:
        if self.num_samples < 2:
            raise ConfigError(f"windows have {self.num_samples} samples; give at least 2")
        if self.aggregate not in AGGREGATES:
            raise ConfigError(f"aggregate is {self.aggregate!r}; choose one of {', '.join(AGGREGATES)}")

    def one(
        self, ecg: np.ndarray, time_mask: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """A window of each record, somewhere in what is real of it: (B, C, T), (B, T) -> (B, C, S), (B, S).

        A record that is not longer than a window gives its beginning; what is behind it stays masked.
        """
        size = min(self.num_samples, ecg.shape[2])
        start = generator.integers(np.maximum(time_mask.sum(axis=1) - size, 0) + 1)
        place = start[:, None] + np.arange(size)
        return np.take_along_axis(ecg, place[:, None], axis=2), np.take_along_axis(time_mask, place, axis=1)

    def all(self, ecg: np.ndarray, time_mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every window, half a window apart: (B, C, T), (B, T) -> (B, M, C, S), (B, M, S), and which count (B, M).

        The last ends where the ECG ends. A window counts where half of it is real; the first always does.
        """
        size = min(self.num_samples, ecg.shape[2])
        starts = np.arange(0, ecg.shape[2] - size + 1, max(1, size // 2))
        if starts[-1] != ecg.shape[2] - size:
            starts = np.append(starts, ecg.shape[2] - size)
        windows = np.moveaxis(sliding_window_view(ecg, size, axis=2)[:, :, starts], 2, 1)
        masks = sliding_window_view(time_mask, size, axis=1)[:, starts]
        counts = 2 * masks.sum(axis=2) >= size
        counts[:, 0] = True
        return windows, masks, counts

    def joined(self, answers: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """One answer a record: those of its windows (B, M, K), and which count (B, M) -> (B, K)."""
        if self.aggregate == "max":
            return np.asarray(np.where(counts[..., None], answers, -np.inf).max(axis=1))
        share = counts / counts.sum(axis=1, keepdims=True)
        return np.asarray(np.einsum("bm,bmk->bk", share, answers))
