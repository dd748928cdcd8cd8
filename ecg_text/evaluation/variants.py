"""The same records asked several times over, changed each time: what a change costs, with a paired interval.

Each resample of the patients scores every variant, so the interval of a difference is that of the same patients with
and without the change. Axes: N records, K classes, V variants, M resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecg_text.data.store import Store
from ecg_text.errors import DataError
from ecg_text.evaluation.asked import AskedSplit, Fact
from ecg_text.evaluation.bootstrap import centred_interval, mean_of_known, resample, weighted_auroc
from ecg_text.evaluation.metrics import checked_labels, checked_matrix, macro_auroc
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import Metric, Scores
from ecg_text.evaluation.tasks import (
    ZeroShotProtocol,
    beside_twin,
    labels_asked,
    result_of,
)
from ecg_text.evaluation.zero_shot import check_question, class_scores
from ecg_text.hub.embedding import BATCH, Embedder, Progress
from ecg_text.text.prompts import PromptSet

Ecgs = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Prepared ECGs (B, C, T), lead mask (B, C) and time mask (B, T)."""

Variants = Callable[[Ecgs], Iterator[tuple[str, Ecgs]]]
"""A batch -> each variant of it by its name, the reference first; the same names in the same order for every batch."""


@dataclass(frozen=True, eq=False, kw_only=True)
class VariedSplit(AskedSplit):
    """A split as a model sees it in each variant: unit vectors (N, D) by the variant's name, the reference first."""

    vectors: Mapping[str, np.ndarray]

    def part(self, chosen: np.ndarray) -> VariedSplit:
        """Some of the records only: (N,) bool, or numbers of the rows."""
        vectors = {name: each[chosen] for name, each in self.vectors.items()}
        return replace(self, rows=self.rows[chosen], vectors=vectors)


def embed_varied(
    embedders: Sequence[Embedder], store: Store, split: str, variants: Variants, progress: Progress | None = None
) -> list[VariedSplit]:
    """The same variants of a split as each of some models sees them, batch by batch in the order of the rows.

    A disturbance costs more than to embed it, so each is made once for all models. A record that some variant leaves
    without any lead is left out of all. Raises DataError where none remains, FingerprintError for a model of another
    preprocessing.
    """
    for embedder in embedders:
        embedder.require_prepared(store)
    rows = store.catalogue.where_split(split)
    vectors: list[dict[str, list[np.ndarray]]] = [{} for _ in embedders]
    kept = np.ones(len(rows), dtype=bool)
    for start in range(0, len(rows), BATCH):
        chunk = slice(start, start + BATCH)
        for name, (ecg, lead_mask, time_mask) in variants(store.signals(rows[chunk])):
            kept[chunk] &= lead_mask.any(axis=1)
            for embedder, seen in zip(embedders, vectors, strict=True):
                seen.setdefault(name, []).append(embedder.embed_ecg(ecg, lead_mask, time_mask))
        if progress is not None:
            progress(min(start + BATCH, len(rows)), len(rows))
    if not kept.any():
        raise DataError(f"{store.folder} has no record in the split {split!r} that every variant leaves a lead of")
    return [
        VariedSplit(
            embedder=embedder,
            store=store,
            split=split,
            rows=rows[kept],
            vectors={name: np.concatenate(parts)[kept] for name, parts in seen.items()},
        )
        for embedder, seen in zip(embedders, vectors, strict=True)
    ]


def evaluate_variants(
    similarity: Mapping[str, np.ndarray],
    labels: np.ndarray,
    names: Sequence[str],
    patient_ids: Sequence[str | None],
    generator: np.random.Generator,
    *,
    num_resamples: int = 1000,
) -> Scores:
    """Score each variant, and the rest against the first: V times (N, K), (N, K), K names, N patient ids -> Scores.

    Metrics are macro_auroc/VARIANT, and for all but the first macro_auroc_change/VARIANT, the variant less the first;
    classes hold the AUROC of each variant. With num_resamples=0 no intervals are taken. Raises DataError where shapes
    differ or no class has both values.
    """
    known = {name: checked_matrix(scores, labels)[0] for name, scores in similarity.items()}
    labels = checked_labels(labels, np.shape(labels))
    check_question(labels, names, patient_ids)
    point = {name: macro_auroc(scores, labels) for name, scores in known.items()}
    samples = np.full((0, len(known)), np.nan)
    if num_resamples:
        samples = resample(
            lambda weights: np.stack(
                [mean_of_known(weighted_auroc(scores, labels, weights)) for scores in known.values()], axis=1
            ),
            patient_ids,
            generator=generator,
            num_resamples=num_resamples,
        )  # (M, V)
    first = next(iter(known))
    metrics = {
        f"macro_auroc/{name}": centred_interval(point[name].value, samples[:, v]) for v, name in enumerate(known)
    }
    metrics |= {
        f"macro_auroc_change/{name}": centred_interval(
            point[name].value - point[first].value, samples[:, v] - samples[:, 0], least=-1.0
        )
        for v, name in enumerate(known)
        if v
    }
    chance = {name: Metric(value=0.0 if name.startswith("macro_auroc_change/") else 0.5) for name in metrics}
    classes = class_scores(
        labels, names, lambda k: {name: Metric(value=float(point[name].per_class[k])) for name in known}
    )
    return Scores(metrics=metrics, classes=classes, baselines={"chance": chance})


def variants_result(
    task: str,
    varied: VariedSplit,
    prompts: PromptSet,
    *,
    protocol: ZeroShotProtocol,
    random_twin: VariedSplit | None,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """The labels of a prompt set asked of each variant of a split, beside chance and the untrained twin."""
    asked = labels_asked(varied, prompts, protocol)

    def score(split: VariedSplit, resamples: int) -> Scores:
        split = split.part(asked.rows)
        similarity = {
            name: split.embedder.similarities(vectors, prompts, protocol.rule)[:, asked.columns]
            for name, vectors in split.vectors.items()
        }
        patients = split.column("patient_id")
        return evaluate_variants(similarity, asked.labels, asked.names, patients, generator, num_resamples=resamples)

    scores, baselines = beside_twin(score, varied, random_twin, num_resamples)
    told = {**asked.facts, "num_resamples": num_resamples, **facts}
    return result_of(task, varied.part(asked.rows), scores, baselines, told)
