"""One kind of beat of one patient: its waves in time, its bounds, its peak and its net area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_text.signal.synthetic.dipole import Bumps, dipole_path, join_bumps
from ecg_text.signal.synthetic.shape import EDGE

_SPIKE_BEFORE_S, _SPIKE_WIDTH_S = 0.006, 0.0008
_FINE_RATE_HZ = 1000.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Beat:
    """One kind of beat of one patient: rows (k, 6) of P, QRS and T (see synthetic_shape), intervals in seconds."""

    p: np.ndarray
    qrs: np.ndarray
    t: np.ndarray
    spike_mv: np.ndarray | None
    pr_s: float | None
    p_s: float
    qrs_s: float
    qtc_s: float

    def bumps(self, onset_s: np.ndarray, qt_s: np.ndarray, gain: np.ndarray) -> Bumps:
        """The waves of beats whose QRS complexes start at onset_s (n,), with their own QT intervals and sizes."""
        parts = [
            _place(self.qrs, onset_s, np.full_like(onset_s, self.qrs_s), gain),
            _place(self.t, onset_s + self.qrs_s, qt_s - self.qrs_s, gain),
        ]
        if self.pr_s is not None:
            parts.append(_place(self.p, onset_s - self.pr_s, np.full_like(onset_s, self.p_s), gain))
        if self.spike_mv is not None:
            width = np.full_like(onset_s, _SPIKE_WIDTH_S)
            vector = np.tile(self.spike_mv, (len(onset_s), 1))
            parts.append(Bumps(centre_s=onset_s - _SPIKE_BEFORE_S, rise_s=width, fall_s=width, vector_mv=vector))
        return join_bumps(parts)

    def wave_bounds_s(self, qt_s: float) -> dict[str, tuple[float, float]]:
        """Start and end of each wave, in seconds from the start of the QRS complex."""
        t_start = float((self.t[:-1, 0] - EDGE * self.t[:-1, 1]).min())  # the last row is the ST segment
        bounds = {"QRS": (0.0, self.qrs_s), "T": (self.qrs_s + t_start * (qt_s - self.qrs_s), qt_s)}
        if self.pr_s is not None:
            bounds = {"P": (-self.pr_s, -self.pr_s + self.p_s), **bounds}
        return bounds

    def qrs_path(self) -> np.ndarray:
        """The heart vector through the QRS complex, every millisecond: (3, T) in mV."""
        zero, one = np.zeros(1), np.ones(1)
        rows = _place(self.qrs, zero, one * self.qrs_s, one)
        return dipole_path(rows, _FINE_RATE_HZ, int(self.qrs_s * _FINE_RATE_HZ) + 1)

    def peak_s(self) -> float:
        """When the heart vector is longest, in seconds from the start of the QRS complex."""
        return float(np.square(self.qrs_path()).sum(axis=0).argmax()) / _FINE_RATE_HZ

    def qrs_area(self) -> np.ndarray:
        """Net area of the QRS complex: (3,) in mV s."""
        one = np.ones(1)
        return np.asarray(_place(self.qrs, one * 0, one * self.qrs_s, one).areas().sum(axis=0))


def _place(rows: np.ndarray, start_s: np.ndarray, length_s: np.ndarray, gain: np.ndarray) -> Bumps:
    """Rows (k, 6), in fractions of an interval, laid into n intervals: k n waves."""
    timing = rows[None, :, :3] * length_s[:, None, None]
    vector = rows[None, :, 3:] * gain[:, None, None]
    return Bumps(
        centre_s=(timing[..., 0] + start_s[:, None]).ravel(),
        rise_s=timing[..., 1].ravel(),
        fall_s=timing[..., 2].ravel(),
        vector_mv=vector.reshape(-1, 3),
    )
