"""Disturbed recordings: the same zero-shot with noise, hum, wander, a wrong gain, a wrong rate, or reversed arm leads.

A store keeps prepared ECGs, but a disturbance enters the recorder, before the preprocessing. All steps of the
preprocessing are linear, so that what it makes of a recording with a disturbance is what it makes of the recording plus
what it makes of the disturbance: this is drawn as the recorder would see it, goes through every step, and is added. A
gain, and leads that change places, need no such detour. A wrong rate does, and the prepared window is then taken for a
recording of that rate and prepared again, which filters it twice; "prepared again" tells alone what that costs.
Axes: B batch, C leads, T samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from ecg_text.evaluation.variants import Change, Ecgs
from ecg_text.record import Record
from ecg_text.signal.perturb import (
    ARMS_REVERSED,
    MUSCLE_HZ,
    RECORDER_HZ,
    Disturbance,
    baseline_wander,
    electrode_weights,
    mains_hum,
    muscle_noise,
    reverse_arms,
    rms,
    rms_at_snr,
    white_noise,
)
from ecg_text.signal.preprocess import Prepared, Preprocess

TASK = "robustness"
CLEAN = "clean"  # the reference

RECORDER_RATE_HZ = 500.0
SNR_DB = (20, 10, 0)
HUM_MV = 0.2  # root mean square over the leads, as the wander's
WANDER_MV = (0.5, 1.0)
GAINS = (0.5, 2.0)
# What a file's rate was, and what it was taken for: a clock that is 5 % off, and the two ways to confuse 100 and 200.
RATES_HZ = (
    ("stretched by 5 %", 105.0, 100.0),
    ("200 Hz read as 100", 200.0, 100.0),
    ("100 Hz read as 200", 100.0, 200.0),
)

# What the provenance of a result says of the disturbances.
FACTS: Mapping[str, str] = MappingProxyType(
    {
        "disturbed": f"before the preprocessing, at {RECORDER_RATE_HZ:g} Hz",
        "snr": "power of the prepared ECG over that of the noise in its whole band, both over all leads",
        "noise_band_hz": "white {:g}-{:g}, muscle {:g}-{:g}".format(*RECORDER_HZ, *MUSCLE_HZ),
        "millivolts": "root mean square over all leads",
    }
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Window:
    """One prepared ECG (C, T) with the leads that carry a signal (C,), and the samples (T,) that do."""

    ecg: np.ndarray
    lead_mask: np.ndarray
    time_mask: np.ndarray


Perturb = Callable[[Window, Preprocess], Window]


def perturbations(preprocess: Preprocess, generator: np.random.Generator) -> dict[str, Change]:
    """The clean ECGs, then each perturbation, as changes of prepared ECGs, to be met in one order.

    The same generator state draws the same disturbances, so that a model and its untrained twin hear the same noise.
    Arm leads are reversed where the model has both of each pair. Raises LeadError for leads that cannot be disturbed.
    """
    electrode_weights(preprocess.leads)
    changes: dict[str, Change] = {CLEAN: lambda ecgs: ecgs}
    for name, perturb in _all(generator):
        changes[name] = _by_window(perturb, preprocess)
    if all(ARMS_REVERSED.get(lead, (lead, 1.0))[0] in preprocess.leads for lead in preprocess.leads):
        changes["arm leads reversed"] = partial(_reverse_arms, leads=preprocess.leads)
    return changes


def _all(generator: np.random.Generator) -> Iterator[tuple[str, Perturb]]:
    """Each perturbation of one window, by its name, with a source of chance of its own."""
    for what, disturbance in (("white noise", white_noise), ("muscle noise", muscle_noise)):
        for snr_db in SNR_DB:
            yield f"{what} {snr_db} dB", _adding(disturbance, generator.spawn(1)[0], snr_db=snr_db)
    yield f"mains hum {HUM_MV:g} mV", _adding(mains_hum, generator.spawn(1)[0], rms_mv=HUM_MV)
    for rms_mv in WANDER_MV:
        yield f"baseline wander {rms_mv:g} mV", _adding(baseline_wander, generator.spawn(1)[0], rms_mv=rms_mv)
    for gain in GAINS:
        yield f"gain x{gain:g}", _scaling(gain)
    yield "prepared again", _at_rate(1.0)
    for name, was_hz, taken_hz in RATES_HZ:
        yield name, _at_rate(taken_hz / was_hz)


def _by_window(perturb: Perturb, preprocess: Preprocess) -> Change:
    def change(ecgs: Ecgs) -> Ecgs:
        windows = [
            perturb(Window(ecg=ecg, lead_mask=lead_mask, time_mask=time_mask), preprocess)
            for ecg, lead_mask, time_mask in zip(*ecgs, strict=True)
        ]
        ecg = np.stack([window.ecg for window in windows])
        return ecg, np.stack([w.lead_mask for w in windows]), np.stack([w.time_mask for w in windows])

    return change


def _adding(
    disturbance: Disturbance, generator: np.random.Generator, *, snr_db: float | None = None, rms_mv: float = 0.0
) -> Perturb:
    """Adds a disturbance, snr_db below the prepared ECG or of so many millivolts, before the preprocessing."""

    def perturb(window: Window, preprocess: Preprocess) -> Window:
        leads = [lead for lead, known in zip(preprocess.leads, window.lead_mask, strict=True) if known]
        valid = int(window.time_mask.sum())
        num_samples = round(valid * RECORDER_RATE_HZ / preprocess.rate_hz)
        drawn = disturbance(leads, num_samples, RECORDER_RATE_HZ, generator)
        ecg_mv = window.ecg[window.lead_mask, :valid] * preprocess.unit_mv
        size = rms_mv if snr_db is None else rms_at_snr(rms(ecg_mv), snr_db)
        added = preprocess(Record(signal=drawn, rate_hz=RECORDER_RATE_HZ, leads=tuple(leads))).signal
        added = added * (np.float32(size) * window.lead_mask[:, None])
        return Window(ecg=window.ecg + added, lead_mask=window.lead_mask, time_mask=window.time_mask)

    return perturb


def _scaling(gain: float) -> Perturb:
    def perturb(window: Window, _: Preprocess) -> Window:
        return Window(
            ecg=window.ecg * window.ecg.dtype.type(gain), lead_mask=window.lead_mask, time_mask=window.time_mask
        )

    return perturb


def _at_rate(faster: float) -> Perturb:
    """Takes a window for a recording of faster times its rate: what is in it passes in 1 / faster of its time."""

    def perturb(window: Window, preprocess: Preprocess) -> Window:
        leads = tuple(lead for lead, known in zip(preprocess.leads, window.lead_mask, strict=True) if known)
        signal = window.ecg[window.lead_mask][:, window.time_mask] * np.float32(preprocess.unit_mv)
        prepared: Prepared = preprocess(Record(signal=signal, rate_hz=preprocess.rate_hz * faster, leads=leads))
        known = prepared.lead_mask & window.lead_mask  # what was not there is not derived now
        return Window(ecg=prepared.signal * known[:, None], lead_mask=known, time_mask=prepared.time_mask)

    return perturb


def _reverse_arms(ecgs: Ecgs, *, leads: Sequence[str]) -> Ecgs:
    ecg, lead_mask, time_mask = ecgs
    shown = reverse_arms(lead_mask[..., None].astype(np.float32), leads)[..., 0] != 0
    return reverse_arms(ecg, leads), shown, time_mask
