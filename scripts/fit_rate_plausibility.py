"""Fit the two logistic models of ecg_text/signal/gate/rate.py on PTB-XL at 100 Hz, and print rate_model.py.

Folds 1-7 fit, fold 8 shows what thresholds cost; fold 9 is left to scripts/gate_table.py. The faults are made by
relabelling: the same samples with twice and with half the rate in the header.
Example: python scripts/fit_rate_plausibility.py ../ptbxl --num 6000 > ecg_text/signal/gate/rate_model.py
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from ecg_text.data.sources.ptbxl import ptbxl
from ecg_text.signal.beats.rpeaks import find_beats
from ecg_text.signal.gate.measure import fine_enough
from ecg_text.signal.gate.timing import TIMES, log_times
from ecg_text.signal.read import read

FACTORS = (1.0, 2.0, 0.5)
# Standardised times are clipped there: beyond, a wrong rate is not made more certain.
MOST_SCALES = 4.0
FALSE_ALARMS = (0.002, 0.005, 0.01, 0.02)
HEAD = '''"""The numbers of the two rate models, as scripts/fit_rate_plausibility.py prints them (PTB-XL folds 1-7)."""

from typing import NamedTuple


class LogOdds(NamedTuple):
    """A logistic model in the standardised log times and their squares."""

    constant: float
    linear: tuple[float, ...]
    square: tuple[float, ...]


'''


def times_of(path: Path) -> np.ndarray:
    """The log times (3, 12) of one record with each of FACTORS on its rate; NaN where beats are too few."""
    record = read(path)
    rows = np.full((len(FACTORS), len(TIMES)), np.nan)
    for row, factor in zip(rows, FACTORS, strict=True):
        fine = fine_enough(replace(record, rate_hz=record.rate_hz * factor))
        times = log_times(fine, find_beats(fine))
        if times is not None:
            row[:] = times
    return rows


def known(times: np.ndarray, factor: int) -> np.ndarray:
    """The rows of one factor that are known."""
    rows = times[:, factor]
    return rows[~np.isnan(rows).any(axis=1)]


def literal(values: np.ndarray) -> str:
    """A tuple of numbers as source text."""
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"


def main() -> None:
    """Measure, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ptbxl", type=Path, help="the folder of ptbxl_database.csv and records100")
    parser.add_argument("--num", type=int, default=6000, help="records of folds 1-7 to fit on")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    table = ptbxl(asked.ptbxl, rate_hz=100)
    paths = np.array([str(asked.ptbxl / path) for path in table.column("path")])
    folds = np.array(table.column("fold"))
    fit = np.random.default_rng(0).permutation(np.flatnonzero(folds <= 7))[: asked.num]
    with ProcessPoolExecutor(asked.processes) as pool:
        fitted, held = (
            np.stack(list(pool.map(times_of, map(Path, paths[rows]), chunksize=50)))
            for rows in (fit, np.flatnonzero(folds == 8))
        )
    every = np.concatenate([known(fitted, factor) for factor in range(3)])
    mean, scale = every.mean(axis=0), every.std(axis=0)

    def features(rows: np.ndarray) -> np.ndarray:
        z = np.clip((rows - mean) / scale, -MOST_SCALES, MOST_SCALES)
        return np.concatenate([z, z * z], axis=1)

    lines = [f"MOST_SCALES = {MOST_SCALES}", f"MEANS = {literal(mean)}", f"SCALES = {literal(scale)}"]
    for name, factor in (("TOO_FAST", 1), ("TOO_SLOW", 2)):
        right, wrong = known(fitted, 0), known(fitted, factor)
        truth = np.repeat([0, 1], [len(right), len(wrong)])
        model = LogisticRegression(max_iter=5000).fit(features(np.concatenate([right, wrong])), truth)
        linear, square = np.split(model.coef_[0], 2)
        lines.append(f"{name} = LogOdds({model.intercept_[0]:.4g}, {literal(linear)}, {literal(square)})")
        scores = model.decision_function(features(known(held, 0)))
        found = model.decision_function(features(known(held, factor)))
        for share in FALSE_ALARMS:
            at = np.quantile(scores, 1 - share)
            rate = (found > at).sum() / len(held)
            print(f"{name} fold 8: {share:.1%} above {at:.2f}, found {rate:.1%} of {len(held)}", file=sys.stderr)
    print(HEAD + "\n".join(lines))


if __name__ == "__main__":
    main()
