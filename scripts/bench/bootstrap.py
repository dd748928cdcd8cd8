"""The patient-clustered interval of a macro AUROC against resampled records handed to scikit-learn one by one.

    python scripts/bench/bootstrap.py [--num-resamples 1000]

Prints one JSON line; ratio is the time of scikit-learn for one resample over ours, in this run, on one thread. The
problem has the size of PTB-XL's fold 10: 2,200 records of 1,900 patients, 71 labels. scikit-learn is timed on a few
resamples only, which it does one after another.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from sklearn.metrics import roc_auc_score

from ecg_text.evaluation.bootstrap import interval, mean_of_known, resample, weighted_auroc

RECORDS, PATIENTS, LABELS = 2200, 1900, 71
NAIVE_RESAMPLES = 5


def naive(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Macro AUROC of each column of weights, from records repeated as often as they were drawn."""
    values = []
    for column in weights.T:
        drawn = np.repeat(np.arange(len(scores)), column)
        both = [k for k in range(scores.shape[1]) if 0 < labels[drawn, k].sum() < len(drawn)]
        values.append(np.mean([roc_auc_score(labels[drawn, k], scores[drawn, k]) for k in both]))
    return np.array(values)


def main() -> None:
    """Measure both, and see that they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-resamples", type=int, default=1000)
    arguments = parser.parse_args()

    generator = np.random.default_rng(0)
    labels = generator.random((RECORDS, LABELS)) < generator.uniform(0.005, 0.4, size=LABELS)
    scores = generator.normal(size=(RECORDS, LABELS)) + labels
    patients = [str(number) for number in generator.integers(PATIENTS, size=RECORDS)]

    def macro(weights: np.ndarray) -> np.ndarray:
        return mean_of_known(weighted_auroc(scores, labels, weights))

    start = time.perf_counter()
    low, high = interval(resample(macro, patients, generator=generator, num_resamples=arguments.num_resamples))
    ours = time.perf_counter() - start

    weights = resample(lambda columns: columns.T, patients, generator=generator, num_resamples=NAIVE_RESAMPLES).T
    start = time.perf_counter()
    slow = naive(scores, labels, weights)
    theirs = time.perf_counter() - start
    if not np.allclose(slow, macro(weights)):
        raise SystemExit("the two ways do not agree")
    print(
        json.dumps(
            {
                "bench": "bootstrap",
                "num_resamples": arguments.num_resamples,
                "seconds": round(ours, 3),
                "low": round(low, 4),
                "high": round(high, 4),
                "sklearn_seconds_a_resample": round(theirs / NAIVE_RESAMPLES, 4),
                "ratio": round(theirs / NAIVE_RESAMPLES / (ours / arguments.num_resamples), 1),
            }
        )
    )


if __name__ == "__main__":
    main()
