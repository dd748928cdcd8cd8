"""From a classifier and a split of a store to a Result: its scores on the labels it learned, or on groups of them.

Axes: N records, K labels asked, L labels learned.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecg_text.data.label_set import LabelSet
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.asked import Fact, facts_of
from ecg_text.evaluation.probe_tasks import benchmark_facts
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.zero_shot import evaluate_zero_shot
from ecg_text.hub.ecg_classifier import Classifier


def told_labels(asked: LabelSet, learned: LabelSet) -> list[np.ndarray]:
    """For each label asked, the labels learned that stand for nothing else: K arrays of numbers.

    So "MI" is asked of one that learned its fourteen statements. Raises ConfigError for a label that none tells.
    """
    found = [
        np.array([number for number, known in enumerate(learned.codes) if set(known) <= set(codes)], dtype=np.int64)
        for codes in asked.codes
    ]
    if untold := [name for name, numbers in zip(asked.names, found, strict=True) if not len(numbers)]:
        raise ConfigError(
            f"the classifier learned {learned.name} ({len(learned)} labels), which tells nothing of "
            f"{', '.join(untold[:5])}; ask for labels it learned"
        )
    return found


def fine_tune_result(
    classifier: Classifier,
    store: Store,
    split: str,
    answers: np.ndarray,
    labels: LabelSet,
    *,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """Macro AUROC and average precision of a label set, from answers (N, L) of the whole split.

    Records without a label of the set take no part. A label that the classifier did not learn as such scores as the
    likeliest of those that make it. The base line "chance" is also what the prior of each label gives, which ranks
    nothing. Raises ConfigError where labels are asked that it did not learn, DataError where no record bears one.
    """
    rows = store.catalogue.where_split(split)
    matrix = labels.matrix(store.catalogue.select(rows))
    asked = np.flatnonzero(matrix.any(axis=1))
    if not len(asked):
        raise DataError(f"no record of the split {split!r} bears a label of {labels.name}; ask for others")
    numbers = told_labels(labels, classifier.labels)
    scores = np.stack([answers[asked][:, of_label].max(axis=1) for of_label in numbers], axis=1)
    patients = store.catalogue.select(rows[asked]).column("patient_id")
    found = evaluate_zero_shot(scores, matrix[asked], labels.names, patients, generator, num_resamples=num_resamples)
    crops = classifier.crops
    told: dict[str, Fact] = {
        "label_set": labels.name,
        "label_hash": labels.hash,
        "learned": classifier.labels.name,
        "windows": "whole ECGs"
        if crops is None
        else f"{crops.num_samples} samples, every half of it, {crops.aggregate}",
        **benchmark_facts(scores, matrix[asked], labels, generator),
        "num_resamples": num_resamples,
    }
    return Result(
        task="fine-tune",
        split=split,
        metrics=found.metrics,
        classes=found.classes,
        baselines=found.baselines,
        provenance={**facts_of(classifier, store, len(asked)), **told, **facts},
    )
