"""Zero-shot by subgroup: for whom a model is worse, on labels that can be scored in every group, in paired resamples.

A difference is no proof of bias: groups differ in what they have, and in who else is in the split.
Axes: N records, K labels, M resamples, G groups.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.bootstrap import (
    centred_interval,
    mean_of_known,
    patient_numbers,
    resample,
    weighted_auroc,
)
from ecg_text.evaluation.metrics import checked_matrix
from ecg_text.evaluation.scores import ClassScore, Metric, Scores

AGE_BOUNDS = (40, 60, 80)  # years
AXES = ("age", "sex", "device", "site")
WHOLE = "macro_auroc"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Which groups are compared, and on which labels.

    A group with fewer than min_records stands in no row of its own, but belongs to the rest of every other. A label is
    compared where each group of the axis has min_positives records that bear it and as many that do not: of one
    positive alone, a third of the resamples hold none. Raises ConfigError for numbers below 1.
    """

    min_records: int = 100
    min_positives: int = 5

    def __post_init__(self) -> None:
        if self.min_records < 1 or self.min_positives < 1:
            raise ConfigError(
                f"min_records is {self.min_records}, min_positives is {self.min_positives}; give 1 or more of both"
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class Group:
    """One group of an axis: its records (N,) bool, the rest of those whose group is known, and numbers of labels.

    own are the labels that can be scored in the group itself, compared those in every group of the axis.
    """

    name: str
    members: np.ndarray
    rest: np.ndarray
    own: np.ndarray
    compared: np.ndarray


def subgroups_of(catalogue: Catalogue) -> dict[str, list[str | None]]:
    """The group of each record by age band, sex, device and site, None where it is not known: an axis -> N names."""
    bands = [None if age is None or np.isnan(age) else _band(age) for age in catalogue.column("age")]
    return {"age": bands, **{axis: catalogue.column(axis) for axis in AXES[1:]}}


def evaluate_subgroups(
    scores: np.ndarray,
    labels: np.ndarray,
    groups: Mapping[str, Sequence[str | None]],
    patient_ids: Sequence[str | None],
    generator: np.random.Generator,
    *,
    comparison: Comparison,
    num_resamples: int = 1000,
) -> Scores:
    """Score similarities (N, K) against labels (N, K) in each group of each axis: axis -> N names -> Scores.

    macro_auroc is that of all records, on all labels with both values. "macro_auroc/<axis> <group>" is that of a group
    on the labels compared on its axis; "difference/<axis> <group>" how far it lies above that of the rest on the same
    labels, both taken from the same resamples of the patients. classes hold each group: support is its number of
    records, beside num_patients, num_labels_compared, num_labels (those that can be scored in it) and macro_auroc, here
    on all of these, which no two groups share. The base line "chance" is 0.5, and no difference. An axis with fewer
    than two groups, or without a label to compare, is left out. With num_resamples=0 no intervals are taken.
    Raises DataError where shapes differ or no axis is left.
    """
    scores, labels = checked_matrix(scores, labels)
    for what, values in (("patient ids", patient_ids), *groups.items()):
        if len(values) != len(scores):
            raise DataError(f"{len(values)} values of {what} for {len(scores)} records; give one (or None) for each")
    compared = [group for axis, names in groups.items() for group in _groups(axis, names, labels, comparison)]
    if not compared:
        raise DataError(
            f"no two groups of {', '.join(groups) or 'nothing'} have {comparison.min_records} records each and a label "
            f"of which each has {comparison.min_positives} positive and negative records; nothing can be compared"
        )

    def score(weights: np.ndarray) -> np.ndarray:
        whole = mean_of_known(weighted_auroc(scores, labels, weights))
        return np.stack(
            [whole, *(row for group in compared for row in _values(group, scores, labels, weights))], axis=1
        )

    point = score(np.ones((len(scores), 1), dtype=np.int32))[0]
    samples = np.empty((0, len(point)))
    if num_resamples:
        samples = resample(score, patient_ids, generator=generator, num_resamples=num_resamples)
    least = [0.0, *[0.0, -1.0, 0.0] * len(compared)]  # a difference may be negative
    found = [centred_interval(float(value), samples[:, i], least=least[i]) for i, value in enumerate(point)]
    metrics, classes, patient = {WHOLE: found[0]}, {}, patient_numbers(patient_ids)
    for group, own, difference, alone in zip(compared, found[1::3], found[2::3], found[3::3], strict=True):
        metrics |= {f"{WHOLE}/{group.name}": own, f"difference/{group.name}": difference}
        classes[group.name] = ClassScore(
            support=int(group.members.sum()),
            metrics={
                "num_patients": Metric(value=len(np.unique(patient[group.members]))),
                "num_labels_compared": Metric(value=len(group.compared)),
                "num_labels": Metric(value=len(group.own)),
                WHOLE: alone,
            },
        )
    chance = {name: Metric(value=0.0 if name.startswith("difference/") else 0.5) for name in metrics}
    return Scores(metrics=metrics, classes=classes, baselines={"chance": chance})


def _values(group: Group, scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> Iterator[np.ndarray]:
    """The group's macro AUROC on the compared labels, its difference from the rest, and that on its own labels."""
    inside, outside = group.members, group.rest
    own = weighted_auroc(scores[inside][:, group.own], labels[inside][:, group.own], weights[inside])
    of_rest = weighted_auroc(scores[outside][:, group.compared], labels[outside][:, group.compared], weights[outside])
    compared = own[:, np.searchsorted(group.own, group.compared)]
    # Label by label: a label that a resample lost on one side is missing on both.
    yield mean_of_known(compared)
    yield mean_of_known(compared - of_rest)
    yield mean_of_known(own)


def _groups(axis: str, names: Sequence[str | None], labels: np.ndarray, comparison: Comparison) -> Iterator[Group]:
    """The groups of an axis that can be compared, in the order of their names; none where there are no two."""
    known = np.array([name is not None for name in names], dtype=bool)
    members = {
        name: np.array([other == name for other in names], dtype=bool)
        for name in sorted({name for name in names if name is not None}, key=_order)
    }
    members = {name: inside for name, inside in members.items() if inside.sum() >= comparison.min_records}
    own = {name: _scorable(labels[inside], comparison.min_positives) for name, inside in members.items()}
    if len(members) < 2 or not (shared := np.logical_and.reduce(list(own.values()))).any():
        return
    for name, inside in members.items():
        yield Group(
            name=f"{axis} {name}",
            members=inside,
            rest=known & ~inside,
            own=np.flatnonzero(own[name]),
            compared=np.flatnonzero(shared),
        )


def _scorable(labels: np.ndarray, least: int) -> np.ndarray:
    """Whether each label has this many positive and negative records: (n, K) -> (K,)."""
    positives = labels.sum(axis=0)
    return np.asarray((positives >= least) & (len(labels) - positives >= least))


def _band(age: float) -> str:
    """The age band of a person of so many years."""
    if age < AGE_BOUNDS[0]:
        return f"<{AGE_BOUNDS[0]}"
    for low, high in pairwise(AGE_BOUNDS):
        if age < high:
            return f"{low}-{high - 1}"
    return f">={AGE_BOUNDS[-1]}"


def _order(name: str) -> tuple[float, str]:
    """Bands from the youngest on, and whole numbers by their size, before names by the alphabet."""
    number = re.fullmatch(r"([<>=]*)(\d+)(-\d+)?", name)
    return (math.inf if number is None else 0.0 if number[1] == "<" else float(number[2]), name)
