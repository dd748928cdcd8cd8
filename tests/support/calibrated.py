"""A calibration by hand: one label with a curve, one that says why it has none, and a few known records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecg_text.hub.calibrated_label import POINTS, CalibratedLabel, OperatingPoint, Platt
from ecg_text.hub.calibration import CalibratedPrompts, Calibration, FittedOn
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.reference import Reference
from ecg_text.text.prompts import PromptSet

TOO_FEW = "patients with the finding on the fitting split: 3; 20 are needed"
FITTED_ON = FittedOn(
    data_set="made up",
    split="val",
    split_hash="5a",
    num_records=100,
    num_patients=90,
    seed=3,
    code_version="0.1.0",
)


def fitted_label(name: str, slope: float = 10.0, thresholds: tuple[float, float] = (-0.1, 0.3)) -> CalibratedLabel:
    """A logistic curve through 1/2 at 0, and the two operating points at these thresholds."""
    points = {
        point: OperatingPoint(threshold=threshold, sensitivity=0.9, specificity=0.75)
        for point, threshold in zip(POINTS, thresholds, strict=True)
    }
    return CalibratedLabel(
        name=name,
        support=30,
        curve=Platt(slope=slope, intercept=0.0),
        unfitted=None,
        points=points,
        quantiles=tuple(np.linspace(-1.0, 1.0, 101).tolist()),
    )


def unfitted_label(name: str) -> CalibratedLabel:
    """One of too few patients."""
    return replace(fitted_label(name), curve=None, unfitted=TOO_FEW, points={}, support=3)


def calibration_of(embedder: Embedder, prompts: PromptSet, rule: str = "contrast") -> Calibration:
    """The first label of a prompt set fitted, the others not, for the model of an embedder."""
    first, *others = prompts.names
    width = embedder.model.config.embedding_width
    vectors = np.random.default_rng(5).normal(size=(40, width))
    return Calibration(
        model_revision=embedder.revision,
        preprocess_fingerprint=embedder.fingerprint,
        opposite_share=embedder.opposite_share,
        fitted_on=FITTED_ON,
        prompt_sets=(
            CalibratedPrompts(
                name=prompts.name,
                version=prompts.version,
                hash=prompts.hash,
                rule=rule,
                labels=(fitted_label(first), *map(unfitted_label, others)),
            ),
        ),
        reference=Reference.of(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.random.default_rng(0)),
    )
