"""Spikes of a pacemaker: transients of a millisecond or two, alone on a level stretch, in several leads at once."""

from __future__ import annotations

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.thresholds import limit

SPIKE_S = 0.004  # a spike is over within this time on either side, after the filters of the recorder
_MOST_STEP, _MOST_SLOPE = 0.5, 0.3  # what is left beside a spike, of its height: a QRS leaves more
_APART_S = 0.05
_FEWEST_SPIKES = 2


def pacing_findings(record: Record, alive: np.ndarray) -> list[Finding]:
    """pacing.spikes with their number and places, looked for at 400 samples a second or more.

    A spike lasts 0.5 to 2 ms and is not in slower samples, so that their silence says nothing about pacing.
    """
    if record.rate_hz < limit("pacing.lowest_rate"):
        return []
    places = find_spikes(record.signal[alive], record.rate_hz)
    if len(places) < _FEWEST_SPIKES:
        return []
    first_s = float(places[0] / record.rate_hz)
    message = f"{len(places)} spikes like those of a pacemaker, the first at {first_s:.2f} s: look whether it is paced"
    usual_s = float(np.median(np.diff(places)) / record.rate_hz)
    evidence = {"spikes": float(len(places)), "first_s": first_s, "usual_interval_s": usual_s}
    return [Finding(code="pacing.spikes", severity=Severity.NOTE, message=message, evidence=evidence)]


def find_spikes(signal: np.ndarray, rate_hz: float) -> np.ndarray:
    """The samples of spikes (n,) int64 in order, of signal (C, T) in mV.

    A spike stands out by at least pacing.spike_above from both sides SPIKE_S away, and the signal beside it is
    level, in at least two leads (in one, of one). A QRS complex as sharp goes on falling there.
    """
    k = max(1, round(SPIKE_S * rate_hz))
    height = limit("pacing.spike_above")
    if signal.shape[1] <= 4 * k:
        return np.zeros(0, dtype=np.int64)
    change = signal[:, k:] - signal[:, :-k]
    up, down = change >= height, change <= -height
    # A rise with a fall behind it, or the reverse, at least 2 k from either end.
    turns = (up[:, k : -2 * k] & down[:, 2 * k : -k]) | (down[:, k : -2 * k] & up[:, 2 * k : -k])
    lead, at = np.divmod(np.flatnonzero(turns), turns.shape[1])
    middle = at + 2 * k
    rise = np.minimum(np.abs(change[lead, middle - k]), np.abs(change[lead, middle]))
    step = np.abs(signal[lead, middle - k] - signal[lead, middle + k])
    left = np.abs(signal[lead, middle - k] - signal[lead, middle - 2 * k])
    right = np.abs(signal[lead, middle + k] - signal[lead, middle + 2 * k])
    alone = (step <= _MOST_STEP * rise) & (left <= _MOST_SLOPE * rise) & (right <= _MOST_SLOPE * rise)
    return _agreed(lead[alone], middle[alone], min(2, len(signal)), round(_APART_S * rate_hz))


def _agreed(lead: np.ndarray, at: np.ndarray, fewest_leads: int, apart: int) -> np.ndarray:
    """The first sample of every group of close candidates that enough leads share."""
    order = np.argsort(at, kind="stable")
    lead, at = lead[order], at[order]
    groups = np.split(np.arange(len(at)), np.flatnonzero(np.diff(at) > apart) + 1)
    places = [at[group[0]] for group in groups if len(np.unique(lead[group])) >= fewest_leads]
    return np.array(places, dtype=np.int64)
