"""Where in its QRS complex a beat is placed: at the R-peak, the sample where the leads together are farthest out."""

from __future__ import annotations

import numpy as np

from ecg_text.signal.beats.order import medians
from ecg_text.signal.beats.qrs import QrsEnergy

COMPLEX_S = 0.075  # from the centre of its energy, no wave of a complex is farther
# Waves count less towards the edge, nothing from here on: the J point of a raised ST segment is no R-peak.
TAPER_S = 0.1
FINAL_S = 0.012
LEVEL_S = 0.2


def place_peaks(signal: np.ndarray, rows: np.ndarray, centres: np.ndarray, qrs: QrsEnergy) -> np.ndarray:
    """The R-peaks (n,) int64 of signal (C, T), of complexes with these centres at the working rate, by these rows.

    The farthest point in the QRS band is found first, which passes over the spike of a pacemaker; from there the
    nearest extremum at the recording's own rate, measured from the level around the beat.
    """
    if not len(centres):
        return np.zeros(0, dtype=np.int64)
    reach = round(COMPLEX_S * qrs.rate_hz)
    offsets = np.arange(-reach, reach + 1)
    taper = 1 - (offsets / qrs.rate_hz / TAPER_S) ** 2
    rough = _farthest(qrs.filtered[rows], centres, offsets, taper) * qrs.step + qrs.step // 2
    rate_hz = qrs.rate_hz * qrs.step
    final = max(round(FINAL_S * rate_hz), qrs.step)
    level = _level(signal[rows], rough, np.arange(-round(LEVEL_S * rate_hz), round(LEVEL_S * rate_hz) + 1, qrs.step))
    offsets = np.arange(-final, final + 1)
    return np.unique(_farthest(signal[rows], rough, offsets, np.ones(len(offsets)), level)).astype(np.int64)


def _level(signal: np.ndarray, points: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The median of each lead (C, n) about each point."""
    at = np.clip(points[:, None] + offsets, 0, signal.shape[1] - 1)
    return np.stack([medians(lead[at]) for lead in signal])


def _farthest(
    signal: np.ndarray, points: np.ndarray, offsets: np.ndarray, taper: np.ndarray, level: np.ndarray | None = None
) -> np.ndarray:
    at = np.clip(points[:, None] + offsets, 0, signal.shape[1] - 1)
    power = np.zeros(at.shape)
    for row, lead in enumerate(signal):
        power += (lead[at].astype(np.float64) - (0.0 if level is None else level[row][:, None])) ** 2
    return np.asarray(at[np.arange(len(at)), (power * taper).argmax(axis=1)])
