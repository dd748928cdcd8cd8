"""From a model and a split of a store to a Result by subgroup. Axes: N records, K labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecg_text.evaluation.asked import Fact
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import Scores
from ecg_text.evaluation.subgroups import Comparison, evaluate_subgroups, subgroups_of
from ecg_text.evaluation.tasks import (
    EmbeddedSplit,
    ZeroShotProtocol,
    beside_twin,
    labels_asked,
    result_of,
)
from ecg_text.text.prompts import PromptSet


def subgroup_result(
    embedded: EmbeddedSplit,
    prompts: PromptSet,
    *,
    protocol: ZeroShotProtocol,
    comparison: Comparison,
    random_twin: EmbeddedSplit | None,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """The labels of a prompt set asked of a split, by age band, sex, device and site (evaluation/subgroups.py).

    protocol says which records and labels take part, as for a zero-shot table. The provenance names the groups that
    were too small to compare. Raises DataError where no record bears a label, or nothing can be compared.
    """
    asked = labels_asked(embedded, prompts, protocol)
    part = embedded.part(asked.rows)
    groups = subgroups_of(part.store.catalogue.select(part.rows))

    def score(split: EmbeddedSplit, resamples: int) -> Scores:
        split = split.part(asked.rows)
        similarity = split.embedder.similarities(split.vectors, prompts, protocol.rule)[:, asked.columns]
        patients = split.column("patient_id")
        return evaluate_subgroups(
            similarity, asked.labels, groups, patients, generator, comparison=comparison, num_resamples=resamples
        )

    scores, baselines = beside_twin(score, embedded, random_twin, num_resamples)
    told: dict[str, Fact] = {
        **asked.facts,
        "min_records_of_a_group": comparison.min_records,
        "min_positives_of_a_group": comparison.min_positives,
        "groups_left_out": ", ".join(_left_out(groups, scores)),
        "num_resamples": num_resamples,
    }
    return result_of("subgroups", part, scores, baselines, {**told, **facts})


def _left_out(groups: Mapping[str, Sequence[str | None]], scores: Scores) -> list[str]:
    """The groups that the scores do not tell of, and the axes of which nothing is known."""
    named = [f"{axis} {name}" for axis, names in groups.items() for name in sorted({n for n in names if n is not None})]
    unknown = [f"{axis} (not known)" for axis, names in groups.items() if all(name is None for name in names)]
    return [name for name in named if name not in scores.classes] + unknown
