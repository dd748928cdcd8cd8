"""Where sleepecg's detector sees beats in single leads: all leads filtered at once, both ways at the price of one.

Only the detector's compiled core is called for each view. What its public function adds, a filter designed anew at
every call and run for every view, is done here, and gives the same beats.
"""

from __future__ import annotations

import numpy as np

from ecg_text.signal.beats.qrs import BAND_HZ, QrsEnergy
from ecg_text.signal.filters import band_pass_filter

# sleepecg 0.6 keeps the intervals in signal / 0.2 s places and may fill two more (a beat every 0.2 s): it then writes
# beyond its memory. Silence behind the signal adds places that are never filled.
SILENCE_S = 3.0
INTEGRATION_S = 0.15
SLOPE = (-1.0, -2.0, 0.0, 2.0, 1.0)  # the derivative of Pan and Tompkins (1985)
PADDING = 15  # samples that scipy's sosfiltfilt reflects at the ends, for two sections


def propose(qrs: QrsEnergy, rows: np.ndarray, *, both_ways: bool) -> list[np.ndarray]:
    """Samples at the working rate where beats are seen, for each row, read along its higher waves or both ways."""
    num_samples = qrs.filtered.shape[1]
    padded = np.zeros((len(rows), num_samples + round(SILENCE_S * qrs.rate_hz)))
    padded[:, :num_samples] = qrs.filtered[rows]
    found = []
    for lead, filtered in zip(padded, _filtered(padded, qrs.rate_hz), strict=True):
        upward = float(np.dot(lead * lead, lead)) >= 0
        signs = ((1.0, -1.0) if upward else (-1.0, 1.0)) if both_ways else ((1.0,) if upward else (-1.0,))
        at = _detect(filtered, qrs.rate_hz, signs)
        found.append(at[at < num_samples])
    return found


def _filtered(leads: np.ndarray, rate_hz: float) -> np.ndarray:
    """Leads (C, N) that end in silence, in the band of the QRS complex: scipy's sosfiltfilt, the sections given."""
    from scipy.signal import sosfilt

    sos, rest = band_pass_filter(*BAND_HZ, 2, rate_hz)
    front = 2 * leads[:, :1] - leads[:, PADDING:0:-1]
    extended = np.concatenate([front, leads, np.zeros((len(leads), PADDING))], axis=1)
    for _ in range(2):
        extended, _state = sosfilt(sos, extended, axis=1, zi=rest * extended[None, :, :1])
        extended = extended[:, ::-1]
    return np.ascontiguousarray(extended[:, PADDING:-PADDING])


def _detect(filtered: np.ndarray, rate_hz: float, signs: tuple[float, ...]) -> np.ndarray:
    """The beats that sleepecg's core sees in a filtered lead (N,), read with each of the signs."""
    from sleepecg._heartbeat_detection import _squared_moving_integration, _thresholding

    slope = np.correlate(filtered, SLOPE, mode="same")
    energy = _squared_moving_integration(slope, int(INTEGRATION_S * rate_hz))
    return np.concatenate([np.flatnonzero(_thresholding(sign * filtered, energy, rate_hz)) for sign in signs])
