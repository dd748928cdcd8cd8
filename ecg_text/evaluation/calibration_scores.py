"""Probabilities scored: expected calibration error, Brier score and its skill, and what carried-over thresholds reach.

Every figure of a label is made of a few sums over its records, so one matrix product answers all resamples.
Axes: N records, K labels, M resamples, F sums.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import centred_interval, mean_of_known, resample
from ecg_text.evaluation.metrics import checked_labels
from ecg_text.evaluation.reliability import EQUAL_MASS, EQUAL_WIDTH, NUM_BINS, bins_of
from ecg_text.evaluation.scores import ClassScore, Metric, Scores
from ecg_text.hub.calibrated_label import SENSITIVITY_90, SPECIFICITY_95

TRUE_PROBABILITIES = "true probabilities"
NUM_DRAWS = 100  # of labels from the probabilities: the mean of as many knows the second digit of its error

_FIGURES = ("ece", "ece_equal_mass", "brier", "brier_skill")
_RATES = ("sensitivity", "specificity", "ppv", "npv")
SHORT_POINTS = {SENSITIVITY_90: "se90", SPECIFICITY_95: "sp95"}


def evaluate_calibration(
    probability: np.ndarray,
    calls: Mapping[str, np.ndarray],
    labels: np.ndarray,
    prior: np.ndarray,
    names: Sequence[str],
    patient_ids: Sequence[str | None],
    generator: np.random.Generator,
    *,
    num_resamples: int = 1000,
) -> Scores:
    """Score probabilities (N, K), and calls (N, K) at operating points, against labels (N, K) -> Scores.

    prior (K,) is how common each label was where the calibration was fitted. Of each label, and macro over them:

    - ece, the headline: the mean over records of |mean probability - observed share| in 15 bins of equal width (Guo
      et al., 2017); ece_equal_mass: the same in 15 bins of about as many records. A rare label has a small one whatever
      it is given.
    - brier: the mean squared error (Brier, 1950); brier_skill: the share of it that is saved against telling the prior.
    - sensitivity, specificity, ppv, npv @se90 and @sp95: of the calls, NaN where nothing can be divided by.

    A label that is NaN is unfitted and skipped. The base line "true probabilities" is what the same probabilities would
    score on average were they true; the labels for it are drawn after the resamples. The intervals are centred; with
    num_resamples=0 none are taken. Raises DataError where shapes differ, a value is no probability, or no label is
    fitted.
    """
    labels = checked_labels(labels, np.shape(probability))
    fitted = _check(probability, calls, prior, names, patient_ids)
    points = tuple(calls)
    figures = (*_FIGURES, *(f"{rate}@{SHORT_POINTS[point]}" for point in points for rate in _RATES))

    def score(weights: np.ndarray) -> np.ndarray:
        values = np.full((weights.shape[1], len(figures), len(names)), np.nan)
        weights = weights.astype(np.float64)
        for k in fitted:
            called = [np.asarray(calls[point])[:, k] == 1 for point in points]
            sums = _parts(probability[:, k], labels[:, k], float(prior[k]), called) @ weights
            values[:, :, k] = _figures_of(sums, weights.sum(axis=0)).T
        return values

    point = score(np.ones((len(labels), 1)))[0]  # (figures, K)
    samples = np.empty((0, *point.shape))
    if num_resamples:
        samples = resample(score, patient_ids, generator=generator, num_resamples=num_resamples)
    macro = {
        f"macro_{name}": _with_interval(name, value, mean_of_known(samples[:, i]))
        for i, (name, value) in enumerate(zip(figures, mean_of_known(point), strict=True))
        if not np.isnan(value)
    }
    return Scores(
        metrics=macro,
        classes={name: _class_score(k, labels, figures, point, samples) for k, name in enumerate(names)},
        baselines={TRUE_PROBABILITIES: _were_they_true(probability[:, fitted], prior[fitted], generator)},
    )


def _parts(probability: np.ndarray, labels: np.ndarray, prior: float, called: Sequence[np.ndarray]) -> np.ndarray:
    """What each record adds to the sums of one label: (F, N)."""
    gap = probability - labels
    rows = [np.zeros((2 * NUM_BINS, len(labels)))]
    for i, kind in enumerate((EQUAL_WIDTH, EQUAL_MASS)):
        rows[0][i * NUM_BINS + bins_of(probability, kind), np.arange(len(labels))] = gap
    rows.append(np.stack([gap**2, (prior - labels) ** 2]))
    rows += [np.stack([yes & labels, ~yes & labels, yes & ~labels, ~yes & ~labels]) for yes in called]
    return np.concatenate(rows)


def _figures_of(sums: np.ndarray, total: np.ndarray) -> np.ndarray:
    """The figures of one label from its sums: (F, M), (M,) -> (figures, M)."""
    by_bin = np.abs(sums[: 2 * NUM_BINS]).reshape(2, NUM_BINS, -1).sum(axis=1) / total
    error, prior_error = sums[2 * NUM_BINS : 2 * NUM_BINS + 2]
    rows = [*by_bin, error / total, 1.0 - _ratio(error, prior_error)]
    for hit, missed, false, right in sums[2 * NUM_BINS + 2 :].reshape(-1, 4, sums.shape[1]):
        rows += [_ratio(hit, hit + missed), _ratio(right, right + false)]
        rows += [_ratio(hit, hit + false), _ratio(right, right + missed)]
    return np.stack(rows)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def _with_interval(name: str, value: float, samples: np.ndarray) -> Metric:
    return centred_interval(float(value), samples, least=-math.inf if name == "brier_skill" else 0.0)


def _class_score(
    k: int, labels: np.ndarray, figures: Sequence[str], point: np.ndarray, samples: np.ndarray
) -> ClassScore:
    support = int(labels[:, k].sum())
    metrics = {
        name: _with_interval(name, point[i, k], samples[:, i, k])
        for i, name in enumerate(figures)
        if not np.isnan(point[i, k])
    }
    return ClassScore(support=support, metrics=metrics, skipped=None if metrics else "no curve was fitted for it")


def _were_they_true(probability: np.ndarray, prior: np.ndarray, generator: np.random.Generator) -> dict[str, Metric]:
    """What probabilities (N, K) score on average on labels that are drawn from them."""
    rows = []
    for k in range(probability.shape[1]):
        share = probability[:, k]
        gap = share[:, None] - (generator.random((len(share), NUM_DRAWS)) < share[:, None])
        errors = []
        for kind in (EQUAL_WIDTH, EQUAL_MASS):
            member = bins_of(share, kind) == np.arange(NUM_BINS)[:, None]
            errors.append(np.abs(member.astype(np.float64) @ gap).sum(axis=0).mean() / len(share))
        error = (share * (1 - share)).mean()
        told = (prior[k] ** 2 * (1 - share) + (1 - prior[k]) ** 2 * share).mean()
        rows.append([*errors, error, 1 - error / told if told else np.nan])
    values = zip(_FIGURES, mean_of_known(np.array(rows).T), strict=True)
    return {f"macro_{name}": Metric(value=float(value)) for name, value in values if not np.isnan(value)}


def _check(
    probability: np.ndarray,
    calls: Mapping[str, np.ndarray],
    prior: np.ndarray,
    names: Sequence[str],
    patient_ids: Sequence[str | None],
) -> np.ndarray:
    """The numbers of the fitted labels. Raises DataError where something does not go together."""
    shape = np.shape(probability)
    if len(shape) != 2 or not shape[0] or (len(patient_ids), len(names)) != shape or np.shape(prior) != shape[1:]:
        raise DataError(
            f"probabilities {shape}, prior {np.shape(prior)}, {len(names)} names and {len(patient_ids)} patient ids do "
            "not go together; give (records, labels), (labels,), and one name and one id for each"
        )
    for point, called in calls.items():
        if point not in SHORT_POINTS or np.shape(called) != shape:
            raise DataError(
                f"calls at {point!r} have shape {np.shape(called)}; give {shape} at {', '.join(SHORT_POINTS)}"
            )
    unknown = np.isnan(probability)
    if (unknown.any(axis=0) & ~unknown.all(axis=0)).any():
        raise DataError("a label has a probability for some records only; give one for each, or for none")
    fitted = np.flatnonzero(~unknown.any(axis=0))
    if not len(fitted):
        raise DataError(f"none of the {len(names)} labels has probabilities; fit them on a split with more records")
    values = np.concatenate([np.asarray(probability)[:, fitted].ravel(), np.asarray(prior)[fitted]])
    if values.min() < 0 or values.max() > 1:
        raise DataError(f"probabilities lie between {values.min():.3g} and {values.max():.3g}; give fractions, 0 to 1")
    return fitted
