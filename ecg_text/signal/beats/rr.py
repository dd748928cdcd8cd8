"""How beats follow each other: heart rate, and the variability of the time from beat to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_text.errors import ConfigError
from ecg_text.signal.beats.rpeaks import Beats

# A pause beyond 3 s is an event to report (ACC/AHA/HRS 2018 guideline on bradycardia), not variability of the rhythm,
# and just as well it may be beats that were lost in noise. So it is counted, and left out of the statistics.
LONGEST_RR_S = 3.0
NN50_MS = 50.0


@dataclass(frozen=True, kw_only=True)
class RrStatistics:
    """Count of beats, and what their RR intervals say; None where there are too few intervals for a number.

    count: beats. num_intervals: intervals that were used. num_gaps: intervals longer than the longest allowed, left
    out. longest_rr_ms: the longest of all, gaps included. rate_bpm: 60 s over the median interval. The rest as the
    Task Force defines them (Circulation 1996; 93: 1043): mean_rr_ms; sdnn_ms, the standard deviation (n - 1);
    rmssd_ms, the root mean square of the differences of successive intervals; pnn50, the share (0 to 1) of those
    differences above 50 ms. cv: sdnn over mean. All beats count, ectopic ones too.
    """

    count: int
    num_intervals: int
    num_gaps: int
    rate_bpm: float | None
    mean_rr_ms: float | None
    sdnn_ms: float | None
    rmssd_ms: float | None
    pnn50: float | None
    cv: float | None
    longest_rr_ms: float | None


def rr_statistics(beats: Beats, *, longest_rr_s: float = LONGEST_RR_S) -> RrStatistics:
    """The statistics of the RR intervals of beats; an interval longer than longest_rr_s is a gap.

    Two intervals are successive only where no gap is between them. Raises ConfigError for a limit that is not
    positive.
    """
    if not longest_rr_s > 0:
        raise ConfigError(f"longest_rr_s is {longest_rr_s}; give seconds above 0")
    rr_ms = 1000.0 * np.diff(beats.peaks) / beats.rate_hz
    whole = rr_ms <= 1000.0 * longest_rr_s
    used = rr_ms[whole]
    steps = np.diff(rr_ms)[whole[:-1] & whole[1:]]
    mean_ms = float(used.mean()) if len(used) else None
    sdnn_ms = float(used.std(ddof=1)) if len(used) > 1 else None
    return RrStatistics(
        count=len(beats.peaks),
        num_intervals=len(used),
        num_gaps=int((~whole).sum()),
        rate_bpm=60_000.0 / float(np.median(used)) if len(used) else None,
        mean_rr_ms=mean_ms,
        sdnn_ms=sdnn_ms,
        rmssd_ms=float(np.sqrt((steps**2).mean())) if len(steps) else None,
        pnn50=float((np.abs(steps) > NN50_MS).mean()) if len(steps) else None,
        cv=sdnn_ms / mean_ms if sdnn_ms is not None and mean_ms else None,
        longest_rr_ms=float(rr_ms.max()) if len(rr_ms) else None,
    )
