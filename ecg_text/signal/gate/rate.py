"""Is the sampling rate of the header right? A wrong one stretches every wave, interval and RR by the same factor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import Beats, find_beats
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.measure import fine_enough
from ecg_text.signal.gate.rate_model import MEANS, MOST_SCALES, SCALES, TOO_FAST, TOO_SLOW, LogOdds
from ecg_text.signal.gate.thresholds import limit
from ecg_text.signal.gate.timing import TIMES, log_times

SLOWED = 4.0  # between the two and the ten by which the usual rates (50 to 1000 Hz) differ
_SAME_RATE = 1.2  # two counts of the same beats differ by less; a wave taken for a beat makes about two
_MEANS, _SCALES = np.array(MEANS), np.array(SCALES)


def rate_scores(times: np.ndarray) -> tuple[float, float]:
    """Log odds that the header's rate is twice, and half, the true one, against its being right, from log_times."""
    z = np.clip((times - _MEANS) / _SCALES, -MOST_SCALES, MOST_SCALES)
    return _score(TOO_FAST, z), _score(TOO_SLOW, z)


def _score(model: LogOdds, z: np.ndarray) -> float:
    return float(model.constant + z @ np.array(model.linear) + (z * z) @ np.array(model.square))


def rate_findings(record: Record, beats: Beats, header_hz: float) -> list[Finding]:
    """rate.implausible, where the heart of the recording is too fast or too slow in all of its waves.

    The record may have been interpolated for the beats; header_hz is the rate that its file states.
    """
    times = log_times(record, beats)
    if times is None:
        return [] if len(beats) else _far_too_fast(record, header_hz)
    too_fast, too_slow = rate_scores(times)
    if max(too_fast, too_slow) < limit("rate.warn_above"):
        return []
    is_high = too_fast >= too_slow
    factor, way, heart = (0.5, "high", "fast") if is_high else (2.0, "low", "slow or wide")
    evidence = {
        "header_hz": header_hz,
        "likely_hz": header_hz * factor,
        "log_odds_too_high": too_fast,
        "log_odds_too_low": too_slow,
        **_at_the_header(record, factor, 60 / float(np.exp(times[TIMES.index("rr")]))),
    }
    makes = [f"{evidence['heart_rate_bpm']:.0f} beats a minute"] if "heart_rate_bpm" in evidence else []
    makes += [f"QRS complexes of {evidence['qrs_ms']:.0f} ms"] if "qrs_ms" in evidence else []
    message = (
        f"{header_hz:g} Hz makes {' and '.join(makes) or 'waves of unusual length'}: the rate "
        f"looks too {way} ({header_hz * factor:g} Hz?); check it, unless the heart is known to be so {heart}"
    )
    return [Finding(code="rate.implausible", severity=Severity.WARN, message=message, evidence=evidence)]


def _at_the_header(record: Record, factor: float, counted_bpm: float) -> dict[str, float]:
    """Heart rate, QRS and T as the header's rate makes them, of the beats that are found at factor times this rate.

    A detector that reads a recording too slowly takes other waves for beats, and the rate that it counts is no
    evidence. A rate that would speak against the finding is left out: a fast heart, where the rate looks too low.
    Slowing may as well make such waves, where the header is right: read slower, the beats must be those counted_bpm.
    """
    likely = fine_enough(replace(record, rate_hz=record.rate_hz * factor))
    times = log_times(likely, find_beats(likely))
    if times is None:
        return {}
    measured = dict(zip(TIMES, factor * np.exp(times), strict=True))
    bpm = 60 / float(measured["rr"])
    if factor < 1 and not 1 / _SAME_RATE < bpm / counted_bpm < _SAME_RATE:
        return {}
    contradicts = bpm < limit("rate.slow_below") if factor < 1 else bpm > limit("rate.fast_above")
    told = {} if contradicts else {"heart_rate_bpm": bpm}
    return {**told, "qrs_ms": 1000 * float(measured["qrs_95"]), "t_peak_ms": 1000 * float(measured["t_peak"])}


def _far_too_fast(record: Record, header_hz: float) -> list[Finding]:
    """rate.implausible where no beats are found at the header's rate, but those of a usual heart far below it.

    No detector looks for a heart of 375 beats a minute, which is what 500 Hz in the header of 100 Hz make. Of a slow
    heart in a short recording the slowed P, QRS and T may look like beats, but they do not make so many a minute.
    """
    slowed = fine_enough(replace(record, rate_hz=record.rate_hz / SLOWED))
    beats = find_beats(slowed)
    times = log_times(slowed, beats)
    if times is None or rate_scores(times)[1] >= limit("rate.warn_above"):
        return []
    bpm = SLOWED * 60 / float(np.exp(times[TIMES.index("rr")]))
    if bpm < limit("rate.far_above"):
        return []
    message = (
        f"no heart beats are found at the {header_hz:g} Hz of the header, but {len(beats)} at a quarter of it, "
        f"which makes {bpm:.0f} a minute: the rate looks several times too high; check it"
    )
    evidence = {"header_hz": header_hz, "heart_rate_bpm": bpm, "beats_at_a_quarter": float(len(beats))}
    return [Finding(code="rate.implausible", severity=Severity.WARN, message=message, evidence=evidence)]
