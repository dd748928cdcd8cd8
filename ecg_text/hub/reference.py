"""Known records to hold a user's own text against: a small sample of vectors, so that any similarity has a percentile.

Which share of known records is less similar to a text cannot be told before the text is asked, so the records' vectors
are kept: in 8 bits a number and no more than 192 KiB of them (768 records of 256 numbers). Their rounding moves a
similarity by about 0.001, and 768 records place a median within 1.8 percentiles (one standard error), the 99th within
0.4. They are vectors of single people's ECGs, without their ids: a calibration can do without them.
Axes: N records asked, K texts, R reference records, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_text.errors import CheckpointError, DataError
from ecg_text.hub.calibrated_label import require_count, require_numbers

MOST_BYTES = 192 * 1024
_MOST_LEVEL = 127


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Unit vectors (R, D) in steps: levels are R * D signed bytes, row after row, each times step.

    Raises CheckpointError where there are not as many levels as num_records and width say, or no record.
    """

    num_records: int
    width: int
    step: float
    levels: bytes

    def __post_init__(self) -> None:
        require_count("the number of reference records", self.num_records)
        require_count("the width of the reference vectors", self.width)
        require_numbers("the step of the reference vectors", (self.step,))
        if not self.levels or len(self.levels) != self.num_records * self.width:
            raise CheckpointError(
                f"the reference has {len(self.levels)} levels for {self.num_records} records of width {self.width}; "
                "it needs one for each number, and a record"
            )

    @classmethod
    def of(cls, vectors: np.ndarray, generator: np.random.Generator) -> Reference:
        """A random sample, without repeats, of unit vectors (N, D): as many as MOST_BYTES hold, or all."""
        num, width = vectors.shape
        if not num or not width:
            raise DataError(f"reference vectors have shape {vectors.shape}; give at least one")
        chosen = generator.permutation(num)[: max(1, MOST_BYTES // width)]
        sample = np.asarray(vectors, dtype=np.float64)[chosen]
        step = float(np.abs(sample).max()) / _MOST_LEVEL or 1.0
        levels = np.round(sample / step).astype(np.int8)
        return cls(num_records=len(levels), width=width, step=step, levels=levels.tobytes())

    @property
    def vectors(self) -> np.ndarray:
        """The vectors, of about unit length: (R, D) float32."""
        levels = np.frombuffer(self.levels, dtype=np.int8).reshape(self.num_records, self.width)
        return levels.astype(np.float32) * np.float32(self.step)

    def percentiles(self, similarity: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The per cent of the reference records that are less similar, ties halved: (N, K), weights (K, D) -> (N, K).

        weights are the unit vectors that the similarities were taken with. NaN stays NaN. Raises DataError on others.
        """
        if np.ndim(weights) != 2 or np.shape(weights)[1] != self.width or np.shape(similarity)[1:] != (len(weights),):
            raise DataError(
                f"similarities {np.shape(similarity)} and weights {np.shape(weights)} do not go with reference vectors "
                f"of width {self.width}; give (N, K) and (K, {self.width})"
            )
        return percentiles_among(self.similarities(weights), similarity)

    def similarities(self, weights: np.ndarray) -> np.ndarray:
        """How similar the records are to each of K unit vectors: weights (K, D) -> (R, K), each column rising."""
        return np.asarray(np.sort(self.vectors @ np.asarray(weights, dtype=np.float32).T, axis=0))


def percentiles_among(known: np.ndarray, similarity: np.ndarray) -> np.ndarray:
    """The per cent of known similarities (R, K), each column rising, below those asked, ties halved: (N, K) -> (N, K).

    NaN stays NaN.
    """
    columns = [
        np.searchsorted(column, asked, "left") + np.searchsorted(column, asked, "right")
        for column, asked in zip(known.T, np.asarray(similarity, dtype=np.float64).T, strict=True)
    ]
    below = np.stack(columns, axis=1) / (2 * len(known)) if columns else np.empty(np.shape(similarity))
    return np.where(np.isnan(similarity), np.nan, 100.0 * below)
