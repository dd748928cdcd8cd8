"""How long the parts of a heartbeat last by the rate of the header: what a wrong rate stretches, all by one factor.

The times are taken from the mean beat as a path in the space of the leads: its speed (the spatial velocity) and its
length (the heart vector) do not depend on which lead shows which wave. Everything is brought to one grid and
smoothed there, so that neither the sampling rate nor the low-pass of a device is what is measured.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.beats.order import medians, percentiles
from ecg_text.signal.beats.rpeaks import Beats

TIMES = (
    "rr",
    "rr_spread",
    "qrs_80",
    "qrs_95",
    "qrs_width",
    "r_width",
    "t_peak",
    "t_width",
    "t_50",
    "t_90",
    "pr",
    "rise",
)
GRID_HZ = 200.0
SMOOTH_S = 0.006  # standard deviation of the smoothing: an attenuation of 3 dB at 22 Hz
FEWEST_BEATS = 3
SHORTEST_RR_S = 0.15  # the refractory time of the detector and its placing; below, the stretches hold no sample
_BEFORE, _AFTER = 0.35, 0.65  # of the usual RR interval
_QRS, _T, _P = 0.2, (0.17, 0.62), -0.09  # the stretches where QRS, T and P are looked for, of the RR interval
_SHORTEST_S = 1e-3


def log_times(record: Record, beats: Beats) -> np.ndarray | None:
    """The natural logarithms of TIMES in seconds (rr_spread: of a ratio), (12,); None where too few beats are whole."""
    if len(beats) < FEWEST_BEATS:
        return None
    intervals_s = np.diff(beats.peaks) / record.rate_hz
    low, rr_s, high = (float(value) for value in percentiles(intervals_s, (10.0, 50.0, 90.0)))
    if rr_s < SHORTEST_RR_S:
        return None
    beat = _mean_beat(record, beats.peaks, rr_s)
    if beat is None:
        return None
    times_s = np.arange(beat.shape[1]) / GRID_HZ - _BEFORE * rr_s
    step = np.diff(beat, axis=1)
    power, middle_s = (step * step).sum(axis=0), times_s[1:] - 0.5 / GRID_HZ
    length = np.sqrt((beat * beat).sum(axis=0))
    qrs = np.abs(middle_s) <= _QRS * rr_s
    energy = np.maximum(power[qrs] - percentiles(power[qrs], (20.0,))[0], 0)
    if energy.max() <= 0:
        return None
    q = _quantile_times(middle_s[qrs], energy, (0.025, 0.1, 0.5, 0.9, 0.975))
    near = np.abs(times_s) <= _QRS * rr_s
    late = (middle_s >= _T[0] * rr_s) & (middle_s <= _T[1] * rr_s)
    t_wave = (times_s >= _T[0] * rr_s) & (times_s <= _T[1] * rr_s)
    early = times_s <= _P * rr_s
    t_50, t_90 = _quantile_times(middle_s[late], power[late], (0.5, 0.9)) - q[2]
    values = (
        rr_s,
        high / low,
        q[3] - q[1],
        q[4] - q[0],
        _width(energy, 0.0625),
        _width(length[near], 0.5),
        times_s[t_wave][length[t_wave].argmax()] - q[2],
        _width(length[t_wave], 0.6),
        t_50,
        t_90,
        q[2] - times_s[early][length[early].argmax()],
        length[near].max() / (np.sqrt(energy.max()) * GRID_HZ),
    )
    return np.log(np.maximum(values, _SHORTEST_S))


def _mean_beat(record: Record, peaks: np.ndarray, rr_s: float) -> np.ndarray | None:
    """The mean beat (C, W) on the grid, smoothed, about the median of each lead; None where no two are whole."""
    before, after = round(_BEFORE * rr_s * record.rate_hz) + 1, round(_AFTER * rr_s * record.rate_hz) + 2
    whole = peaks[(peaks >= before) & (peaks + after < record.num_samples)]
    if len(whole) < FEWEST_BEATS - 1:
        return None
    mean = np.zeros((len(record.leads), before + after), dtype=np.float32)
    for peak in whole:
        mean += record.signal[:, peak - before : peak + after]
    mean -= medians(mean)[:, None]
    grid = np.arange(-_BEFORE * rr_s, _AFTER * rr_s, 1 / GRID_HZ) * record.rate_hz + before
    left = grid.astype(np.int64)
    # Fine samples are averaged over one step of the grid before they are thinned out; coarse ones are interpolated.
    width = int(record.rate_hz / GRID_HZ)
    if width > 1:
        total = np.cumsum(mean, axis=1, dtype=np.float64)
        right = np.minimum(left + width // 2, mean.shape[1] - 1)
        on_grid = (total[:, right] - total[:, np.maximum(right - width, 0)]) / width
    else:
        share = grid - left
        on_grid = mean[:, left] * (1 - share) + mean[:, left + 1] * share
    kernel = _kernel()
    half = len(kernel) // 2
    padded = np.pad(on_grid / len(whole), ((0, 0), (half, half)), mode="edge")
    return np.asarray(sum(weight * padded[:, i : i + on_grid.shape[1]] for i, weight in enumerate(kernel)))


@lru_cache(maxsize=1)
def _kernel() -> tuple[float, ...]:
    reach = int(3 * SMOOTH_S * GRID_HZ)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / GRID_HZ / SMOOTH_S) ** 2)
    return tuple(float(weight) for weight in weights / weights.sum())


def _quantile_times(times_s: np.ndarray, energy: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """The times by which these shares of the energy have passed."""
    passed = np.concatenate([[0.0], np.cumsum(energy)])
    edges = np.append(times_s - 0.5 / GRID_HZ, times_s[-1] + 0.5 / GRID_HZ)
    return np.interp(np.multiply(shares, passed[-1]), passed, edges)


def _width(values: np.ndarray, share: float) -> float:
    """Seconds from where the values first exceed this share of their maximum to where they last do, interpolated.

    Nothing where all are zero.
    """
    level = share * values.max()
    above = np.flatnonzero(values > level)
    if not len(above):
        return 0.0
    first, last = int(above[0]), int(above[-1])
    width = float(last - first)
    if first > 0:
        width += (values[first] - level) / (values[first] - values[first - 1])
    if last + 1 < len(values):
        width += (values[last] - level) / (values[last] - values[last + 1])
    return width / GRID_HZ
