"""The linear probe: one L2-regularised logistic regression for each label on frozen features, all solved at once.

All labels share one matrix of features, so a step of L-BFGS for all of them is two products of matrices; a solver that
takes label after label reads that matrix once for each. Axes: N records, F features, K labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from ecg_text.errors import DataError
from ecg_text.evaluation.metrics import has_both_values

# Strengths of the penalty, half the squared weights, against the summed loss: 1 / C of scikit-learn.
L2_GRID = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)

# The largest slope that is left in any weight, each counted in its own unit. Of the 71 labels of PTB-XL no AUROC is
# then further than 0.0002 from that of the exact least, their mean less than 0.00001.
TOLERANCE = 1e-2
STEPS_PER_ROUND, MOST_ROUNDS = 30, 50
OUT_OF_STEPS = 1  # how SciPy says that it could go on
LEAST_CURVATURE = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearProbe:
    """A fitted probe: weight (F, K) and bias (K,) of features less mean (F,), over scale (F,).

    A label that had one value only among the training rows has no weight, and one logit for all records.
    """

    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """The logit of each label: (n, F) -> (n, K)."""
        return np.asarray(((features - self.mean) / self.scale) @ self.weight + self.bias)


def linear_probes(features: np.ndarray, labels: np.ndarray) -> Iterator[tuple[float, LinearProbe]]:
    """A probe for each strength of L2_GRID, the simplest first: (N, F), (N, K) bool -> strength and probe."""
    problem = _Problem(features, labels)
    inner = None
    for l2 in sorted(L2_GRID, reverse=True):
        inner = problem.solve(l2, TOLERANCE, start=inner)
        yield l2, problem.probe(inner)


def fit_linear(features: np.ndarray, labels: np.ndarray, l2: float, tolerance: float = TOLERANCE) -> LinearProbe:
    """The probe of one strength: the least of loss + l2 / 2 |weight|^2 for each label, its bias being free.

    (N, F), (N, K) bool -> LinearProbe. Raises DataError where shapes differ, or l2 is not above 0.
    """
    problem = _Problem(features, labels)
    return problem.probe(problem.solve(l2, tolerance))


class _Problem:
    """Standardised features in their principal axes, and the labels that can be learned.

    There the penalty is what it was, and the Hessian of each label nearly diagonal: with weights counted in units of
    that diagonal, renewed every STEPS_PER_ROUND steps, those of rare labels are found as soon as those of common ones.
    """

    def __init__(self, features: np.ndarray, labels: np.ndarray) -> None:
        features = np.asarray(features, dtype=np.float64)
        if features.ndim != 2 or labels.ndim != 2 or len(labels) != len(features):
            raise DataError(f"features have shape {features.shape}, labels {labels.shape}; give (N, F) and (N, K)")
        self.mean, spread = features.mean(axis=0), features.std(axis=0)
        self.scale = np.where(spread > 0, spread, 1.0)
        standard = (features - self.mean) / self.scale
        self.variance, self.rotation = np.linalg.eigh(standard.T @ standard / len(standard))
        # A first column of ones for the bias.
        self.columns = np.hstack([np.ones((len(standard), 1)), standard @ self.rotation])
        self.num_labels = labels.shape[1]
        self.learned = np.flatnonzero(has_both_values(labels))
        self.labels = labels[:, self.learned].astype(np.float64)

    def solve(self, l2: float, tolerance: float, *, start: np.ndarray | None = None) -> np.ndarray:
        """Bias and weights of the labels that can be learned, in the principal axes: (F + 1, k)."""
        if not l2 > 0:
            raise DataError(f"l2 is {l2}; give a strength above 0")
        penalty = np.full((self.columns.shape[1], 1), l2)
        penalty[0] = 0.0
        weights = self._priors() if start is None else start
        for _ in range(MOST_ROUNDS if weights.size else 0):
            unit = self._units(weights, penalty)
            found = minimize(
                self._loss_and_slope,
                (weights / unit).ravel(),
                args=(unit, penalty),
                jac=True,
                method="L-BFGS-B",
                options={"maxiter": STEPS_PER_ROUND, "gtol": tolerance, "ftol": 0.0},
            )
            weights = found.x.reshape(unit.shape) * unit
            if found.status != OUT_OF_STEPS:
                break
        return weights

    def _priors(self) -> np.ndarray:
        """Weights of nothing, and the bias that tells each label's share."""
        share = self.labels.mean(axis=0)
        weights = np.zeros((self.columns.shape[1], len(share)))
        weights[0] = np.log(share / (1 - share))
        return weights

    def _units(self, weights: np.ndarray, penalty: np.ndarray) -> np.ndarray:
        """What each weight is counted in, (F + 1, k): one over the root of its place on the Hessian's diagonal here."""
        told = expit(self.columns @ weights)
        curvature = (self.columns**2).T @ (told * (1 - told)) + penalty
        return np.asarray(1 / np.sqrt(np.maximum(curvature, LEAST_CURVATURE)))

    def _loss_and_slope(self, flat: np.ndarray, unit: np.ndarray, penalty: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(unit.shape) * unit
        logits = self.columns @ weights
        losses = np.logaddexp(0.0, logits) - self.labels * logits
        slope = self.columns.T @ (expit(logits) - self.labels) + penalty * weights
        return float(losses.sum() + (penalty * weights**2).sum() / 2), (slope * unit).ravel()

    def probe(self, inner: np.ndarray) -> LinearProbe:
        """The probe with these weights."""
        weight, bias = np.zeros((len(self.mean), self.num_labels)), np.zeros(self.num_labels)
        weight[:, self.learned], bias[self.learned] = self.rotation @ inner[1:], inner[0]
        return LinearProbe(mean=self.mean, scale=self.scale, weight=weight, bias=bias)
