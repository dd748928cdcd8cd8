"""How much of a lead is not the heart: mains hum, wandering baseline, muscle, and recordings without a beat."""

from __future__ import annotations

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.beats.order import medians
from ecg_text.signal.beats.rpeaks import Beats
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.measure import Measures, chosen_leads
from ecg_text.signal.gate.thresholds import limit

MAINS_HZ = (50.0, 60.0)
WANDER_HZ = (0.05, 0.5)  # below 0.5 Hz there is no wave of a heart that beats at least 30 times a minute
SHORTEST_S = 2.0
# A line is as wide as LINE_HZ on either side; its neighbours lie between APART_HZ and WIDE_HZ from it.
LINE_HZ, APART_HZ, WIDE_HZ = 0.25, 0.5, 3.0
STEADY_S = 0.25
_MAD_TO_SIGMA = 1 / 0.6745  # of a normal distribution
_NOISE_GAIN = 6**0.5  # of the second difference, for white noise


def noise_findings(record: Record, measures: Measures, alive: np.ndarray) -> list[Finding]:
    """noise.mains, noise.baseline and noise.muscle, of the leads that are alive (C,) bool."""
    if record.duration_s < SHORTEST_S or not alive.any():
        return []
    hum = _mains(record, measures, alive)
    found = [*hum, *_baseline(record, measures, alive)]
    if not hum:
        # Hum is fast too: where it is found, it would be counted twice.
        found += _muscle(record, alive)
    return found


