"""Calibration fitted: of each label the curve that predicts unseen patients best, its thresholds and its quantiles.

Axes: N records, K labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import patient_numbers
from ecg_text.evaluation.curves import fit_isotonic, fit_platt, log_loss, operating_points
from ecg_text.evaluation.metrics import checked_matrix
from ecg_text.evaluation.tasks import EmbeddedSplit
from ecg_text.hub.calibrated_label import NUM_QUANTILES, CalibratedLabel, Isotonic, Platt
from ecg_text.hub.calibration import CalibratedPrompts, Calibration, FittedOn
from ecg_text.hub.reference import Reference
from ecg_text.text.prompts import PromptSet
from ecg_text.version import __version__

# Two parameters want some twenty events (Peduzzi et al., 1996); records of one patient are hardly more than one event.
MIN_PATIENTS = 20
NUM_FOLDS = 5

_FITS = (fit_platt, fit_isotonic)  # the plainer first: it stays where the other is no better


class FittedLabels(NamedTuple):
    """Calibrated labels, and out-of-fold probabilities: held_out (N, K), NaN for an unfitted label.

    held_out is what the chosen kind of curve, fitted on the other folds of patients, gives each record.
    """

    labels: tuple[CalibratedLabel, ...]
    held_out: np.ndarray


class FittedPrompts(NamedTuple):
    """A prompt set calibrated; labels (N, K) bool is what the records bear, held_out (N, K) as in FittedLabels."""

    prompts: CalibratedPrompts
    labels: np.ndarray
    held_out: np.ndarray


def calibrate_labels(
    similarity: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    patient_ids: Sequence[str | None],
    generator: np.random.Generator,
) -> FittedLabels:
    """Fit each label: similarities (N, K), labels (N, K), K names, N patient ids -> FittedLabels.

    Platt's curve and the isotonic one are both fitted in each of NUM_FOLDS folds of the patients, drawn by the
    generator; the kind with the lower log loss on the patients left out is fitted again on all. A label that fewer than
    MIN_PATIENTS patients bear, or lack, or whose similarity does not rise with it, stays unfitted and says why.
    Raises DataError where the arrays do not go together.
    """
    similarity, labels = checked_matrix(similarity, labels)
    if len(names) != similarity.shape[1] or len(patient_ids) != len(similarity):
        raise DataError(
            f"{len(names)} names and {len(patient_ids)} patient ids for similarities of shape {similarity.shape}; "
            "give a name for each column and an id (or None) for each row"
        )
    patient = patient_numbers(patient_ids)
    fold = patient_folds(patient, generator)
    fitted, held_out = [], np.full(similarity.shape, np.nan)
    for k, name in enumerate(names):
        label, held_out[:, k] = _calibrate(name, similarity[:, k], labels[:, k], patient, fold)
        fitted.append(label)
    return FittedLabels(tuple(fitted), held_out)


def calibrate_prompts(
    embedded: EmbeddedSplit, prompts: PromptSet, rule: str, generator: np.random.Generator
) -> FittedPrompts:
    """Fit the labels of a prompt set on every record of a split, those that bear none of them included.

    A probability has to hold for a record of which nothing is known, so the records with a label of the set alone,
    which a zero-shot table counts, will not do. Raises DataError where no record bears a label of the set.
    """
    labels = embedded.labels(prompts)
    similarity = embedded.embedder.similarities(embedded.vectors, prompts, rule)
    fitted = calibrate_labels(similarity, labels, prompts.names, embedded.column("patient_id"), generator)
    calibrated = CalibratedPrompts(
        name=prompts.name, version=prompts.version, hash=prompts.hash, rule=rule, labels=fitted.labels
    )
    return FittedPrompts(calibrated, labels, fitted.held_out)


def calibrate_split(
    embedded: EmbeddedSplit, prompt_sets: Sequence[PromptSet], rule: str, *, seed: int, keep_reference: bool
) -> tuple[list[FittedPrompts], Calibration]:
    """Each prompt set fitted on a split, and the calibration that holds them all, with a sample of its vectors if kept.

    Raises DataError where no record bears a label of a set.
    """
    # A fresh generator for each: what is fitted for a set does not depend on which sets are fitted with it.
    fitted = [calibrate_prompts(embedded, one, rule, np.random.default_rng(seed)) for one in prompt_sets]
    sample = Reference.of(embedded.vectors, np.random.default_rng(seed)) if keep_reference else None
    return fitted, calibration_of(embedded, [one.prompts for one in fitted], seed=seed, reference=sample)


def calibration_of(
    embedded: EmbeddedSplit,
    fitted: Sequence[CalibratedPrompts],
    *,
    seed: int,
    reference: Reference | None,
) -> Calibration:
    """The calibration of a model from prompt sets that were fitted on one split of a store."""
    embedder, store = embedded.embedder, embedded.store
    return Calibration(
        model_revision=embedder.revision,
        preprocess_fingerprint=embedder.fingerprint,
        opposite_share=embedder.opposite_share,
        fitted_on=FittedOn(
            data_set=store.catalogue.source,
            split=embedded.split,
            split_hash=store.split_hash,
            num_records=len(embedded.rows),
            num_patients=int(patient_numbers(embedded.column("patient_id")).max()) + 1,
            seed=seed,
            code_version=__version__,
        ),
        prompt_sets=tuple(fitted),
        reference=reference,
    )


def patient_folds(patient: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A fold from 0 to NUM_FOLDS - 1 for each record, the same for all of a patient: patient numbers (N,) -> (N,)."""
    return np.asarray((generator.permutation(int(patient.max()) + 1) % NUM_FOLDS)[patient])


def _calibrate(
    name: str, similarity: np.ndarray, labels: np.ndarray, patient: np.ndarray, fold: np.ndarray
) -> tuple[CalibratedLabel, np.ndarray]:
    curve, held_out = None, np.full(len(labels), np.nan)
    unfitted = _too_few(labels, patient)
    if unfitted is None and fit_platt(similarity, labels).slope <= 0:
        unfitted = "its similarity does not rise with the finding on the fitting split"
    if unfitted is None:
        curve, held_out = _best_curve(similarity, labels, fold)
    label = CalibratedLabel(
        name=name,
        support=int(labels.sum()),
        curve=curve,
        unfitted=unfitted,
        points={} if curve is None else operating_points(similarity, labels),
        quantiles=tuple(np.quantile(similarity, np.linspace(0.0, 1.0, NUM_QUANTILES)).round(5).tolist()),
    )
    return label, held_out


def _too_few(labels: np.ndarray, patient: np.ndarray) -> str | None:
    for value, how in ((True, "with"), (False, "without")):
        num = len(np.unique(patient[labels == value]))
        if num < MIN_PATIENTS:
            return f"patients {how} the finding on the fitting split: {num}; {MIN_PATIENTS} are needed"
    return None


def _best_curve(similarity: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> tuple[Platt | Isotonic, np.ndarray]:
    """The curve of the kind that predicts left-out patients best, and those predictions (N,)."""
    predictions = []
    for fit in _FITS:
        predicted = np.empty(len(labels))
        for left_out in (fold == number for number in np.unique(fold)):
            predicted[left_out] = fit(similarity[~left_out], labels[~left_out])(similarity[left_out])
        predictions.append(predicted)
    best = int(np.argmin([log_loss(predicted, labels) for predicted in predictions]))
    return _FITS[best](similarity, labels), predictions[best]
