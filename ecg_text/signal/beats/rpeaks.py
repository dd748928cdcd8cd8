"""R-peaks: where the heart beats, in one lead, and by a vote of several.

sleepecg's detector (Pan and Tompkins, 1985, revised) proposes beats on a few leads. It reads upward waves and adapts
its thresholds to the beats before, so that a turned lead or a run of tall ventricular beats misleads it; what it
proposes is therefore judged again by the energy of the QRS complex, which knows no direction and sees all leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.beats.judge import judge
from ecg_text.signal.beats.place import place_peaks
from ecg_text.signal.beats.proposals import propose
from ecg_text.signal.beats.qrs import qrs_energy

SHORTEST_S = 1.0
SLOWEST_HZ = 62.5  # below it the band of the QRS complex is not in the samples
FASTEST_HZ = 100_000.0
CHUNK_S, OVERLAP_S = 300.0, 15.0
MOST_LEADS = 3
# Loud over quiet of the leads together: 1.2 for twelve leads of white noise, up to 1.8 for one; 2 and more for ECGs.
LEAST_CONTRAST = 1.5
LEAST_SHARE = 0.1  # of the best lead's quality: noisier leads are not asked
LIMB_PAIR = ("I", "II")  # where both are there the other four limb leads say nothing new
LIMB_REST = ("III", "aVR", "aVL", "aVF")


@dataclass(frozen=True, eq=False, kw_only=True)
class Beats:
    """The beats of a record: peaks (n,) int64 samples in order, votes (n,) of how many of the asked leads saw each.

    leads are those that were asked, in the record's order; a day is asked in stretches, each at most MOST_LEADS of
    its best leads. No beats at all is a valid answer, and so are no leads: all of them flat.
    """

    peaks: np.ndarray
    rate_hz: float
    num_samples: int
    votes: np.ndarray
    leads: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.peaks)


def r_peaks(samples: np.ndarray, rate_hz: float) -> np.ndarray:
    """The R-peaks of one lead (T,): (n,) int64, in order; none where it is flat, or shorter than SHORTEST_S.

    The lead upside down has the same peaks, and so has the lead in any unit. A gap of NaN has no peaks. Raises
    SignalError for samples that are not one lead, or a rate that is not positive.
    """
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 1:
        raise SignalError(f"samples have shape {x.shape}; give one lead (T,)")
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise SignalError(f"rate_hz is {rate_hz}; give the samples per second of the lead")
    missing = ~np.isfinite(x)
    if missing.all():
        return np.zeros(0, dtype=np.int64)
    if missing.any():
        known = np.flatnonzero(~missing)
        x = np.interp(np.arange(len(x)), known, x[known])
    # A power of two changes no digit, and keeps the squares of any unit within what a number can hold.
    x = np.ldexp(x, -int(np.frexp(np.abs(x).max())[1]))
    peaks, _votes, _asked = _detect(x[None], rate_hz)
    return peaks[~missing[peaks]]


def find_beats(record: Record) -> Beats:
    """The beats of a record by a vote of its best leads; an empty answer where no lead can tell.

    The leads are those of the highest contrast of QRS energy; of six limb leads only I and II are considered.
    """
    rows = [row for row, lead in enumerate(record.leads) if not _repeats(lead, record.leads)]
    peaks, votes, asked = _detect(record.signal[rows], record.rate_hz)
    leads = tuple(record.leads[row] for row, was_asked in zip(rows, asked, strict=True) if was_asked)
    return Beats(peaks=peaks, rate_hz=record.rate_hz, num_samples=record.num_samples, votes=votes, leads=leads)


def window_peaks(
    ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray, leads: Sequence[str], rate_hz: float
) -> np.ndarray:
    """The R-peaks of prepared windows: (B, C, T), (B, C), (B, T) -> samples (B, P) int64, -1 behind the last of each.

    P is 1 at least. The leads that are there vote, on the samples that are there. Any unit will do.
    """
    found = []
    for signal, there, real in zip(ecg, lead_mask, time_mask, strict=True):
        present = tuple(lead for lead, is_there in zip(leads, there, strict=True) if is_there)
        rows = [row for row, lead in enumerate(leads) if lead in present and not _repeats(lead, present)]
        samples = np.flatnonzero(real)
        if not rows or len(samples) == 0:
            found.append(np.zeros(0, dtype=np.int64))
            continue
        first, last = int(samples[0]), int(samples[-1]) + 1
        found.append(_detect(signal[rows, first:last], rate_hz)[0] + first)
    return padded_peaks(found)


def padded_peaks(found: Sequence[np.ndarray]) -> np.ndarray:
    """Peaks of each window (n,) -> (B, P) int64, -1 behind the last of each; P is 1 at least."""
    peaks = np.full((len(found), max([1, *map(len, found)])), -1, dtype=np.int64)
    for row, one in enumerate(found):
        peaks[row, : len(one)] = one
    return peaks


def _repeats(lead: str, leads: tuple[str, ...]) -> bool:
    return lead in LIMB_REST and all(name in leads for name in LIMB_PAIR)


def _detect(signal: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Peaks (n,), votes (n,) and which leads were asked (C,), of signal (C, T), five minutes at a time."""
    num_samples = signal.shape[1]
    asked = np.zeros(len(signal), dtype=bool)
    peaks = [np.zeros(0, dtype=np.int64)]
    votes = [np.zeros(0, dtype=np.int64)]
    if num_samples < SHORTEST_S * rate_hz or not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        return peaks[0], votes[0], asked
    chunk, overlap = round(CHUNK_S * rate_hz), round(OVERLAP_S * rate_hz)
    # A last stretch shorter than the overlap is read with the one before it.
    starts = range(0, max(1, num_samples - overlap), chunk)
    for start in starts:
        stop = num_samples if start == starts[-1] else start + chunk
        first, last = max(0, start - overlap), min(num_samples, stop + overlap)
        found, saw, leads = _detect_stretch(signal[:, first:last], rate_hz)
        mine = (found + first >= start) & (found + first < stop)
        peaks.append(found[mine] + first)
        votes.append(saw[mine])
        asked |= leads
    return np.concatenate(peaks), np.concatenate(votes), asked


def _detect_stretch(signal: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    qrs = qrs_energy(signal, rate_hz)
    best = np.argsort(-qrs.quality, kind="stable")[:MOST_LEADS]
    best = np.sort(best[(qrs.quality[best] > LEAST_SHARE * qrs.quality.max()) & (qrs.contrast >= LEAST_CONTRAST)])
    asked = np.zeros(len(signal), dtype=bool)
    asked[best] = True
    centres, votes = judge(propose(qrs, best, both_ways=len(best) < MOST_LEADS), qrs)
    return place_peaks(signal, best, centres, qrs), votes, asked
