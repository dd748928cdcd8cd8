"""The nearest-neighbour probe: a label scores by how many of the most alike training records bear it.

Nothing is fitted but the number of neighbours. Axes: N training records, n records, F features, K labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

NEIGHBOURS_GRID = (5, 10, 20, 50, 100, 200, 400, 800)

# A neighbour counts exp(cosine / TEMPERATURE) (Wu et al., 2018, "Unsupervised feature learning via non-parametric
# instance discrimination", section 3.4): so few records tie, which a bare count would make of a ranking.
TEMPERATURE = 0.07
RECORDS_AT_ONCE = 512


@dataclass(frozen=True, eq=False, kw_only=True)
class NeighbourProbe:
    """Training features (N, F) of unit length, their labels (N, K), and how many neighbours are asked."""

    features: np.ndarray
    labels: np.ndarray
    num_neighbours: int

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """The weighted share of the neighbours that bear each label: (n, F) -> (n, K)."""
        asked = _unit(features)
        parts = [self._of(asked[start : start + RECORDS_AT_ONCE]) for start in range(0, len(asked), RECORDS_AT_ONCE)]
        return np.concatenate(parts)

    def _of(self, asked: np.ndarray) -> np.ndarray:
        cosine = asked @ self.features.T
        near = np.argpartition(-cosine, self.num_neighbours - 1, axis=1)[:, : self.num_neighbours]
        weight = np.exp((np.take_along_axis(cosine, near, axis=1) - 1) / TEMPERATURE)
        votes = np.einsum("nj,njk->nk", weight, self.labels[near].astype(np.float32))
        return np.asarray(votes / weight.sum(axis=1, keepdims=True))


def knn_probes(features: np.ndarray, labels: np.ndarray) -> Iterator[tuple[float, NeighbourProbe]]:
    """A probe for each number of NEIGHBOURS_GRID that there are records for, at least the first: (N, F), (N, K)."""
    unit = _unit(features)
    for number in dict.fromkeys(min(number, len(unit)) for number in NEIGHBOURS_GRID):
        yield number, NeighbourProbe(features=unit, labels=labels, num_neighbours=number)


def _unit(features: np.ndarray) -> np.ndarray:
    features = np.asarray(features, dtype=np.float32)
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
