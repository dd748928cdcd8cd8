"""Reliability: of the records that were given a probability of about p, is a share of about p as it was said?

Axes: N records, B bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NUM_BINS = 15
EQUAL_WIDTH, EQUAL_MASS = "equal_width", "equal_mass"


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Records of about one probability: their number, the mean of what they were given, the share that was observed."""

    num_records: int
    mean_probability: float
    observed: float

    def to_dict(self) -> dict[str, float]:
        """The bin as a JSON object."""
        return {
            "num_records": self.num_records,
            "mean_probability": self.mean_probability,
            "observed": self.observed,
        }


def bins_of(probability: np.ndarray, kind: str = EQUAL_WIDTH) -> np.ndarray:
    """The bin of each record, from 0 to NUM_BINS - 1: (N,) -> (N,) int.

    equal_width: NUM_BINS stretches from 0 to 1 (Guo et al., 2017). equal_mass: about as many records in each; records
    that tie are not parted, so a bin may be empty (Nixon et al., 2019).
    """
    if kind == EQUAL_WIDTH:
        return np.minimum((probability * NUM_BINS).astype(np.int64), NUM_BINS - 1)
    edges = np.quantile(probability, np.arange(1, NUM_BINS) / NUM_BINS, method="higher")
    return np.searchsorted(edges, probability, side="right").astype(np.int64)


def reliability(probability: np.ndarray, labels: np.ndarray, kind: str = EQUAL_WIDTH) -> tuple[ReliabilityBin, ...]:
    """The bins of one label that hold a record, from the lowest probability on: (N,), (N,) bool -> at most NUM_BINS.

    The expected calibration error is the mean over the records of how far observed and mean_probability lie apart.
    """
    bins = bins_of(probability, kind)
    return tuple(
        ReliabilityBin(
            num_records=int((bins == number).sum()),
            mean_probability=float(probability[bins == number].mean()),
            observed=float(labels[bins == number].mean()),
        )
        for number in np.unique(bins)
    )
