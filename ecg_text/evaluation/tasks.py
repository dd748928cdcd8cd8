"""From a model and a split of a store to a Result: the scores, beside chance and an encoder that has learned nothing.

Axes: N records, K labels, R distinct reports, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np

from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.asked import AskedSplit, Fact
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import RANDOM_ENCODER, Metric, Scores
from ecg_text.evaluation.zero_shot import evaluate_zero_shot
from ecg_text.hub.embedding import Embedder, Progress
from ecg_text.models.contrast import opposite_share
from ecg_text.text.prompts import PromptSet

ROWS = ("labelled", "all")

Split = TypeVar("Split", bound=AskedSplit)


@dataclass(frozen=True, eq=False, kw_only=True)
class EmbeddedSplit(AskedSplit):
    """A split of a store as a model sees it: rows (N,) of the store and their unit vectors (N, D)."""

    vectors: np.ndarray

    def part(self, chosen: np.ndarray) -> EmbeddedSplit:
        """Some of the records only: (N,) bool, or numbers of the rows."""
        return replace(self, rows=self.rows[chosen], vectors=self.vectors[chosen])


@dataclass(frozen=True, kw_only=True)
class ZeroShotProtocol:
    """What is asked of whom.

    rows: "labelled" scores the records that bear at least one label of the set (the tables of MERL and MELP), "all"
    every record of the split. Labels with fewer than min_positives records in the split are left out. rule is that of
    the zero-shot weights. name tells results apart that are not to be compared. Raises ConfigError for other rows or a
    negative number.
    """

    rule: str = "contrast"
    rows: str = "labelled"
    min_positives: int = 0
    name: str = "ecg_text"

    def __post_init__(self) -> None:
        if self.rows not in ROWS:
            raise ConfigError(f"rows is {self.rows!r}; choose one of {', '.join(ROWS)}")
        if self.min_positives < 0:
            raise ConfigError(f"min_positives is {self.min_positives}; give 0 or more")


# One text a class, its raw cosine, no opposite (MERL, Liu et al., ICML 2024; MELP, Wang et al., ICML 2025).
MERL = ZeroShotProtocol(rule="cosine", rows="labelled", min_positives=0, name="merl")
# A stranger's question is asked of every record; with fewer positives a label's AUROC is mostly chance.
PLAIN_NAMES = ZeroShotProtocol(rule="contrast", rows="all", min_positives=15, name="plain-names")


class LabelsAsked(NamedTuple):
    """What is scored: numbers of the records (n,) and of the labels (k,), labels (n, k) and their names; and the facts.

    facts is what the provenance of a result says of the questions.
    """

    rows: np.ndarray
    columns: np.ndarray
    labels: np.ndarray
    names: Sequence[str]
    facts: Mapping[str, Fact]


def embed_split(embedder: Embedder, store: Store, split: str, progress: Progress | None = None) -> EmbeddedSplit:
    """Embed every record of a split. Raises DataError where it is empty, FingerprintError for another preprocessing."""
    rows = store.catalogue.where_split(split)
    if not len(rows):
        raise DataError(f"{store.folder} has no record in the split {split!r}; choose another split")
    vectors = embedder.embed_store(store, rows, progress)
    return EmbeddedSplit(embedder=embedder, store=store, split=split, rows=rows, vectors=vectors)


def zero_shot_result(
    embedded: EmbeddedSplit,
    prompts: PromptSet,
    *,
    protocol: ZeroShotProtocol,
    random_twin: EmbeddedSplit | None,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """The labels of a prompt set asked of a split: macro AUROC and average precision, and those of each label.

    random_twin is the same split as an untrained model of the same shape sees it. facts (seed, command) go
    into the provenance. Raises DataError where no record bears a label of the set.
    """
    asked = labels_asked(embedded, prompts, protocol)

    def score(split: EmbeddedSplit, resamples: int) -> Scores:
        split = split.part(asked.rows)
        similarity = split.embedder.similarities(split.vectors, prompts, protocol.rule)[:, asked.columns]
        patients = split.column("patient_id")
        return evaluate_zero_shot(similarity, asked.labels, asked.names, patients, generator, num_resamples=resamples)

    scores, baselines = beside_twin(score, embedded, random_twin, num_resamples)
    told = {**asked.facts, "num_resamples": num_resamples, **facts}
    return result_of("zero-shot", embedded.part(asked.rows), scores, baselines, told)


def labels_asked(asked: AskedSplit, prompts: PromptSet, protocol: ZeroShotProtocol) -> LabelsAsked:
    """Which records and labels of a split a protocol scores. Raises DataError where none can be."""
    labels = asked.labels(prompts)
    support = labels.sum(axis=0)
    columns = np.flatnonzero(support >= protocol.min_positives)
    if not len(columns):
        raise DataError(
            f"no label of {prompts.name} has {protocol.min_positives} positive records in the split {asked.split!r}; "
            f"the most frequent has {support.max()}"
        )
    labels = labels[:, columns]
    rows = np.flatnonzero(labels.any(axis=1) | (protocol.rows == "all"))
    names = [prompts.names[k] for k in columns]
    facts: dict[str, Fact] = {
        "protocol": protocol.name,
        "prompt_set": prompts.name,
        "prompt_version": prompts.version,
        "prompt_hash": prompts.hash,
        "rule": protocol.rule,
        "opposite_share": opposite_share(asked.embedder.opposite_share, protocol.rule, prompts.ensemble),
        "rows": protocol.rows,
        "min_positives": protocol.min_positives,
        "labels_left_out": ", ".join(name for name in prompts.names if name not in names),
    }
    return LabelsAsked(rows, columns, labels[rows], names, facts)


def beside_twin(
    score: Callable[[Split, int], Scores], split: Split, random_twin: Split | None, num_resamples: int
) -> tuple[Scores, dict[str, Mapping[str, Metric]]]:
    """The scores of a split with intervals, and their base lines, the points of an untrained twin among them.

    score takes a split and the number of resamples; random_twin is the same split as an untrained model of the same
    shape sees it.
    """
    scores = score(split, num_resamples)
    twin = {} if random_twin is None else {RANDOM_ENCODER: points_of(score(random_twin, 0))}
    return scores, {**scores.baselines, **twin}


def points_of(scores: Scores) -> Mapping[str, Metric]:
    """The metrics without their intervals, as they stand beside those of a model."""
    return {name: Metric(value=metric.value) for name, metric in scores.metrics.items()}


def result_of(
    task: str,
    asked: AskedSplit,
    scores: Scores,
    baselines: Mapping[str, Mapping[str, Metric]],
    told: Mapping[str, Fact],
) -> Result:
    """The result of a task on a split, its provenance what the split tells and what is told beside it."""
    return Result(
        task=task,
        split=asked.split,
        metrics=scores.metrics,
        classes=scores.classes,
        baselines=baselines,
        provenance={**asked.facts(), **told},
    )
