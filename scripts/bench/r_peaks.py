"""Finding beats: a day of one lead, and twelve leads of ten seconds, against sleepecg asked on every lead.

    python scripts/bench/r_peaks.py [--hours 24]

Prints one JSON line; ratio is the time of sleepecg's detector on each of the twelve leads over that of find_beats,
day_ratio its time for the day over that of r_peaks. Both in this run, on synthetic ECGs with ordinary noise; times are
medians, the day's are of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sleepecg import detect_heartbeats

from ecg_text.signal.beats.rpeaks import find_beats, r_peaks
from ecg_text.signal.beats.windows import median_beat
from ecg_text.signal.synthetic.synthesise import synthesise

REPEATS = 50
DAY_RATE_HZ, PIECE_S = 250.0, 600.0


def median_ms(work: Callable[[], object]) -> float:
    """The median time of one call, in milliseconds, after a first that does not count."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def seconds(work: Callable[[], object]) -> float:
    """The time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    arguments = parser.parse_args()

    record = synthesise("sinus rhythm", np.random.default_rng(0), rate_hz=500.0).record
    leads = record.signal.astype(np.float64)
    beats = find_beats(record)
    ours = median_ms(lambda: find_beats(record))
    theirs = median_ms(lambda: [detect_heartbeats(lead, record.rate_hz) for lead in leads])

    piece = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=DAY_RATE_HZ, duration_s=PIECE_S).record
    day = np.tile(piece.lead("II"), max(1, round(arguments.hours * 3600 / PIECE_S)))
    day_ours = seconds(lambda: r_peaks(day, DAY_RATE_HZ))
    day_theirs = seconds(lambda: detect_heartbeats(day.astype(np.float64), DAY_RATE_HZ))
    line = {
        "bench": "r_peaks",
        "hours": round(len(day) / DAY_RATE_HZ / 3600, 2),
        "day_seconds": round(day_ours, 2),
        "day_ratio": round(day_theirs / day_ours, 2),
        "twelve_leads_ms": round(ours, 2),
        "ratio": round(theirs / ours, 2),
        "median_beat_ms": round(median_ms(lambda: median_beat(record, beats)), 2),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
