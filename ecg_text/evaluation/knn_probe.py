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


class Neighbours:
    """Training features (N, F), and the most alike of them to the records that were asked last.

    Probes of several numbers of neighbours ask about the same records, which are looked for once.
    """

    def __init__(self, features: np.ndarray, most: int) -> None:
        self._unit, self._most = _unit(features), most
        self._asked: np.ndarray | None = None
        self._found = (np.empty((0, most), dtype=np.int64), np.empty((0, most), dtype=np.float32))

    def of(self, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers and cosines, the most alike first: (n, F) -> (n, most), (n, most)."""
        if self._asked is not asked:
            unit = _unit(asked)
            near, cosine = zip(*(self._nearest(unit[block]) for block in _blocks(len(unit))), strict=True)
            self._asked, self._found = asked, (np.concatenate(near), np.concatenate(cosine))
        return self._found

    def _nearest(self, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cosine = unit @ self._unit.T
        near = np.argpartition(-cosine, self._most - 1, axis=1)[:, : self._most]
        near = np.take_along_axis(near, np.argsort(-np.take_along_axis(cosine, near, axis=1), axis=1), axis=1)
        return near, np.take_along_axis(cosine, near, axis=1)


@dataclass(frozen=True, eq=False, kw_only=True)
class NeighbourProbe:
    """The neighbours among the training records, the labels (N, K) of these, and how many neighbours are asked."""

    neighbours: Neighbours
    labels: np.ndarray
    num_neighbours: int

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """The weighted share of the neighbours that bear each label: (n, F) -> (n, K)."""
        near, cosine = (part[:, : self.num_neighbours] for part in self.neighbours.of(features))
        weight = np.exp((cosine - 1) / TEMPERATURE)
        weight /= weight.sum(axis=1, keepdims=True)
        bears = self.labels.astype(np.float32)
        blocks = _blocks(len(near))
        return np.concatenate([np.einsum("nj,njk->nk", weight[block], bears[near[block]]) for block in blocks])


def knn_probes(features: np.ndarray, labels: np.ndarray) -> Iterator[tuple[float, NeighbourProbe]]:
    """A probe for each number of NEIGHBOURS_GRID that there are records for, at least the first: (N, F), (N, K)."""
    numbers = tuple(dict.fromkeys(min(number, len(features)) for number in NEIGHBOURS_GRID))
    neighbours = Neighbours(features, max(numbers))
    for number in numbers:
        yield number, NeighbourProbe(neighbours=neighbours, labels=labels, num_neighbours=number)


def _blocks(num_records: int) -> Iterator[slice]:
    """The records in blocks: the labels of the neighbours of one are 110 MB for 71 labels."""
    return (slice(start, start + RECORDS_AT_ONCE) for start in range(0, num_records, RECORDS_AT_ONCE))


def _unit(features: np.ndarray) -> np.ndarray:
    features = np.asarray(features, dtype=np.float32)
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
