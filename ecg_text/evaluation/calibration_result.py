"""From a calibration and a split that it was not fitted on to a Result, beside what would be had without it.

Axes: N records, K labels.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.calibration_scores import evaluate_calibration
from ecg_text.evaluation.reliability import NUM_BINS, ReliabilityBin, reliability
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import Metric
from ecg_text.evaluation.tasks import (
    EmbeddedSplit,
    Fact,
    ZeroShotProtocol,
    labels_asked,
    points_of,
    result_of,
)
from ecg_text.hub.calibrated_label import POINTS, Platt
from ecg_text.hub.calibration import CalibratedPrompts, Calibration
from ecg_text.text.prompts import PromptSet

PREVALENCE, UNCALIBRATED = "prevalence", "uncalibrated sigmoid"


def calibration_result(
    embedded: EmbeddedSplit,
    prompts: PromptSet,
    calibration: Calibration,
    *,
    rule: str,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """The probabilities and calls of a calibrated prompt set, scored on every record of another split.

    Base lines: "prevalence" tells every record how common the label was where the calibration was fitted (an ECE of
    nearly 0, and a skill of 0: calibration alone is no knowledge); "uncalibrated sigmoid" takes the model's scaled
    similarity for a logit; "true probabilities" is what the model's would score were they true. Raises DataError where
    the calibration is for something else, or was fitted on this very split.
    """
    fitted = fitted_for(embedded, prompts, calibration, rule)
    similarity = embedded.embedder.similarities(embedded.vectors, prompts, rule)
    asked = labels_asked(embedded, prompts, ZeroShotProtocol(rule=rule, rows="all"))
    labels, patients = asked.labels, embedded.column("patient_id")
    prior = np.array([label.support for label in fitted.labels]) / calibration.fitted_on.num_records
    probability = fitted.probabilities(similarity)
    scores = evaluate_calibration(
        probability,
        {point: fitted.calls(similarity, point) for point in POINTS},
        labels,
        prior,
        prompts.names,
        patients,
        generator,
        num_resamples=num_resamples,
    )

    def without(told: np.ndarray) -> Mapping[str, Metric]:
        told = np.where(np.isnan(probability), np.nan, told)  # of the same labels
        points = evaluate_calibration(told, {}, labels, prior, prompts.names, patients, generator, num_resamples=0)
        return points_of(points)

    raw = Platt(slope=embedded.embedder.model.scale.item(), intercept=0.0)(similarity)
    on = calibration.fitted_on
    told: dict[str, Fact] = {
        **asked.facts,
        "labels_left_out": ", ".join(label.name for label in fitted.labels if label.curve is None),
        "num_bins": NUM_BINS,
        "fitted_on_data_set": on.data_set,
        "fitted_on_split": on.split,
        "fitted_on_split_hash": on.split_hash,
        "fitted_on_num_records": on.num_records,
        "num_resamples": num_resamples,
    }
    baselines = {PREVALENCE: without(np.broadcast_to(prior, probability.shape)), UNCALIBRATED: without(raw)}
    return result_of("calibration", embedded, scores, {**baselines, **scores.baselines}, {**told, **facts})


def reliability_tables(
    embedded: EmbeddedSplit, prompts: PromptSet, calibration: Calibration, rule: str
) -> dict[str, tuple[ReliabilityBin, ...]]:
    """The reliability table of each fitted label on a split, as a plot of it wants it: bins of equal width."""
    fitted = fitted_for(embedded, prompts, calibration, rule)
    probability = fitted.probabilities(embedded.embedder.similarities(embedded.vectors, prompts, rule))
    labels = embedded.labels(prompts)
    return {
        label.name: reliability(probability[:, k], labels[:, k])
        for k, label in enumerate(fitted.labels)
        if label.curve is not None
    }


def fitted_for(embedded: EmbeddedSplit, prompts: PromptSet, calibration: Calibration, rule: str) -> CalibratedPrompts:
    """The labels to score. Raises DataError where none are fitted for this, or they were fitted on these records."""
    model = embedded.embedder
    own = calibration.for_model(model.revision, model.fingerprint, model.opposite_share)
    found = own if isinstance(own, str) else own.for_prompts(prompts, rule, model.revision)
    if isinstance(found, str):
        raise DataError(f"{found}; fit one with ecg-text calibrate")
    on = calibration.fitted_on
    if (on.data_set, on.split_hash, on.split) == (
        embedded.store.catalogue.source,
        embedded.store.split_hash,
        embedded.split,
    ):
        raise DataError(
            f"the calibration was fitted on {on}: on its own records it looks better than it is; choose another split"
        )
    return found
