"""Curves from similarity to probability, and thresholds on it, fitted on the records of one label. Axis: N records."""

from __future__ import annotations

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.metrics import checked_labels, checked_scores
from ecg_text.hub.calibrated_label import SENSITIVITY_90, SPECIFICITY_95, Isotonic, OperatingPoint, Platt

SENSITIVITY, SPECIFICITY = 0.90, 0.95
# A similarity is no finer than its float32 rounding; to six decimals, equal ones are equal.
DECIMALS = 6


def smoothed_targets(labels: np.ndarray) -> np.ndarray:
    """What a record's label counts as in a fit: (N,) bool -> (N,), a little above 0 or below 1.

    (positives + 1) / (positives + 2) and 1 / (negatives + 2), the posterior means under a uniform prior (Platt, 1999,
    section 2.2): no finite number of records shows that a probability is 0 or 1.
    """
    positives = int(labels.sum())
    negatives = len(labels) - positives
    return np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))


def fit_platt(similarity: np.ndarray, labels: np.ndarray) -> Platt:
    """The logistic curve with the least log loss against the smoothed targets: (N,), (N,) -> Platt.

    The targets are its only regularisation, as in Platt (1999), and keep it finite where the labels are separable.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    similarity, labels = _checked(similarity, labels)
    targets = smoothed_targets(labels)
    centre, spread = float(similarity.mean()), float(similarity.std()) or 1.0
    design = np.stack([(similarity - centre) / spread, np.ones(len(similarity))])  # (2, N)

    def loss(point: np.ndarray) -> float:
        logits = point @ design
        return float((np.logaddexp(0.0, logits) - targets * logits).sum())

    def gradient(point: np.ndarray) -> np.ndarray:
        return np.asarray(design @ (expit(point @ design) - targets))

    def curvature(point: np.ndarray) -> np.ndarray:
        share = expit(point @ design)
        return np.asarray((design * (share * (1 - share))) @ design.T)

    start = np.array([0.0, np.log(targets.mean() / (1 - targets.mean()))])
    found = minimize(loss, start, method="trust-exact", jac=gradient, hess=curvature, options={"gtol": 1e-7})
    slope, intercept = found.x
    return Platt(slope=float(slope / spread), intercept=float(intercept - slope * centre / spread))


def fit_isotonic(similarity: np.ndarray, labels: np.ndarray) -> Isotonic:
    """The rising curve with the least squared error against the smoothed targets: (N,), (N,) -> Isotonic.

    Pool-adjacent-violators (Zadrozny and Elkan, 2002); records of equal similarity are one knot. Only the knots at the
    ends of level stretches are kept: the others lie on the line between them.
    """
    from scipy.optimize import isotonic_regression

    similarity, labels = _checked(similarity, labels)
    knots, place, count = np.unique(similarity.round(DECIMALS), return_inverse=True, return_counts=True)
    share = np.bincount(place, weights=smoothed_targets(labels)) / count
    level = isotonic_regression(share, weights=count).x
    step = np.diff(level) != 0
    ends = np.append(True, step) | np.append(step, True)
    return Isotonic(
        similarity=tuple(knots[ends].tolist()),
        probability=tuple(float(f"{value:.6g}") for value in level[ends].clip(0.0, 1.0)),
    )


def log_loss(probability: np.ndarray, labels: np.ndarray) -> float:
    """The mean of minus the log of the probability given to what was the case: (N,), (N,) -> nats a record."""
    right = np.where(labels, probability, 1.0 - probability)
    return float(-np.log(np.maximum(right, np.finfo(np.float64).tiny)).mean())


def operating_points(similarity: np.ndarray, labels: np.ndarray) -> dict[str, OperatingPoint]:
    """The highest threshold of at least 90 % sensitivity, and the lowest of at least 95 % specificity: (N,), (N,).

    A label is called from the threshold on. It stands half-way between the two similarities that it parts, so that
    rounding changes no call. Raises DataError where no record bears the label, or each does.
    """
    similarity, labels = _checked(similarity, labels)
    if not labels.any() or labels.all():
        raise DataError(f"{int(labels.sum())} of {len(labels)} records bear the label; a threshold needs both")
    values = np.unique(similarity)
    # From the lowest value on, from the next on, ..., and beyond the highest.
    edges = np.concatenate([[values[0]], (values[:-1] + values[1:]) / 2, [np.nextafter(values[-1], np.inf)]])
    edges[1:-1] = np.maximum(edges[1:-1], np.nextafter(values[:-1], np.inf))
    sensitivity = 1.0 - np.searchsorted(np.sort(similarity[labels]), edges, "left") / labels.sum()
    specificity = np.searchsorted(np.sort(similarity[~labels]), edges, "left") / (~labels).sum()
    places = {
        SENSITIVITY_90: int(np.flatnonzero(sensitivity >= SENSITIVITY - 1e-12)[-1]),
        SPECIFICITY_95: int(np.flatnonzero(specificity >= SPECIFICITY - 1e-12)[0]),
    }
    return {
        name: OperatingPoint(
            threshold=float(edges[place]), sensitivity=float(sensitivity[place]), specificity=float(specificity[place])
        )
        for name, place in places.items()
    }


def _checked(similarity: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Similarities and labels of one label: (N,) float64 and (N,) bool. Raises DataError where they cannot be."""
    if np.ndim(similarity) != 1 or not np.size(similarity):
        raise DataError(f"similarities have shape {np.shape(similarity)}; give one for each record, (records,)")
    return checked_scores(similarity), checked_labels(labels, np.shape(similarity))
