"""From a model and a split of a store to a Result: the scores, beside chance and an encoder that has learned nothing.

Axes: N records, K labels, R distinct reports, D width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.retrieval import evaluate_retrieval
from ecg_text.evaluation.scores import Metric, Scores
from ecg_text.evaluation.zero_shot import evaluate_zero_shot
from ecg_text.hub.embedding import Embedder, Progress
from ecg_text.models.contrast import opposite_share
from ecg_text.text.prompts import PromptSet
from ecg_text.version import __version__

RANDOM_ENCODER = "random encoder"
ROWS = ("labelled", "all")

Fact = str | int | float | bool | None


@dataclass(frozen=True, eq=False, kw_only=True)
class AskedSplit:
    """Records of a split that a model is asked about: rows (N,) of a store."""

    embedder: Embedder
    store: Store
    split: str
    rows: np.ndarray

    def column(self, name: str) -> list[str | None]:
        """One column of the catalogue at these rows."""
        return self.store.catalogue.select(self.rows).column(name)

    def facts(self) -> dict[str, Fact]:
        """What the provenance of a result says of model and data."""
        return {
            "model_revision": self.embedder.revision,
            "preprocess_fingerprint": self.embedder.fingerprint,
            "data_set": self.store.catalogue.source,
            "split_hash": self.store.split_hash,
            "num_records": len(self.rows),
            "code_version": __version__,
        }


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
    the zero-shot weights. Raises ConfigError for other rows or a negative number.
    """

    rule: str = "contrast"
    rows: str = "labelled"
    min_positives: int = 0

    def __post_init__(self) -> None:
        if self.rows not in ROWS:
            raise ConfigError(f"rows is {self.rows!r}; choose one of {', '.join(ROWS)}")
        if self.min_positives < 0:
            raise ConfigError(f"min_positives is {self.min_positives}; give 0 or more")


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
    asked, kept = _asked(embedded, prompts, protocol.min_positives)
    chosen = np.flatnonzero(asked.any(axis=1) | (protocol.rows == "all"))
    embedded, labels = embedded.part(chosen), asked[chosen]
    columns = [prompts.names.index(name) for name in kept]
    similarity = embedded.embedder.similarities(embedded.vectors, prompts, protocol.rule)[:, columns]
    scores = evaluate_zero_shot(
        similarity, labels, kept, embedded.column("patient_id"), generator, num_resamples=num_resamples
    )
    baselines = dict(scores.baselines)
    if random_twin is not None:
        twin = random_twin.part(chosen)
        guess = twin.embedder.similarities(twin.vectors, prompts, protocol.rule)[:, columns]
        baselines[RANDOM_ENCODER] = points_of(
            evaluate_zero_shot(guess, labels, kept, twin.column("patient_id"), generator, num_resamples=0)
        )
    told: dict[str, Fact] = {
        "prompt_set": prompts.name,
        "prompt_version": prompts.version,
        "prompt_hash": prompts.hash,
        "rule": protocol.rule,
        "opposite_share": opposite_share(embedded.embedder.opposite_share, protocol.rule, prompts.ensemble),
        "rows": protocol.rows,
        "min_positives": protocol.min_positives,
        "labels_left_out": ", ".join(name for name in prompts.names if name not in kept),
    }
    return result_of("zero-shot", embedded, scores, baselines, {**told, "num_resamples": num_resamples, **facts})


def retrieval_result(
    embedded: EmbeddedSplit,
    *,
    random_twin: EmbeddedSplit | None,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """ECGs against the distinct reports of a split, both ways; a record without a report takes no part.

    Raises DataError where no record has one.
    """
    reports = [(report or "").strip() for report in embedded.column("report")]
    has_report = np.array([bool(report) for report in reports])
    if not has_report.any():
        raise DataError(f"no record of the split {embedded.split!r} has a report; retrieval needs reports")
    embedded = embedded.part(has_report)
    texts = {text: number for number, text in enumerate(dict.fromkeys(filter(None, reports)))}
    row = np.array([texts[report] for report in reports if report], dtype=np.int64)

    def score(split: EmbeddedSplit, resamples: int) -> Scores:
        vectors = split.embedder.embed_reports(list(texts))
        patients = split.column("patient_id")
        return evaluate_retrieval(split.vectors, vectors, row, patients, generator, num_resamples=resamples)

    scores = score(embedded, num_resamples)
    baselines = dict(scores.baselines)
    if random_twin is not None:
        baselines[RANDOM_ENCODER] = points_of(score(random_twin.part(has_report), 0))
    told: dict[str, Fact] = {"num_distinct_reports": len(texts), "num_resamples": num_resamples}
    return result_of("retrieval", embedded, scores, baselines, {**told, **facts})


def _asked(embedded: EmbeddedSplit, prompts: PromptSet, min_positives: int) -> tuple[np.ndarray, Sequence[str]]:
    """The labels that are common enough: their matrix (N, K) bool over the whole split, and their names."""
    catalogue = embedded.store.catalogue.select(embedded.rows)
    labels = catalogue.label_matrix([label.all_codes for label in prompts.labels])
    support = labels.sum(axis=0)
    if not support.any():
        raise DataError(
            f"no record of the split {embedded.split!r} bears a label of {prompts.name}; "
            f"its codes are {', '.join(code for label in prompts.labels[:5] for code in label.all_codes)}, ..."
        )
    kept = np.flatnonzero(support >= min_positives)
    if not len(kept):
        raise DataError(
            f"no label of {prompts.name} has {min_positives} positive records in the split {embedded.split!r}; "
            f"the most frequent has {support.max()}"
        )
    return labels[:, kept], [prompts.names[k] for k in kept]


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
