"""What is a beat among what detectors propose: the strongest stand, their echoes and T waves fall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecg_text.signal.beats.qrs import QrsEnergy

SAME_BEAT_S = 0.075
REFRACTORY_S = 0.2  # no ventricle beats again sooner (Pan and Tompkins, 1985)
T_WAVE_S, T_WAVE_ENERGY = 0.36, 0.5  # within this time, less than half the slope is a T wave (the same)
WEAKEST = 0.4  # of the usual energy of the beats around it
USUAL_PERCENTILE, NEIGHBOURS = 70.0, 17


def judge(proposals: Sequence[np.ndarray], qrs: QrsEnergy) -> tuple[np.ndarray, np.ndarray]:
    """The beats among the proposals of each lead: centres (n,) at the working rate, in order, and votes (n,)."""
    none = np.zeros(0, dtype=np.int64)
    if not any(len(one) for one in proposals):
        return none, none
    snapped = [_strongest_nearby(np.sort(one), qrs) for one in proposals]
    centres = np.unique(np.concatenate(snapped))
    centres = centres[_standing(centres, qrs.energy[centres], qrs.rate_hz)]
    energy = qrs.energy[centres]
    centres = centres[energy >= WEAKEST * usual_energy(energy)]
    near = round(SAME_BEAT_S * qrs.rate_hz)
    votes = sum((_distance(centres, one) <= near).astype(np.int64) for one in snapped)
    return centres, np.asarray(votes)


def usual_energy(energy: np.ndarray) -> np.ndarray:
    """The energy of a usual beat among the NEIGHBOURS of each: a percentile above the median, since some are false."""
    from scipy.ndimage import percentile_filter

    return np.asarray(percentile_filter(energy, USUAL_PERCENTILE, size=min(NEIGHBOURS, len(energy)), mode="nearest"))


def _strongest_nearby(found: np.ndarray, qrs: QrsEnergy) -> np.ndarray:
    reach = round(SAME_BEAT_S * qrs.rate_hz)
    at = np.clip(found[:, None] + np.arange(-reach, reach + 1), 0, len(qrs.energy) - 1)
    return np.unique(at[np.arange(len(at)), qrs.energy[at].argmax(axis=1)])


def _standing(centres: np.ndarray, energy: np.ndarray, rate_hz: float) -> np.ndarray:
    """Which centres stand (n,) bool: the strongest first, each felling what is too near or too like its T wave."""
    refractory, t_wave = REFRACTORY_S * rate_hz, T_WAVE_S * rate_hz
    times, strengths = centres.tolist(), energy.tolist()
    falls = [False] * len(times)
    for i in np.argsort(-energy, kind="stable").tolist():
        if falls[i]:
            continue
        j = i - 1
        while j >= 0 and times[i] - times[j] < refractory:
            falls[j] = True
            j -= 1
        j = i + 1
        while j < len(times) and times[j] - times[i] < t_wave:
            too_near = times[j] - times[i] < refractory
            falls[j] = falls[j] or too_near or strengths[j] < T_WAVE_ENERGY * strengths[i]
            j += 1
    return ~np.array(falls)


def _distance(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far each point is from the nearest of others, which are in order; infinitely far from none."""
    if not len(others):
        return np.full(len(points), np.inf)
    after = np.searchsorted(others, points)
    left, right = others[np.maximum(after - 1, 0)], others[np.minimum(after, len(others) - 1)]
    return np.minimum(np.abs(points - left), np.abs(points - right))
