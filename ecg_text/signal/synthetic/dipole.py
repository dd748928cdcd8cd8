"""The heart as one moving dipole: Gaussian waves along its path, seen by eight electrodes' lead vectors.

Axes: x to the patient's left, y to the feet, z to the front. A lead sees the dot product of the heart vector (mV)
with its lead vector (Burger and van Milaan 1946).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_text.leads import LIMB_LEAD_WEIGHTS, STANDARD_12

INDEPENDENT_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")

# Where the chest electrodes lie, seen from the centre of the ventricles, in cm (x left, y foot, z front).
_CHEST_ELECTRODES_CM = (
    (-4.7, 1.2, 7.8),
    (0.3, 1.0, 8.2),
    (5.0, 0.6, 7.0),
    (7.6, 0.9, 4.0),
    (9.3, 1.1, 0.8),
    (10.2, 0.9, -2.7),
)
_REFERENCE_CM = 10.0  # distance at which a chest electrode sees the heart vector with weight 1
_LIMB_STRENGTH = 0.75  # the limbs are far away: they see the heart smaller than the chest does
_REACH = 4.2  # a wave is drawn out to this many widths, where a Gaussian has fallen to 1.5e-4


@dataclass(frozen=True, eq=False, kw_only=True)
class Bumps:
    """n Gaussian waves of the heart vector, each with its own width before and after its peak.

    centre_s, rise_s and fall_s are (n,) in seconds, vector_mv is (n, 3).
    """

    centre_s: np.ndarray
    rise_s: np.ndarray
    fall_s: np.ndarray
    vector_mv: np.ndarray

    def areas(self) -> np.ndarray:
        """The time integral of each wave: (n, 3) in mV s."""
        width = np.sqrt(np.pi / 2) * (self.rise_s + self.fall_s)
        return np.asarray(width[:, None] * self.vector_mv)


def join_bumps(parts: list[Bumps]) -> Bumps:
    """All the waves of several sets in one."""
    return Bumps(
        centre_s=np.concatenate([part.centre_s for part in parts]),
        rise_s=np.concatenate([part.rise_s for part in parts]),
        fall_s=np.concatenate([part.fall_s for part in parts]),
        vector_mv=np.concatenate([part.vector_mv for part in parts]),
    )


def dipole_path(bumps: Bumps, rate_hz: float, num_samples: int) -> np.ndarray:
    """The heart vector at every sample, the sum of its waves: (3, T) in mV.

    Each wave is evaluated only where it is felt: the short stretches of all waves are laid end to end, so that one
    exponential serves a whole recording. A wave narrower than half a sample is widened to it with its area kept.
    """
    floor = 0.5 / rate_hz
    rise, fall = np.maximum(bumps.rise_s, floor), np.maximum(bumps.fall_s, floor)
    vector = bumps.vector_mv * ((bumps.rise_s + bumps.fall_s) / (rise + fall))[:, None]
    first = np.ceil((bumps.centre_s - _REACH * rise) * rate_hz).astype(np.int64).clip(0, num_samples)
    stop = np.floor((bumps.centre_s + _REACH * fall) * rate_hz + 1).astype(np.int64).clip(0, num_samples)
    length = np.maximum(stop - first, 0)
    sample = np.arange(length.sum()) + np.repeat(first - np.cumsum(length) + length, length)
    distance = sample / rate_hz - np.repeat(bumps.centre_s, length)
    width = np.where(distance < 0, np.repeat(rise, length), np.repeat(fall, length))
    height = np.exp(-0.5 * (distance / width) ** 2)
    return np.stack(
        [np.bincount(sample, height * np.repeat(vector[:, axis], length), num_samples) for axis in range(3)]
    )


def lead_field(shift_cm: np.ndarray | None = None) -> np.ndarray:
    """Lead vectors of I, II, V1 ... V6: (8, 3).

    I and II are sides of Einthoven's equilateral triangle. A chest lead is the potential of a dipole at the
    electrode, p . r / |r|^3, against a central terminal at zero. shift_cm (6, 3) displaces the chest electrodes.
    """
    electrodes = np.array(_CHEST_ELECTRODES_CM) + (0.0 if shift_cm is None else shift_cm)
    distance = np.linalg.norm(electrodes, axis=1, keepdims=True)
    chest = electrodes / distance * (_REFERENCE_CM / distance) ** 2
    limb = _LIMB_STRENGTH * np.array([[1.0, 0.0, 0.0], [0.5, np.sqrt(3) / 2, 0.0]])
    return np.concatenate([limb, chest])


def twelve_leads(independent: np.ndarray) -> np.ndarray:
    """The standard twelve leads from I, II, V1 ... V6, by Einthoven's and Goldberger's equations: (8, T) -> (12, T)."""
    weights = np.zeros((len(STANDARD_12), len(INDEPENDENT_LEADS)), dtype=independent.dtype)
    for row, lead in enumerate(STANDARD_12):
        if lead in LIMB_LEAD_WEIGHTS:
            weights[row, :2] = LIMB_LEAD_WEIGHTS[lead]
        else:
            weights[row, INDEPENDENT_LEADS.index(lead)] = 1.0
    return np.asarray(weights @ independent)


def frontal_axis_deg(area: np.ndarray) -> float:
    """The electrical axis of a net heart-vector area (3,), in degrees: 0 is lead I, 90 is the feet.

    In Einthoven's triangle the axis from the net areas of I and aVF, atan2(2 / sqrt(3) aVF, I), is the direction
    of the heart vector itself.
    """
    return float(np.degrees(np.arctan2(area[1], area[0])))
