"""What the gate measures once of every lead, for all of its questions: extremes, blocks, spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.beats.order import medians

BLOCK_S = 0.25
# Beats are looked for in at least so many samples a second: the rate of a header may be half the true one.
BEAT_SEARCH_HZ, _HOPELESS_HZ = 100.0, 20.0
_MOST_TOLD = 6  # leads in a sentence; the finding holds them all


@dataclass(frozen=True, eq=False, kw_only=True)
class Measures:
    """Numbers of one record; C leads, B blocks of block_size samples (BLOCK_S), F frequencies.

    high, low (C, B) mV are the extremes of each block; top, bottom (C,) those of the lead; level (C,) its median of
    block means; power (C, F) mV^2 is the mean square in each bin of frequency_hz (F,), of the Hann-windowed signal.
    """

    block_size: int
    high: np.ndarray
    low: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    level: np.ndarray
    power: np.ndarray
    frequency_hz: np.ndarray

    @property
    def range_mv(self) -> np.ndarray:
        """Peak-to-peak amplitude of each lead (C,)."""
        return np.asarray(self.top - self.bottom)

    @property
    def beat_mv(self) -> np.ndarray:
        """The median over the seconds of the peak-to-peak amplitude of each lead (C,): wander hardly moves it."""
        per_s = max(1, round(1 / BLOCK_S))
        seconds = self.high.shape[1] // per_s
        if seconds == 0:
            return self.range_mv
        shape = (len(self.high), seconds, per_s)
        kept = seconds * per_s
        high, low = self.high[:, :kept].reshape(shape).max(axis=2), self.low[:, :kept].reshape(shape).min(axis=2)
        return medians(high - low)

    def rms_mv(self, low_hz: float, high_hz: float) -> np.ndarray:
        """The root mean square of each lead (C,) between two frequencies, the upper one excluded."""
        first, last = np.searchsorted(self.frequency_hz, (low_hz, high_hz))
        return np.asarray(np.sqrt(self.power[:, first:last].sum(axis=1)))


def measure(record: Record) -> Measures:
    """Measure a record of any length of at least one sample."""
    signal = record.signal
    size = min(max(1, round(BLOCK_S * record.rate_hz)), record.num_samples)
    blocks = np.arange(0, record.num_samples - size + 1, size)
    high = np.maximum.reduceat(signal, blocks, axis=1)
    low = np.minimum.reduceat(signal, blocks, axis=1)
    level = medians((np.add.reduceat(signal, blocks, axis=1) / size)[:, : max(1, len(blocks) - 1)])
    power, frequency_hz = _spectrum(signal, level.astype(np.float32), record.rate_hz)
    return Measures(
        block_size=size,
        high=high,
        low=low,
        top=high.max(axis=1),
        bottom=low.min(axis=1),
        level=level,
        power=power,
        frequency_hz=frequency_hz,
    )


def fine_enough(record: Record) -> Record:
    """The record itself, or one with samples interpolated between its own where they are too sparse to find beats."""
    if not _HOPELESS_HZ <= record.rate_hz < BEAT_SEARCH_HZ:
        return record
    times = int(np.ceil(BEAT_SEARCH_HZ / record.rate_hz))
    own = np.arange(record.num_samples)
    places = np.arange(record.num_samples * times) / times
    signal = np.stack([np.interp(places, own, row) for row in record.signal])
    return record.with_signal(signal, f"interpolate to {record.rate_hz * times:g} Hz", rate_hz=record.rate_hz * times)


def chosen_leads(record: Record, which: np.ndarray) -> tuple[str, ...]:
    """The names of the leads where which (C,) is true."""
    return tuple(lead for lead, chosen in zip(record.leads, which, strict=True) if chosen)


def told_leads(leads: Sequence[str]) -> str:
    """The leads as a sentence names them: "V1 and V2", or their number where they are many."""
    if len(leads) > _MOST_TOLD:
        return f"{len(leads)} leads"
    return " and ".join(part for part in (", ".join(leads[:-1]), leads[-1]) if part)


def told_mv(value_mv: float) -> str:
    """A voltage in two or three digits, with its unit, and without an exponent where a person can read it so."""
    if not 1e-4 <= value_mv < 1e6:
        return f"{value_mv:.1e} mV"
    return f"{value_mv:,.0f} mV" if value_mv >= 100 else f"{value_mv:.2g} mV"


def _spectrum(signal: np.ndarray, level: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """One-sided power (C, F), normalised so that its sum is the mean square of a steady signal."""
    from scipy.fft import rfft

    window, norm = _hann(signal.shape[1])
    spectrum = rfft((signal - level[:, None]) * window, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) * norm
    power[:, 0] /= 2
    if signal.shape[1] % 2 == 0:
        power[:, -1] /= 2
    return power, np.arange(power.shape[1]) * (rate_hz / signal.shape[1])


@lru_cache(maxsize=8)
def _hann(num_samples: int) -> tuple[np.ndarray, float]:
    window = np.hanning(num_samples + 2)[1:-1].astype(np.float32)
    window.flags.writeable = False
    return window, 2.0 / (float((window.astype(np.float64) ** 2).sum()) * num_samples)
