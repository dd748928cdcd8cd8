"""From a frozen model and a store to the Result of a probe, beside chance and a random encoder probed the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import NamedTuple

import numpy as np

from ecg_text.data.label_set import LabelSet
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.asked import Fact
from ecg_text.evaluation.attentive_probe import EPOCHS, attentive_probes
from ecg_text.evaluation.knn_probe import NEIGHBOURS_GRID, knn_probes
from ecg_text.evaluation.linear_probe import L2_GRID, linear_probes
from ecg_text.evaluation.probe_splits import TRAIN, ProbedSplit, ProbeSplits
from ecg_text.evaluation.probes import FRACTIONS, Probe, ProbeScores, evaluate_probe
from ecg_text.evaluation.ptbxl_benchmark import TASKS, benchmark_interval
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import RANDOM_ENCODER
from ecg_text.evaluation.tasks import points_of, result_of


class ProbeKind(NamedTuple):
    """A probe under the name of its task, and what its settings are."""

    task: str
    probe: Probe
    setting: str


def probe_kind(task: str, seed: int) -> ProbeKind:
    """The probe of a task; the attentive one draws its weights and batches from the seed. Raises ConfigError."""
    kinds = (
        ProbeKind("linear-probe", linear_probes, f"l2 over the summed loss, of {_written(L2_GRID)}"),
        ProbeKind("knn-probe", knn_probes, f"neighbours, of {_written(NEIGHBOURS_GRID)}"),
        ProbeKind("attentive-probe", partial(attentive_probes, seed=seed), f"epochs, of at most {EPOCHS}"),
    )
    for kind in kinds:
        if kind.task == task:
            return kind
    raise ConfigError(f"no probe {task!r}; choose one of {', '.join(kind.task for kind in kinds)}")


def _written(grid: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in grid)


def probe_result(
    kind: ProbeKind,
    splits: ProbeSplits,
    labels: LabelSet,
    *,
    random_twin: ProbeSplits | None,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
    fractions: Sequence[float] = FRACTIONS,
) -> Result:
    """A probe of a label set: macro AUROC and average precision from each fraction of the training records.

    Records without a label of the set take no part. random_twin are the same records as an untrained model of the same
    shape sees them, of which the same probe learns as much. Raises DataError where no record bears a label.
    """
    train, choosing, reported = (part.bearing(labels) for part in (splits.train, splits.choosing, splits.reported))

    def ask(learns: ProbedSplit, chooses: ProbedSplit, is_reported: ProbedSplit, resamples: int) -> ProbeScores:
        return evaluate_probe(
            kind.probe,
            learns.probe_rows(labels),
            chooses.probe_rows(labels),
            is_reported.probe_rows(labels),
            labels.names,
            deepcopy(generator),
            fractions=fractions,
            num_resamples=resamples,
        )

    found = ask(train, choosing, reported, num_resamples)
    baselines = dict(found.scores.baselines)
    if random_twin is not None:
        twins = [part.bearing(labels) for part in (random_twin.train, random_twin.choosing, random_twin.reported)]
        baselines[RANDOM_ENCODER] = points_of(ask(twins[0], twins[1], twins[2], 0).scores)
    told: dict[str, Fact] = {
        "label_set": labels.name,
        "label_hash": labels.hash,
        "features": splits.features,
        "setting": kind.setting,
        "learned_from": TRAIN,
        "chosen_on": splits.chosen_on,
        "num_choosing": len(choosing.rows),
        **found.facts,
        **benchmark_facts(found.answers, reported.labels_of(labels), labels, generator),
        "num_resamples": num_resamples,
    }
    return result_of(kind.task, reported, found.scores, baselines, {**told, **facts})


def benchmark_facts(
    scores: np.ndarray, labels: np.ndarray, label_set: LabelSet, generator: np.random.Generator
) -> dict[str, Fact]:
    """The benchmark's own interval of one of its tasks, as its tables print it, with its bounds; else nothing."""
    if label_set.name not in TASKS:
        return {}
    try:
        found = benchmark_interval(scores, labels, deepcopy(generator))
    except DataError:  # the split has labels that hardly any resample keeps
        return {"benchmark_interval": None}
    return {"benchmark_interval": str(found), "benchmark_low": found.low, "benchmark_high": found.high}
