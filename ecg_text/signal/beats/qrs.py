"""The energy of the QRS complex: what tells a beat from a T wave and from noise, whichever way it points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_text.signal.beats.order import percentiles
from ecg_text.signal.filters import band_pass_filter, filter_both_ways

BAND_HZ = (5.0, 30.0)  # the band of sleepecg's detector: most of a QRS complex, little of P, T and muscle
WORKING_RATE_HZ = 120.0  # four times the band's upper edge; sleepecg asks for at least 100
INTEGRATION_S = 0.15  # the width of a wide QRS complex (Pan and Tompkins, 1985)
PADDING_S = 0.5
# Energy on the steepest and on the quiet stretches of a lead: at 30 beats a minute a complex fills 7 % of the time.
LOUD_PERCENTILE, QUIET_PERCENTILE = 95.0, 40.0
SPARSE = 3  # the energy changes little from sample to sample; every third tells its percentiles
SILENT = 1e-24  # of the largest power: what rounding, or the end of a filter's ringing, leaves where all is still
CLEAN_CONTRAST = 100.0  # power of loud over quiet of a lead that is as good as any


@dataclass(frozen=True, eq=False, kw_only=True)
class QrsEnergy:
    """Leads at the working rate: filtered (C, N) in the QRS band, and the energy (N,) of all together.

    quality (C,) is the power of the loud stretches of a lead over that of the quiet ones, and contrast the same for the
    energy; every step-th sample of the recording is one here.
    """

    filtered: np.ndarray
    energy: np.ndarray
    quality: np.ndarray
    contrast: float
    step: int
    rate_hz: float


def qrs_energy(signal: np.ndarray, rate_hz: float) -> QrsEnergy:
    """The energy of signal (C, T), finite: the power of its slope over INTEGRATION_S, leads weighted by quality.

    A lead's amplitude counts by its contrast, as in a matched filter: no tall or noisy lead drowns the others.
    """
    step = max(1, int(rate_hz // WORKING_RATE_HZ))
    slow = block_means(signal, step)
    working_hz = rate_hz / step
    sos, rest = band_pass_filter(*BAND_HZ, 2, working_hz)
    padding = min(round(PADDING_S * working_hz), slow.shape[1] - 1)
    filtered = filter_both_ways(slow - slow[:, :1], sos, rest, padding)
    power = _moving_mean(_slope(filtered) ** 2, max(1, round(INTEGRATION_S * working_hz)))
    loud, quiet = percentiles(power[:, ::SPARSE], (LOUD_PERCENTILE, QUIET_PERCENTILE))
    least = np.maximum(power.max(axis=1) * SILENT, np.finfo(np.float64).tiny)
    quality = loud / np.maximum(quiet, least)
    weights = np.where(loud > least, np.minimum(1.0, quality / CLEAN_CONTRAST) ** 2 / np.maximum(loud, least), 0.0)
    energy = np.sqrt(weights @ power)
    loudest, quietest = percentiles(energy[::SPARSE], (LOUD_PERCENTILE, QUIET_PERCENTILE))
    return QrsEnergy(
        filtered=filtered,
        energy=energy,
        quality=np.where(loud > least, quality, 0.0),
        contrast=float(loudest / max(float(quietest), float(energy.max()) * SILENT, SILENT)),
        step=step,
        rate_hz=working_hz,
    )


def block_means(signal: np.ndarray, step: int) -> np.ndarray:
    """The mean of every step samples: (C, T) -> (C, T // step) float64; a remainder at the end is left out."""
    whole = signal.shape[1] // step * step
    total = signal[:, 0:whole:step].astype(np.float64)
    for offset in range(1, step):
        total += signal[:, offset:whole:step]
    return total / step


def _slope(x: np.ndarray) -> np.ndarray:
    """np.gradient along the last axis of (C, N), N of at least 2."""
    slope = np.empty_like(x)
    np.subtract(x[:, 2:], x[:, :-2], out=slope[:, 1:-1])
    slope[:, 1:-1] *= 0.5
    slope[:, 0], slope[:, -1] = x[:, 1] - x[:, 0], x[:, -1] - x[:, -2]
    return slope


def _moving_mean(x: np.ndarray, width: int) -> np.ndarray:
    from scipy.ndimage import uniform_filter1d

    # Rounding leaves a running sum a little below zero where all is still.
    return np.maximum(uniform_filter1d(x, width, axis=1, mode="nearest"), 0.0)
