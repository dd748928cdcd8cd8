"""Probes: how well frozen features predict labels, learned from 1, 10 and 100 % of the training records.

A probe is a function (features, labels) -> settings with their scorers. The setting that ranks the records of another
split best is kept, and reported on a third. Axes: N records, K labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import patient_numbers
from ecg_text.evaluation.metrics import macro_auroc
from ecg_text.evaluation.scores import Metric, Scores
from ecg_text.evaluation.zero_shot import evaluate_zero_shot

FRACTIONS = (0.01, 0.1, 1.0)

Scorer = Callable[[Any], np.ndarray]
"""Features of n records -> a score of each label, (n, K)."""

Probe = Callable[[Any, np.ndarray], Iterable[tuple[float, Scorer]]]
"""Features of N records and their labels (N, K) bool -> a setting and the scorer that was learned with it, for each."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ProbeRows:
    """N records: features (an array, or what is indexed like one), labels (N, K) bool and their patients.

    Raises DataError where these are not of one length.
    """

    features: Any
    labels: np.ndarray
    patient_ids: Sequence[str | None]

    def __post_init__(self) -> None:
        if not len(self.features) == len(self.labels) == len(self.patient_ids):
            raise DataError(
                f"{len(self.features)} features, {len(self.labels)} rows of labels and {len(self.patient_ids)} "
                "patients; give one of each for every record"
            )

    def __len__(self) -> int:
        return len(self.labels)


class Chosen(NamedTuple):
    """The setting that ranks the choosing records best, their macro AUROC with it, and its scorer."""

    setting: float
    value: float
    score: Scorer


class ProbeScores(NamedTuple):
    """Scores of the reported records, and what was learned from how many and chosen, by name.

    answers (N, K) are what the probe of the last fraction said of them.
    """

    scores: Scores
    facts: Mapping[str, int | float]
    answers: np.ndarray


def nested_subsets(
    patient_ids: Sequence[str | None], fractions: Sequence[float], generator: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Row numbers, ascending, of so large parts of the records, each a part of every larger one: N ids -> index arrays.

    Patients are drawn in a random order, each with all records, until there are as many records as wanted at least. A
    record without a patient's id is a patient of its own. Raises DataError for a fraction that is not in (0, 1].
    """
    if not all(0 < fraction <= 1 for fraction in fractions):
        raise DataError(f"fractions are {tuple(fractions)}; give numbers above 0, at most 1")
    patient = patient_numbers(patient_ids)
    place = generator.permutation(patient.max() + 1)[patient]  # of each record's patient in the order of the draw
    records = np.cumsum(np.bincount(place))
    wanted = [np.searchsorted(records, fraction * len(patient) - 1e-6) for fraction in fractions]
    return tuple(np.flatnonzero(place <= last) for last in wanted)


def patient_halves(patient_ids: Sequence[str | None], generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of half of the records and of the others, no patient in both: N ids -> two index arrays."""
    [half] = nested_subsets(patient_ids, (0.5,), generator)
    return half, np.setdiff1d(np.arange(len(patient_ids)), half)


def choose(probe: Probe, features: Any, labels: np.ndarray, choosing: ProbeRows) -> Chosen:
    """Learn from records, and keep the setting with the best macro AUROC of others; of equals the first."""
    best: Chosen | None = None
    for setting, score in probe(features, labels):
        value = macro_auroc(score(choosing.features), choosing.labels).value
        if best is None or value > best.value:
            best = Chosen(setting, value, score)
    if best is None or np.isnan(best.value):
        raise DataError(
            f"no label has both values among the {len(choosing)} records to choose with; give a larger split"
        )
    return best


def evaluate_probe(
    probe: Probe,
    train: ProbeRows,
    choosing: ProbeRows,
    reported: ProbeRows,
    names: Sequence[str],
    generator: np.random.Generator,
    *,
    fractions: Sequence[float] = FRACTIONS,
    num_resamples: int = 1000,
) -> ProbeScores:
    """A probe learned from parts of train, chosen on choosing, and scored on reported, with K label names.

    Metrics are macro_auroc and macro_average_precision of each fraction, as in "macro_auroc@1%"; the intervals of all
    are over the same resamples. classes are those of the last fraction. A label without a positive among the records
    learned from is not left out: nothing was learned of it, and it counts with an AUROC of a half. The base line
    "chance" is also what the prior of each label gives, which ranks nothing. facts tell for each fraction the records
    learned from, the labels without a positive among them, the setting and its macro AUROC on choosing. The same
    generator state draws the same records and resamples whatever the features. Raises DataError where a patient is in
    two of the three, or nothing can be learned or scored.
    """
    _refuse_shared_patients(train, choosing, reported)
    metrics: dict[str, Metric] = {}
    chance: dict[str, Metric] = {}
    facts: dict[str, int | float] = {}
    for fraction, rows in zip(fractions, nested_subsets(train.patient_ids, fractions, generator), strict=True):
        labels, part = train.labels[rows], f"@{100 * fraction:g}%"
        chosen = choose(probe, train.features[rows], labels, choosing)
        answers = chosen.score(reported.features)
        scores = evaluate_zero_shot(
            answers,
            reported.labels,
            names,
            reported.patient_ids,
            deepcopy(generator),
            num_resamples=num_resamples,
        )
        metrics |= {name + part: metric for name, metric in scores.metrics.items()}
        chance |= {name + part: metric for name, metric in scores.baselines["chance"].items()}
        facts |= {
            f"train_records{part}": len(rows),
            f"labels_without_positive{part}": int((~labels.any(axis=0)).sum()),
            f"chosen{part}": chosen.setting,
            f"chosen_macro_auroc{part}": round(chosen.value, 5),
        }
    return ProbeScores(Scores(metrics=metrics, classes=scores.classes, baselines={"chance": chance}), facts, answers)


def _refuse_shared_patients(train: ProbeRows, choosing: ProbeRows, reported: ProbeRows) -> None:
    rooms = {"learns": train, "chooses": choosing, "is reported": reported}
    patients = {name: {patient for patient in rows.patient_ids if patient is not None} for name, rows in rooms.items()}
    for first, second in (("learns", "chooses"), ("learns", "is reported"), ("chooses", "is reported")):
        if shared := patients[first] & patients[second]:
            raise DataError(
                f"patient {min(shared)!r} is in what {first} and in what {second}; keep a patient in one split"
            )
