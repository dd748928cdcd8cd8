"""Disturbances of a recording, in stated amounts: noise, mains hum, wander of the baseline, arm leads reversed.

A disturbance arises at an electrode, so it is drawn for each electrode and reaches every lead that the electrode takes
part in: the limb leads keep Einthoven's and Goldberger's equations, as those of a real recorder do.
Axes: C leads, T samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np

from ecg_text.errors import ConfigError, LeadError, SignalError
from ecg_text.leads import CHEST_LEADS, STANDARD_12

ELECTRODES = ("RA", "LA", "LL", *CHEST_LEADS)

# What a recorder for diagnosis lets through (Kligfield et al., Circulation 2007, section on filtering).
RECORDER_HZ = (0.05, 150.0)
# Of the muscles' noise, what lies in that band (De Luca et al., J Biomech 2010: surface EMG from about 20 Hz on).
MUSCLE_HZ = (20.0, 150.0)
WANDER_HZ = (0.15, 0.3)  # breathing, nine to eighteen times a minute
WANDER_SINES = 3

# Which lead a lead shows, and with which sign, when the electrodes of the two arms are exchanged.
ARMS_REVERSED = MappingProxyType(
    {"I": ("I", -1.0), "II": ("III", 1.0), "III": ("II", 1.0), "aVR": ("aVL", 1.0), "aVL": ("aVR", 1.0)}
)

Disturbance = Callable[[Sequence[str], int, float, np.random.Generator], np.ndarray]
"""Lead names, samples, rate_hz and chance -> (C, T) float32, whose root mean square over all leads is 1."""


def white_noise(leads: Sequence[str], num_samples: int, rate_hz: float, generator: np.random.Generator) -> np.ndarray:
    """Noise of equal power at all frequencies of RECORDER_HZ, a Disturbance."""
    return _band_noise(leads, num_samples, rate_hz, RECORDER_HZ, generator)


def muscle_noise(leads: Sequence[str], num_samples: int, rate_hz: float, generator: np.random.Generator) -> np.ndarray:
    """Noise in the band of the muscles, MUSCLE_HZ, a Disturbance."""
    return _band_noise(leads, num_samples, rate_hz, MUSCLE_HZ, generator)


def mains_hum(leads: Sequence[str], num_samples: int, rate_hz: float, generator: np.random.Generator) -> np.ndarray:
    """A sine of 50 Hz, of another phase at each electrode, a Disturbance."""
    return _sines(leads, num_samples, rate_hz, np.full((len(ELECTRODES), 1), 50.0), generator)


def baseline_wander(
    leads: Sequence[str], num_samples: int, rate_hz: float, generator: np.random.Generator
) -> np.ndarray:
    """A sum of WANDER_SINES sines in WANDER_HZ, others at each electrode, a Disturbance."""
    frequency_hz = generator.uniform(*WANDER_HZ, (len(ELECTRODES), WANDER_SINES))
    return _sines(leads, num_samples, rate_hz, frequency_hz, generator)


def rms(signal: np.ndarray) -> float:
    """The root of the mean square over all leads and samples: (C, T) -> value, in the signal's unit."""
    return float(np.sqrt(np.mean(np.square(signal, dtype=np.float64))))


def rms_at_snr(signal_rms: float, snr_db: float) -> float:
    """The root mean square of a disturbance that lies snr_db below a signal: SNR = 20 log10 of their ratio."""
    return signal_rms * 10.0 ** (-snr_db / 20.0)


def reverse_arms(signal: np.ndarray, leads: Sequence[str]) -> np.ndarray:
    """What is recorded when the electrodes of the arms are exchanged: (..., C, T) -> the same shape.

    I turns over, II and III change places, and so do aVR and aVL; aVF and the chest leads stay. The same for a lead
    mask (..., C, 1), whose sign has no meaning. Raises LeadError where a lead stands without the one it becomes.
    """
    reversed_signal = signal.copy()
    for row, lead in enumerate(leads):
        shown, sign = ARMS_REVERSED.get(lead, (lead, 1.0))
        if shown not in leads:
            raise LeadError(f"with the arms reversed lead {lead} shows {shown}, which is not among {', '.join(leads)}")
        reversed_signal[..., row, :] = signal[..., list(leads).index(shown), :] * signal.dtype.type(sign)
    return reversed_signal


def electrode_weights(leads: Sequence[str]) -> np.ndarray:
    """Each lead as a sum of electrode potentials, columns as ELECTRODES: C names -> (C, 9).

    Raises LeadError for a lead that is none of the twelve.
    """
    potential = dict(zip(ELECTRODES, np.eye(len(ELECTRODES)), strict=True))
    ra, la, ll = (potential[name] for name in ("RA", "LA", "LL"))
    lead = {"I": la - ra, "II": ll - ra, "III": ll - la}
    # Goldberger's terminal is the mean of the two other limbs, Wilson's that of all three.
    lead |= {"aVR": ra - (la + ll) / 2, "aVL": la - (ra + ll) / 2, "aVF": ll - (ra + la) / 2}
    lead |= {name: potential[name] - (ra + la + ll) / 3 for name in CHEST_LEADS}
    if unknown := [name for name in leads if name not in lead]:
        raise LeadError(f"lead {unknown[0]!r} cannot be disturbed; the known leads are {', '.join(STANDARD_12)}")
    return np.stack([lead[name] for name in leads])


def _band_noise(
    leads: Sequence[str],
    num_samples: int,
    rate_hz: float,
    band_hz: tuple[float, float],
    generator: np.random.Generator,
) -> np.ndarray:
    """Gaussian noise whose spectrum is flat in a band and exactly zero outside."""
    frequency_hz = np.fft.rfftfreq(num_samples, 1.0 / rate_hz)
    inside = (frequency_hz >= band_hz[0]) & (frequency_hz <= band_hz[1])
    if rate_hz < 2 * band_hz[1] or not inside.any():
        raise ConfigError(
            f"{num_samples} samples at {rate_hz:g} Hz hold no noise of {band_hz[0]:g} to {band_hz[1]:g} Hz; "
            f"draw it at {2 * band_hz[1]:g} Hz or more"
        )
    spectrum = np.zeros((len(ELECTRODES), len(frequency_hz)), dtype=np.complex128)
    drawn = generator.standard_normal((2, len(ELECTRODES), int(inside.sum())))
    spectrum[:, inside] = drawn[0] + 1j * drawn[1]
    return _in_leads(np.fft.irfft(spectrum, num_samples, axis=1), leads)


def _sines(
    leads: Sequence[str], num_samples: int, rate_hz: float, frequency_hz: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Sines of frequencies (electrodes, n), each of a random phase."""
    phase = generator.uniform(0.0, 2 * np.pi, frequency_hz.shape)
    angle = 2 * np.pi * frequency_hz[:, :, None] * (np.arange(num_samples) / rate_hz) + phase[:, :, None]
    return _in_leads(np.sin(angle).sum(axis=1), leads)


def _in_leads(potential: np.ndarray, leads: Sequence[str]) -> np.ndarray:
    """Electrode potentials (9, T) in the leads, scaled to a root mean square of 1: (C, T) float32."""
    signal = electrode_weights(leads) @ potential
    size = rms(signal)
    if not size:
        raise SignalError(f"a disturbance of {signal.shape[1]} samples has no power; give a longer recording")
    return np.asarray(signal / size, dtype=np.float32)
