"""What is not the heart in an ECG: wandering electrodes, the mains, muscles."""

from __future__ import annotations

import numpy as np

_MAINS_HZ = (50.0, 60.0)


def draw_noise(generator: np.random.Generator, num_leads: int, num_samples: int, rate_hz: float) -> np.ndarray:
    """Baseline wander, mains hum and muscle noise of one recording: (C, T) float32 in mV.

    Each is as large as in an ordinary resting ECG: wander 0.02-0.15 mV, mains up to 0.012 mV, muscle 4-16 uV.
    """
    times_s = np.arange(num_samples, dtype=np.float32) / np.float32(rate_hz)
    noise = _wander(generator, num_leads, times_s) + _mains(generator, num_leads, times_s, rate_hz)
    return noise + _muscle(generator, num_leads, times_s)


def _wander(generator: np.random.Generator, num_leads: int, times_s: np.ndarray) -> np.ndarray:
    """Breathing and two slower drifts, shared in time and different in size from lead to lead."""
    frequency = generator.uniform((0.18, 0.05, 0.4), (0.35, 0.15, 0.6))
    angle = 2 * np.pi * frequency[:, None] * times_s + generator.uniform(0, 2 * np.pi, (3, 1))
    size = generator.normal(0, 1, (num_leads, 3)) * (0.04, 0.05, 0.012) * generator.uniform(0.4, 1.4)
    return np.asarray(size.astype(np.float32) @ np.sin(angle, dtype=np.float32))


def _mains(generator: np.random.Generator, num_leads: int, times_s: np.ndarray, rate_hz: float) -> np.ndarray:
    frequency = _MAINS_HZ[int(generator.integers(2))]
    size = generator.exponential(0.003, (num_leads, 2)).clip(0, 0.012).astype(np.float32)
    if frequency >= rate_hz / 2:  # the recorder's anti-alias filter has removed it
        return np.zeros((num_leads, len(times_s)), dtype=np.float32)
    angle = np.float32(2 * np.pi * frequency) * times_s
    return np.asarray(size @ np.stack([np.sin(angle), np.cos(angle)]))


def _muscle(generator: np.random.Generator, num_leads: int, times_s: np.ndarray) -> np.ndarray:
    """White noise whose strength swells and fades as muscles tense."""
    level = generator.uniform(0.004, 0.013)
    angle = 2 * np.pi * generator.uniform(0.05, 0.3) * times_s + generator.uniform(0, 2 * np.pi)
    envelope = (level * (1 + 0.3 * np.sin(angle))).astype(np.float32)
    return generator.standard_normal((num_leads, len(times_s)), dtype=np.float32) * envelope
