"""Beat windows, and the median beat of a record: one clean heartbeat of every lead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_text.errors import ConfigError, LeadError
from ecg_text.record import Record
from ecg_text.signal.beats.order import median_of_beats
from ecg_text.signal.beats.rpeaks import Beats

FEWEST_BEATS = 3  # two have no majority: a disturbance of one would stay
MOST_BEATS = 256  # of a longer record, as many as these spread over it: the median of more is hardly any cleaner
EARLY_RR = 0.8  # of the median RR interval: a beat that comes sooner is premature
LEAST_CORRELATION = 0.8  # with the median of all: a beat less alike has another origin, or is disturbed
COMPARED_S = 0.1  # on both sides of the peak, by which beats are compared and aligned
MOST_SHIFT_S = 0.02
LARGEST_MV = 1e9  # of a record with a median beat: beyond, single precision cannot hold the squares
LEVEL_FROM_S, LEVEL_TO_S, LEVEL_LENGTH_S = 0.16, 0.05, 0.03  # before the peak: where the quiet PR segment is sought


@dataclass(frozen=True, eq=False, kw_only=True)
class MedianBeat:
    """The usual beat: signal (C, W) float32 mV about its isoelectric level, R-peak at r_index, of num_beats beats."""

    signal: np.ndarray
    r_index: int
    rate_hz: float
    num_beats: int
    leads: tuple[str, ...]

    def lead(self, name: str) -> np.ndarray:
        """The samples of one lead by its canonical name: (W,) in mV. Raises LeadError where it is absent."""
        if name not in self.leads:
            raise LeadError(f"the median beat has no lead {name}; it has {', '.join(self.leads)}")
        return np.asarray(self.signal[self.leads.index(name)])


def beat_windows(record: Record, beats: Beats, before_s: float, after_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Every beat cut out: signal (n, C, W) float32 mV, and inside (n, W), false where the record has no sample.

    W is round(before_s * rate) + round(after_s * rate) + 1, the peak at round(before_s * rate). A sample that the
    record does not have is zero. Raises ConfigError for a negative length.
    """
    before, after = _window_samples(record.rate_hz, before_s, after_s)
    return _cut(record.signal, beats.peaks, before, after)


def median_beat(record: Record, beats: Beats, before_s: float = 0.3, after_s: float = 0.5) -> MedianBeat | None:
    """The median of the usual beats of a record, or None where fewer than FEWEST_BEATS are usable,
    or a sample is beyond LARGEST_MV.

    Usable is a beat that lies wholly inside the record, is not premature (unless most are, as in atrial fibrillation
    or bigeminy), and whose QRS complex in all leads correlates with the median of all. The beats are aligned by that
    correlation, and each lead is set to zero at the quietest stretch of the PR segment before the median is taken.
    """
    before, after = _window_samples(record.rate_hz, before_s, after_s)
    if max(float(record.signal.max()), -float(record.signal.min())) > LARGEST_MV:
        return None
    half = min(max(1, round(COMPARED_S * record.rate_hz)), before, after)
    shift = round(MOST_SHIFT_S * record.rate_hz)
    inside = (beats.peaks >= before + shift) & (beats.peaks + after + shift < record.num_samples)
    peaks = beats.peaks[_on_time(beats.peaks) & inside]
    if len(peaks) < FEWEST_BEATS:
        peaks = beats.peaks[inside]
    if len(peaks) < FEWEST_BEATS:
        return None
    peaks = peaks[np.linspace(0, len(peaks) - 1, min(len(peaks), MOST_BEATS)).round().astype(np.int64)]
    shifts, likeness = _align(_cut(record.signal, peaks, half + shift, half + shift)[0], shift)
    usual = likeness >= LEAST_CORRELATION
    if usual.sum() < FEWEST_BEATS:
        return None
    signal = _cut(record.signal, peaks[usual] + shifts[usual], before, after)[0]
    level = _quiet_stretch(signal.mean(axis=0), before, record.rate_hz)
    signal -= signal[:, :, level].mean(axis=2, keepdims=True)
    return MedianBeat(
        signal=median_of_beats(signal),
        r_index=before,
        rate_hz=record.rate_hz,
        num_beats=len(signal),
        leads=record.leads,
    )


