"""P, QRS and T: where the waves of each beat begin and end, by neurokit2's wavelets (the optional extra "beats").

The method is that of Martinez et al. (IEEE Trans Biomed Eng 2004; 51: 570) as neurokit2 implements it. Its crashes at
the ends of a recording are met by padding; what it cannot find, or puts in an impossible order, is masked.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from ecg_text.errors import LeadError, MissingPackageError, SignalError
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import Beats

POINTS = (
    "P onset", "P peak", "P offset", "QRS onset", "QRS offset", "T onset", "T peak", "T offset",
)  # fmt: skip
_NEUROKIT_NAMES = (
    "ECG_P_Onsets", "ECG_P_Peaks", "ECG_P_Offsets", "ECG_R_Onsets", "ECG_R_Offsets",
    "ECG_T_Onsets", "ECG_T_Peaks", "ECG_T_Offsets",
)  # fmt: skip
PADDING_S = 2.0
BEATS_AT_ONCE = 100  # neurokit2 works at 2000 Hz in nine scales, so a day is delineated in pieces
FEWEST_BEATS = 2  # one beat has no rate, by which the search for P and T is scaled
# neurokit2 draws a cubic through the heart rate and fails with fewer beats; a short stretch is repeated then. The time
# from one copy to the next is a minority of the intervals, and its rate is their median.
FEWEST_ASKED, COPIES = 4, 3
HIGH_PASS_HZ, LOW_PASS_HZ = 0.5, 45.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Delineation:
    """The waves of each beat in one lead: samples (n, 8) int64 and known (n, 8) bool, a column for each of POINTS.

    Where known is false the sample is the beat's R-peak, and says nothing.
    """

    lead: str
    rate_hz: float
    r_peaks: np.ndarray
    samples: np.ndarray
    known: np.ndarray

    def point(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Samples (n,) and whether they are known (n,), of one of POINTS. Raises SignalError for another name."""
        if name not in POINTS:
            raise SignalError(f"no point {name!r} of a beat; choose one of {', '.join(POINTS)}")
        column = POINTS.index(name)
        return self.samples[:, column], self.known[:, column]

    def median_ms(self, first: str, last: str) -> float | None:
        """The median time between two points of the same beat, such as "QRS onset" and "T offset"; None if unknown."""
        (start, has_start), (stop, has_stop) = self.point(first), self.point(last)
        both = has_start & has_stop
        return 1000.0 * float(np.median(stop[both] - start[both])) / self.rate_hz if both.any() else None


def delineate(record: Record, beats: Beats, lead: str = "II") -> Delineation:
    """The waves of the beats in one lead, derived where two other limb leads give it.

    Points that are not found are masked; with fewer than FEWEST_BEATS beats all are. Raises MissingPackageError
    without neurokit2, and LeadError where the record has no such lead.
    """
    neurokit = _import_neurokit()
    samples = (record.lead(lead) if lead in record.leads else _derived(record, lead)).astype(np.float64)
    peaks = np.asarray(beats.peaks, dtype=np.int64)
    found = np.repeat(peaks[:, None], len(POINTS), axis=1)
    known = np.zeros(found.shape, dtype=bool)
    if len(peaks) >= FEWEST_BEATS and np.ptp(samples) > 0:
        for first in range(0, len(peaks), BEATS_AT_ONCE):
            last = min(first + BEATS_AT_ONCE, len(peaks))
            start = max(0, min(first, last - FEWEST_BEATS))
            positions = _delineate_stretch(neurokit, samples, peaks[start:last], record.rate_hz)[first - start :]
            told = np.isfinite(positions) & (positions >= 0) & (positions < record.num_samples)
            told &= _in_order(positions, peaks[first:last])
            known[first:last] = told
            found[first:last][told] = positions[told].astype(np.int64)
    return Delineation(lead=lead, rate_hz=record.rate_hz, r_peaks=peaks, samples=found, known=known)


def _import_neurokit() -> ModuleType:
    try:
        import neurokit2
    except ImportError as error:
        raise MissingPackageError("delineation of P, QRS and T needs pip install 'ecg-text[beats]'") from error
    module: ModuleType = neurokit2
    return module


def _derived(record: Record, lead: str) -> np.ndarray:
    try:
        return record.derive(lead)
    except LeadError:
        raise LeadError(
            f"{record.record_id} has no lead {lead} to delineate, nor two limb leads that give it; "
            f"name one of {', '.join(record.leads)}"
        ) from None


def _delineate_stretch(neurokit: ModuleType, samples: np.ndarray, peaks: np.ndarray, rate_hz: float) -> np.ndarray:
    """Positions (n, 8) float64 in the record, NaN where there is none."""
    padding = round(PADDING_S * rate_hz)
    first, last = int(peaks[0]) - padding, int(peaks[-1]) + padding + 1
    low, high = max(0, first), min(len(samples), last)
    padded = np.pad(samples[low:high], (low - first, last - high), mode="edge")
    clean = _clean(padded, rate_hz)
    within = peaks - first
    if len(peaks) < FEWEST_ASKED:
        within = np.concatenate([within + copy * len(clean) for copy in range(COPIES)])
        clean = np.tile(clean, COPIES)
    answer = _answer(neurokit.ecg_delineate, clean, within, rate_hz)
    columns = [np.asarray(answer.get(name, ()), dtype=np.float64) for name in _NEUROKIT_NAMES]
    missing = np.full(len(within), np.nan)
    positions = np.stack([column if len(column) == len(within) else missing for column in columns], axis=1)
    return positions[: len(peaks)] + first


def _clean(samples: np.ndarray, rate_hz: float) -> np.ndarray:
    from ecg_text.signal.filters import band_pass_filter, filter_both_ways

    sos, rest = band_pass_filter(HIGH_PASS_HZ, min(LOW_PASS_HZ, 0.45 * rate_hz), 2, rate_hz)
    return filter_both_ways(samples[None] - samples[0], sos, rest, min(round(rate_hz), len(samples) - 1))[0]


def _answer(
    ask: Callable[..., tuple[object, Mapping[str, object]]], clean: np.ndarray, peaks: np.ndarray, rate_hz: float
) -> Mapping[str, object]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            # A rate that is no whole number is told as it is: neurokit2 only divides and multiplies by it.
            return ask(clean, peaks, sampling_rate=rate_hz, method="dwt")[1]
        except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
            return {}  # its known crashes on odd beats; the mask tells that nothing was found


def _in_order(positions: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Which positions (n, 8) stand on their side of the R-peak, each wave's onset before its offset."""
    peak = peaks[:, None]
    in_order = np.empty(positions.shape, dtype=bool)
    in_order[:, :4] = positions[:, :4] <= peak
    in_order[:, 4:] = positions[:, 4:] >= peak
    for start, stop in ((0, 1), (1, 2), (0, 2), (2, 3), (4, 5), (5, 6), (6, 7), (5, 7)):
        # A comparison with NaN is false: an unknown point condemns no other.
        wrong = positions[:, start] > positions[:, stop]
        in_order[wrong, start] = in_order[wrong, stop] = False
    return in_order
