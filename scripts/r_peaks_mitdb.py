"""R-peaks against the annotations of the MIT-BIH Arrhythmia Database (Moody and Mark, 2001).

    python scripts/r_peaks_mitdb.py FOLDER [--single-lead]

FOLDER holds WFDB records (.hea, .dat, .atr). A found beat and an annotated one are the same within 75 ms, one to one.
Sensitivity, precision and F1 of each record and their means are printed as a table. Annotations that are no beats
(rhythm changes, noise marks) do not count.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import wfdb

from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import find_beats, r_peaks

BEAT_SYMBOLS = frozenset("NLRBAaJSVrFejnE/fQ?")
TOLERANCE_S = 0.075


def count_matches(truth: np.ndarray, found: np.ndarray, tolerance: float) -> int:
    """How many pairs of truth and found, both in order, are within tolerance; each beat is in one pair at most."""
    pairs = i = j = 0
    while i < len(truth) and j < len(found):
        distance = found[j] - truth[i]
        if abs(distance) <= tolerance:
            pairs, i, j = pairs + 1, i + 1, j + 1
        elif distance < 0:
            j += 1
        else:
            i += 1
    return pairs


def score(truth: np.ndarray, found: np.ndarray, rate_hz: float) -> tuple[float, float, float]:
    """Sensitivity, precision and F1 of found beats against true ones, at TOLERANCE_S."""
    matches = count_matches(truth, found, TOLERANCE_S * rate_hz)
    either = len(truth) + len(found)
    return matches / max(1, len(truth)), matches / max(1, len(found)), 2 * matches / max(1, either)


def read_annotated(path: Path) -> tuple[Record, np.ndarray]:
    """A record of the database, and the samples of its annotated beats (n,)."""
    stored = wfdb.rdrecord(str(path))
    notes = wfdb.rdann(str(path), "atr")
    beats = [sample for sample, symbol in zip(notes.sample, notes.symbol, strict=True) if symbol in BEAT_SYMBOLS]
    record = Record(signal=stored.p_signal.T, rate_hz=stored.fs, leads=tuple(stored.sig_name), record_id=path.name)
    return record, np.array(beats)


def main() -> None:
    """Score every record of a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--single-lead", action="store_true", help="the first lead alone, as r_peaks sees it")
    arguments = parser.parse_args()

    paths = sorted(path.with_suffix("") for path in arguments.folder.glob("*.atr"))
    if not paths:
        raise SystemExit(f"{arguments.folder} has no .atr files; give the folder of the database's records")
    print("| record | leads | beats | sensitivity | precision | F1 |\n|---|---|---|---|---|---|")
    scores = []
    for path in paths:
        record, truth = read_annotated(path)
        single = arguments.single_lead
        found = r_peaks(record.signal[0], record.rate_hz) if single else find_beats(record).peaks
        scores.append(score(truth, found, record.rate_hz))
        leads = " ".join(record.leads[:1] if single else record.leads)
        print(f"| {path.name} | {leads} | {len(truth)} | " + " | ".join(f"{value:.4f}" for value in scores[-1]) + " |")
    print("| mean | | | " + " | ".join(f"{value:.4f}" for value in np.mean(scores, axis=0)) + " |")


if __name__ == "__main__":
    main()