def _window_samples(rate_hz: float, before_s: float, after_s: float) -> tuple[int, int]:
    if not (0 <= before_s < np.inf and 0 <= after_s < np.inf):
        raise ConfigError(f"a beat window from {before_s} s before to {after_s} s after; give seconds of 0 or more")
    return round(before_s * rate_hz), round(after_s * rate_hz)


def _cut(signal: np.ndarray, peaks: np.ndarray, before: int, after: int) -> tuple[np.ndarray, np.ndarray]:
    num_samples = signal.shape[1]
    cut = np.zeros((len(peaks), len(signal), before + after + 1), dtype=np.float32)
    inside = np.zeros((len(peaks), before + after + 1), dtype=bool)
    for number, peak in enumerate(peaks.tolist()):
        low, high = max(0, peak - before), min(num_samples, peak + after + 1)
        if low < high:
            within = slice(low - peak + before, high - peak + before)
            cut[number, :, within] = signal[:, low:high]
            inside[number, within] = True
    return cut, inside


def _on_time(peaks: np.ndarray) -> np.ndarray:
    """Beats (n,) that are not premature; all of them where the premature ones are no minority."""
    if len(peaks) < FEWEST_BEATS:
        return np.ones(len(peaks), dtype=bool)
    rr = np.diff(peaks)
    early = np.concatenate(([False], rr < EARLY_RR * np.median(rr)))
    return ~early if 3 * early.sum() < len(peaks) else np.ones(len(peaks), dtype=bool)


def _align(signal: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """For each beat (n, C, W + 2 * most) the shift in samples at which it is most like the median, and how much so."""
    length = signal.shape[2] - 2 * most
    # About the first sample, sums of squares lose no digits to the electrodes' constant voltage.
    signal = signal - signal[:, :, :1]
    template = median_of_beats(signal[:, :, most : most + length])
    template = template - template.mean(axis=1, keepdims=True)
    flat = template.reshape(-1)
    squares = np.einsum("ncw,ncw->nw", signal, signal)
    power = _window_sums(squares, length) - (_window_sums(signal, length) ** 2).sum(axis=1) / length
    norm = np.sqrt(np.maximum(power, 0.0) * (flat @ flat))
    product = signal.reshape(len(signal), -1) @ _moved(template, most)
    correlation = product / np.maximum(norm, np.finfo(np.float32).tiny)
    best = correlation.argmax(axis=1)
    return best - most, correlation[np.arange(len(best)), best]


def _moved(template: np.ndarray, most: int) -> np.ndarray:
    """The template (C, L) at every offset from 0 to 2 * most, zero beside it: (C * (L + 2 * most), 2 * most + 1)."""
    leads, length = template.shape
    moved = np.zeros((2 * most + 1, leads, length + 2 * most), dtype=template.dtype)
    for offset in range(2 * most + 1):
        moved[offset, :, offset : offset + length] = template
    return moved.reshape(len(moved), -1).T


def _window_sums(x: np.ndarray, length: int) -> np.ndarray:
    """The sums over every stretch of this length: (..., W) -> (..., W - length + 1) float64."""
    total = np.cumsum(x, axis=-1, dtype=np.float64)
    sums = total[..., length - 1 :].copy()
    sums[..., 1:] -= total[..., :-length]
    return sums


def _quiet_stretch(beat: np.ndarray, r_index: int, rate_hz: float) -> slice:
    """The stretch before the QRS complex where the leads (C, W) together move least."""
    length = max(2, round(LEVEL_LENGTH_S * rate_hz))
    first = max(0, r_index - round(LEVEL_FROM_S * rate_hz))
    last = max(first + 1, r_index - round(LEVEL_TO_S * rate_hz) - length + 1)
    power = (np.diff(beat[:, first : last + length], axis=1) ** 2).sum(axis=0)
    movement = np.convolve(power, np.ones(length - 1), mode="valid")
    start = first + int(movement.argmin()) if len(movement) else first
    return slice(start, start + length)