def hum_amplitudes(measures: Measures, mains_hz: float, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """The amplitude of a mains line in each lead (C,) in mV, and its power over that of its neighbours (C,).

    Where the line lies above half the sampling rate, it is looked for where it is folded to: 60 Hz at 40 Hz in a
    recording of 100 samples a second. At exactly half the rate only cos(phase) of the amplitude is in the samples.
    """
    line_hz = folded(mains_hz, rate_hz)
    f = measures.frequency_hz
    step_hz = float(f[1])
    nearest, first, end = round(line_hz / step_hz), *np.searchsorted(f, (line_hz - WIDE_HZ, line_hz + WIDE_HZ))
    near, apart = (max(2, round(hz / step_hz)) for hz in (LINE_HZ, APART_HZ))
    apart = max(apart, near + 1)
    inside = measures.power[:, max(0, nearest - near) : nearest + near + 1]
    around = (measures.power[:, first : max(first, nearest - apart)], measures.power[:, nearest + apart + 1 : end])
    beside = np.concatenate(around, axis=1)
    floor = medians(beside) * inside.shape[1] if beside.size else np.zeros(len(beside))
    total = inside.sum(axis=1)
    at_nyquist = line_hz > f[-1] - 2 * step_hz
    amplitude = np.sqrt((1 if at_nyquist else 2) * np.maximum(total - floor, 0))
    return amplitude, total / np.maximum(floor, 1e-12)


def _is_steady(signal: np.ndarray, rate_hz: float, line_hz: float, amplitude: np.ndarray) -> np.ndarray:
    """(C,) bool: the line is there between the beats too. A very regular heart has a harmonic at 40 Hz, in bursts."""
    size = max(4, round(STEADY_S * rate_hz))
    blocks = signal.shape[1] // size
    turns = (
        np.exp(-2j * np.pi * line_hz / rate_hz * np.arange(blocks * size)).astype(np.complex64).reshape(blocks, size)
    )
    window = np.hanning(size + 2)[1:-1].astype(np.float32)
    cut = signal[:, : blocks * size].reshape(len(signal), blocks, size)
    cut = cut - cut.mean(axis=2, keepdims=True)
    gain = (1 if line_hz >= rate_hz / 2 else 2) / window.sum()
    strength = np.abs((cut * (turns * window)).sum(axis=2)) * gain
    return np.asarray(np.quantile(strength, 0.25, axis=1) >= limit("noise.mains_steady") * amplitude)


def folded(frequency_hz: float, rate_hz: float) -> float:
    """The frequency at which a tone appears in samples of this rate."""
    return abs(frequency_hz - rate_hz * round(frequency_hz / rate_hz))


def _mains(record: Record, measures: Measures, alive: np.ndarray) -> list[Finding]:
    found: list[Finding] = []
    told_hz: list[float] = []
    width_hz = max(LINE_HZ, 2 * float(measures.frequency_hz[1]))
    for mains_hz in MAINS_HZ:
        folded_hz = folded(mains_hz, record.rate_hz)
        if folded_hz < WANDER_HZ[1] or record.rate_hz < mains_hz:
            continue
        if any(abs(folded_hz - other_hz) <= width_hz for other_hz in told_hz):
            continue  # at 110 Hz both mains are seen at 50 Hz, and one hum is one finding
        amplitude, ratio = hum_amplitudes(measures, mains_hz, record.rate_hz)
        which = alive & (amplitude >= limit("noise.mains_note")) & (ratio >= limit("noise.mains_ratio"))
        if which.any():
            which[which] = _is_steady(record.signal[which], record.rate_hz, folded_hz, amplitude[which])
        if which.sum() < min(limit("noise.mains_leads"), alive.sum()):
            continue
        worst = float(amplitude[which].max())
        seen = "" if folded_hz == mains_hz else f" (seen at {folded_hz:g} Hz)"
        evidence = {"mains_hz": mains_hz, "amplitude_mv": worst, "power_ratio": float(ratio[which].max())}
        message = f"hum of {mains_hz:g} Hz{seen}, up to {worst:.2g} mV: use a notch filter, or record it again"
        severity = Severity.WARN if worst >= limit("noise.mains_warn") else Severity.NOTE
        leads = chosen_leads(record, which)
        told_hz.append(folded_hz)
        found.append(Finding(code="noise.mains", severity=severity, message=message, leads=leads, evidence=evidence))
    return found


def _baseline(record: Record, measures: Measures, alive: np.ndarray) -> list[Finding]:
    wander = np.where(alive, measures.rms_mv(*WANDER_HZ), 0)
    worst = float(wander.max())
    if worst < limit("noise.baseline_note"):
        return []
    which = wander >= limit("noise.baseline_note")
    severity = Severity.WARN if worst >= limit("noise.baseline_warn") else Severity.NOTE
    message = f"the baseline wanders by {worst:.2g} mV (rms below 0.5 Hz): do not read ST levels in these leads"
    evidence = {"wander_rms_mv": worst, "leads": float(which.sum())}
    leads = chosen_leads(record, which)
    return [Finding(code="noise.baseline", severity=severity, message=message, leads=leads, evidence=evidence)]


def fast_noise(signal: np.ndarray, rate_hz: float) -> np.ndarray:
    """The noise of each lead in each second (C, seconds), mV rms: from the median size of its second differences.

    The median passes over the QRS complexes, which fill less than half of any second; differences over 10 ms weigh
    what lies around 50 Hz the most, at any sampling rate.
    """
    step = max(1, round(rate_hz / 100))
    per_s = max(3, round(rate_hz / step))
    thin = signal[:, ::step]
    bend = np.abs(thin[:, 2:] - 2 * thin[:, 1:-1] + thin[:, :-2])
    seconds = bend.shape[1] // per_s
    by_second = bend[:, : seconds * per_s].reshape(len(signal), seconds, per_s)
    return np.asarray(medians(by_second) * np.float32(_MAD_TO_SIGMA / _NOISE_GAIN))


def _muscle(record: Record, alive: np.ndarray) -> list[Finding]:
    by_second = np.where(alive[:, None], fast_noise(record.signal, record.rate_hz), 0)
    if by_second.shape[1] == 0:
        return []
    usual, worst_s = medians(by_second), by_second.max(axis=1)
    bad_second = worst_s >= limit("noise.burst_warn")
    which = (usual >= limit("noise.muscle_note")) | bad_second
    if not which.any():
        return []
    warn = bool((usual >= limit("noise.muscle_warn")).any() or bad_second.any())
    worst = float(usual.max())
    message = f"fast noise of {worst:.2g} mV rms, {float(worst_s.max()):.2g} in the worst second (muscle or a loose "
    message += "electrode): do not read small waves in these leads"
    evidence = {"noise_rms_mv": worst, "worst_second_rms_mv": float(worst_s.max()), "leads": float(which.sum())}
    severity = Severity.WARN if warn else Severity.NOTE
    leads = chosen_leads(record, which)
    return [Finding(code="noise.muscle", severity=severity, message=message, leads=leads, evidence=evidence)]


def no_beats_findings(record: Record, beats: Beats) -> list[Finding]:
    """noise.no_beats, where fewer beats are found than the slowest heart makes; nothing where it may make none."""
    per_minute, slowest = 60 * len(beats) / record.duration_s, limit("noise.fewest_beats")
    if per_minute >= slowest or record.duration_s < 60 / slowest:
        return []
    counted = "one heart beat" if len(beats) == 1 else f"{len(beats) or 'no'} heart beats"
    message = (
        f"{counted} found in {record.duration_s:.3g} s: "
        "asystole, ventricular fibrillation, or no ECG; look at it before anything else"
    )
    evidence = {"beats": float(len(beats)), "beats_per_minute": per_minute}
    return [Finding(code="noise.no_beats", severity=Severity.WARN, message=message, evidence=evidence)]
