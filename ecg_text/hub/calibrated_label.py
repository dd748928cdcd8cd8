"""One label, calibrated: from its similarity to a probability, to a percentile among known records, and to calls.

A similarity ranks; how often a finding is there at a similarity is learned from records that bear labels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ecg_text.errors import CheckpointError

SENSITIVITY_90, SPECIFICITY_95 = "sensitivity_90", "specificity_95"
POINTS = (SENSITIVITY_90, SPECIFICITY_95)
NUM_QUANTILES = 101  # 0 to 100 % in steps of 1 %


@dataclass(frozen=True, kw_only=True)
class Platt:
    """A logistic curve: probability = 1 / (1 + exp(-(slope * similarity + intercept))) (Platt, 1999)."""

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        require_numbers("a logistic curve", (self.slope, self.intercept))

    def __call__(self, similarity: np.ndarray) -> np.ndarray:
        """Similarities of any shape as probabilities of the same; NaN stays NaN."""
        logit = self.slope * similarity + self.intercept
        # The logarithm first: its exponential neither overflows nor becomes 0 too early.
        return np.asarray(np.exp(np.minimum(logit, 0.0) - np.log1p(np.exp(-np.abs(logit)))))


@dataclass(frozen=True, kw_only=True)
class Isotonic:
    """A rising curve through knots, straight between them and level beyond (Zadrozny and Elkan, 2002).

    Raises CheckpointError where the similarities do not rise, or the probabilities fall or are none.
    """

    similarity: tuple[float, ...]
    probability: tuple[float, ...]

    def __post_init__(self) -> None:
        require_numbers("a rising curve", (*self.similarity, *self.probability))
        if not self.similarity or len(self.similarity) != len(self.probability):
            raise CheckpointError(
                f"a rising curve has {len(self.similarity)} similarities and {len(self.probability)} probabilities; "
                "it needs as many of both"
            )
        if any(left >= right for left, right in pairwise(self.similarity)):
            raise CheckpointError("the similarities of a rising curve do not rise")
        require_ascending("the probabilities of a rising curve", self.probability)
        if self.probability[0] < 0 or self.probability[-1] > 1:
            raise CheckpointError("the probabilities of a rising curve are not all between 0 and 1")

    def __call__(self, similarity: np.ndarray) -> np.ndarray:
        """Similarities of any shape as probabilities of the same; NaN stays NaN."""
        return np.asarray(np.interp(similarity, self.similarity, self.probability))


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """A threshold on the similarity, from which on a label is called, and what it reached on the fitting split."""

    threshold: float
    sensitivity: float
    specificity: float

    def __post_init__(self) -> None:
        require_numbers("an operating point", (self.threshold, self.sensitivity, self.specificity))
        if not (0 <= self.sensitivity <= 1 and 0 <= self.specificity <= 1):
            raise CheckpointError(
                f"an operating point has sensitivity {self.sensitivity} and specificity {self.specificity}; "
                "both are fractions"
            )


@dataclass(frozen=True, kw_only=True)
class CalibratedLabel:
    """What the fitting split says of one label: support is the number of its records there that bear the label.

    curve is None where it could not be fitted, and unfitted then says why; there are no operating points then.
    points are those of POINTS by their name. quantiles are the similarities below which 0, 1, ... 100 % of the split's
    records lie, whether they bear the label or not. Raises CheckpointError where these do not go together.
    """

    name: str
    support: int
    curve: Platt | Isotonic | None
    unfitted: str | None
    points: Mapping[str, OperatingPoint] = field(default_factory=dict)
    quantiles: tuple[float, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise CheckpointError(f"a calibrated label is called {self.name!r}; give it a name")
        where = f"label {self.name!r}"
        require_count(f"{where}: support", self.support)
        if (self.curve is None) != (isinstance(self.unfitted, str) and bool(self.unfitted)):
            raise CheckpointError(f"{where} needs either a curve, or the reason why it has none")
        if self.points.keys() != (set(POINTS) if self.curve is not None else set()):
            raise CheckpointError(
                f"{where} has the operating points {', '.join(self.points) or 'none'}; it should have "
                f"{', '.join(POINTS)}, or none where it is not fitted"
            )
        if len(self.quantiles) != NUM_QUANTILES:
            raise CheckpointError(f"{where} has {len(self.quantiles)} quantiles; it needs {NUM_QUANTILES}")
        require_numbers(where, self.quantiles)
        require_ascending(f"{where}: the quantiles", self.quantiles)

    def probability(self, similarity: np.ndarray) -> np.ndarray:
        """How often the label is there at a similarity: any shape -> the same, NaN where it is not fitted."""
        return np.full(np.shape(similarity), np.nan) if self.curve is None else self.curve(similarity)

    def percentile(self, similarity: np.ndarray) -> np.ndarray:
        """The per cent of the fitting split's records that are less similar: any shape -> the same, NaN for NaN."""
        values, place = np.unique(self.quantiles, return_inverse=True)
        # Records that tie stand in the middle of the share that ties.
        middle = np.bincount(place, weights=np.arange(NUM_QUANTILES)) / np.bincount(place)
        return np.asarray(np.interp(similarity, values, middle, left=0.0, right=100.0))

    def called(self, similarity: np.ndarray, point: str) -> np.ndarray:
        """Whether the label is called at an operating point, 1 or 0: any shape -> the same, NaN where there is none."""
        if point not in self.points:
            return np.full(np.shape(similarity), np.nan)
        return np.where(np.isnan(similarity), np.nan, np.asarray(similarity) >= self.points[point].threshold)


def require_numbers(what: str, values: Sequence[object]) -> None:
    """Raises CheckpointError where one of the values is no finite number."""
    for value in values:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise CheckpointError(f"{what} holds {value!r}; it needs finite numbers")


def require_count(what: str, value: object) -> None:
    """Raises CheckpointError where the value is no whole number from 0 on."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise CheckpointError(f"{what} is {value!r}; it should be a whole number, 0 or more")


def require_ascending(what: str, values: Sequence[float]) -> None:
    """Raises CheckpointError where a value is below the one before it."""
    if any(left > right for left, right in pairwise(values)):
        raise CheckpointError(f"{what} do not rise")
