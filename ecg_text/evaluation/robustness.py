"""Disturbed recordings: the same zero-shot with noise, hum, wander, a wrong gain, a wrong rate, or reversed arm leads.

A store keeps prepared ECGs, but a disturbance enters the recorder, before the preprocessing. All steps of the
preprocessing are linear, so that what it makes of a recording with a disturbance is what it makes of the recording plus
what it makes of the disturbance: this is drawn as the recorder would see it, goes through every step, and is added. A
gain, and leads that change places, need no such detour. A wrong rate does, and the prepared window is then taken for a
recording of that rate and prepared again, which filters it twice; "prepared again" tells alone what that costs.
Axes: B batch, C leads, T samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ecg_text.evaluation.variants import Ecgs, Variants
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
from ecg_text.signal.preprocess import Preprocess

TASK = "robustness"
CLEAN = "clean"  # the reference

RECORDER_RATE_HZ = 500.0
GAINS = (0.5, 2.0)
# What a file's rate was, and what it was taken for: a clock that is 5 % off, and the two ways to confuse 100 and 200.
RATES_HZ = (
    ("stretched by 5 %", 105.0, 100.0),
    ("200 Hz read as 100", 200.0, 100.0),
    ("100 Hz read as 200", 100.0, 200.0),
)


@dataclass(frozen=True, kw_only=True)
class Added:
    """A disturbance in several amounts of the same draw: below the ECG by snr_db, or of rms_mv over the leads."""

    name: str
    disturbance: Disturbance
    snr_db: tuple[float, ...] = ()
    rms_mv: tuple[float, ...] = ()

    def amounts(self, ecg_rms_mv: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Each amount by its name, as millivolts for each of B ECGs of the given root mean square: (B,)."""
        for snr_db in self.snr_db:
            yield f"{self.name} {snr_db:g} dB", np.array([rms_at_snr(each, snr_db) for each in ecg_rms_mv])
        for rms_mv in self.rms_mv:
            yield f"{self.name} {rms_mv:g} mV", np.full(len(ecg_rms_mv), rms_mv)


ADDED = (
    Added(name="white noise", disturbance=white_noise, snr_db=(20, 10, 0)),
    Added(name="muscle noise", disturbance=muscle_noise, snr_db=(20, 10, 0)),
    Added(name="mains hum", disturbance=mains_hum, rms_mv=(0.2,)),
    Added(name="baseline wander", disturbance=baseline_wander, rms_mv=(0.5, 1.0)),
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


def perturbations(preprocess: Preprocess, generator: np.random.Generator) -> Variants:
    """The clean ECGs, then each perturbation.

    The same generator state draws the same disturbances for the same records, whatever the batches. Arm leads are
    reversed where the model has both of each pair. Raises LeadError for leads that cannot be disturbed.
    """
    electrode_weights(preprocess.leads)
    sources = generator.spawn(len(ADDED))
    has_both_arms = all(ARMS_REVERSED.get(lead, (lead, 1.0))[0] in preprocess.leads for lead in preprocess.leads)

    def vary(ecgs: Ecgs) -> Iterator[tuple[str, Ecgs]]:
        ecg, lead_mask, time_mask = ecgs
        yield CLEAN, ecgs
        size_mv = np.array([rms(_known(ecgs, number)) for number in range(len(ecg))]) * preprocess.unit_mv
        for added, source in zip(ADDED, sources, strict=True):
            drawn = _prepared_disturbance(ecgs, added.disturbance, preprocess, source)
            for name, amount_mv in added.amounts(size_mv):
                yield name, (ecg + drawn * amount_mv[:, None, None].astype(np.float32), lead_mask, time_mask)
        for gain in GAINS:
            yield f"gain x{gain:g}", (ecg * np.float32(gain), lead_mask, time_mask)
        for name, was_hz, taken_hz in (("prepared again", 1.0, 1.0), *RATES_HZ):
            yield name, _at_rate(ecgs, preprocess, taken_hz / was_hz)
        if has_both_arms:
            shown = reverse_arms(lead_mask[..., None].astype(np.float32), preprocess.leads)[..., 0] != 0
            yield "arm leads reversed", (reverse_arms(ecg, preprocess.leads), shown, time_mask)

    return vary


def _prepared_disturbance(
    ecgs: Ecgs, disturbance: Disturbance, preprocess: Preprocess, generator: np.random.Generator
) -> np.ndarray:
    """What the preprocessing makes of a disturbance of 1 mV in the leads that carry a signal: (B, C, T)."""
    ecg, lead_mask, time_mask = ecgs
    prepared = np.zeros_like(ecg)
    for number, (mask, valid) in enumerate(zip(lead_mask, time_mask.sum(axis=1), strict=True)):
        leads = _names(preprocess, mask)
        num_samples = round(int(valid) * RECORDER_RATE_HZ / preprocess.rate_hz)
        drawn = disturbance(leads, num_samples, RECORDER_RATE_HZ, generator)
        window = preprocess(Record(signal=drawn, rate_hz=RECORDER_RATE_HZ, leads=leads))
        prepared[number] = window.signal * mask[:, None]
    return prepared


def _at_rate(ecgs: Ecgs, preprocess: Preprocess, faster: float) -> Ecgs:
    """Takes each window for a recording of faster times its rate: what is in it passes in 1 / faster of its time."""
    changed = tuple(np.zeros_like(part) for part in ecgs)
    for number, mask in enumerate(ecgs[1]):
        signal = _known(ecgs, number) * np.float32(preprocess.unit_mv)
        record = Record(signal=signal, rate_hz=preprocess.rate_hz * faster, leads=_names(preprocess, mask))
        window = preprocess(record)
        known = window.lead_mask & mask  # what was not there is not derived now
        changed[0][number], changed[1][number] = window.signal * known[:, None], known
        changed[2][number] = window.time_mask
    return changed[0], changed[1], changed[2]


def _known(ecgs: Ecgs, number: int) -> np.ndarray:
    """One ECG without the leads and samples that carry no signal."""
    ecg, lead_mask, time_mask = (part[number] for part in ecgs)
    return np.asarray(ecg[lead_mask][:, time_mask])


def _names(preprocess: Preprocess, lead_mask: np.ndarray) -> tuple[str, ...]:
    return tuple(lead for lead, known in zip(preprocess.leads, lead_mask, strict=True) if known)
