"""Retrieval on a split of a store: reports and ECGs both ways, and ECGs among themselves.

A right answer bears the same report; where prompt sets are given, answers are also graded by their labels. An ECG meets
neither itself nor, unless that is asked for, other records of its patient: to find these is to know the patient again,
and evaluation/patient_id.py asks for that. A report meets every ECG, its own among them. Axes: N records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.asked import Fact
from ecg_text.evaluation.ecg_to_ecg import groups_apart, rank_similar
from ecg_text.evaluation.graded import Side, grade, score_graded
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.retrieval import chance_of_ranks, evaluate_retrieval, score_ranks
from ecg_text.evaluation.scores import Metric, Scores
from ecg_text.evaluation.tasks import EmbeddedSplit, beside_twin, result_of
from ecg_text.text.prompts import PromptSet


def retrieval_result(
    embedded: EmbeddedSplit,
    prompt_sets: Sequence[PromptSet] = (),
    *,
    keep_same_patient: bool = False,
    random_twin: EmbeddedSplit | None,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """ECGs against the distinct reports of a split, both ways, and against each other; graded by each prompt set.

    A record without a report takes no part. Raises DataError where no record has one, or none bears a label of a set.
    """
    reports = [(report or "").strip() for report in embedded.column("report")]
    has_report = np.array([bool(report) for report in reports])
    if not has_report.any():
        raise DataError(f"no record of the split {embedded.split!r} has a report; retrieval needs reports")
    asked = embedded.part(has_report)
    texts = {text: number for number, text in enumerate(dict.fromkeys(filter(None, reports)))}
    row = np.array([texts[report] for report in reports if report], dtype=np.int64)
    group = groups_apart(asked.column("patient_id"), keep_same_patient=keep_same_patient)
    labels = {prompts.name: asked.labels(prompts) for prompts in prompt_sets}

    def score(split: EmbeddedSplit, resamples: int) -> Scores:
        split = split.part(has_report)
        vectors, patients = split.embedder.embed_reports(list(texts)), split.column("patient_id")
        parts = [
            evaluate_retrieval(split.vectors, vectors, row, patients, generator, num_resamples=resamples),
            _similar(split.vectors, row, group, patients, generator, resamples),
            *(
                _graded(name, split.vectors, vectors[row], borne, group, patients, generator, resamples)
                for name, borne in labels.items()
            ),
        ]
        chance = {name: metric for part in parts for name, metric in part.baselines["chance"].items()}
        metrics = {name: metric for part in parts for name, metric in part.metrics.items()}
        return Scores(metrics=metrics, baselines={"chance": chance})

    scores, baselines = beside_twin(score, embedded, random_twin, num_resamples)
    told: dict[str, Fact] = {
        "num_distinct_reports": len(texts),
        "num_ecgs_with_an_equal_report": _num_with_equal(row, group),
        "same_patient": "met" if keep_same_patient else "left out",
        "ndcg": "Jaccard of the labels, discount log2(1 + rank)" if prompt_sets else None,
        "prompt_sets": ", ".join(f"{one.name} v{one.version} {one.hash}" for one in prompt_sets) or None,
        "num_resamples": num_resamples,
    }
    return result_of("retrieval", asked, scores, baselines, {**told, **facts})


def _num_with_equal(row: np.ndarray, group: np.ndarray) -> int:
    """How many records bear a text that a record of another group bears, too."""
    groups_of_text = np.bincount(np.unique(np.stack([row, group], axis=1), axis=0)[:, 0])
    return int((groups_of_text[row] > 1).sum())


def _similar(
    ecg: np.ndarray,
    row: np.ndarray,
    group: np.ndarray,
    patient_ids: Sequence[str | None],
    generator: np.random.Generator,
    num_resamples: int,
) -> Scores:
    """Recall and median rank among ECGs, of those that have an equal report to be found; no metric where none has."""
    found = rank_similar(ecg, row, group)
    asked = found.ranks > 0
    if not asked.any():
        return Scores(metrics={}, baselines={"chance": {}})
    patients = [patient for patient, kept in zip(patient_ids, asked, strict=True) if kept]
    return Scores(
        metrics=score_ranks("ecg_to_ecg", found.ranks[asked], patients, generator, num_resamples),
        baselines={"chance": chance_of_ranks("ecg_to_ecg", found.right[asked], found.gallery[asked])},
    )


def _graded(
    name: str,
    ecg: np.ndarray,
    report: np.ndarray,
    labels: np.ndarray,
    group: np.ndarray,
    patient_ids: Sequence[str | None],
    generator: np.random.Generator,
    num_resamples: int,
) -> Scores:
    """nDCG@10 of ECGs asked by ECGs, and by their own reports (N, D), which meet every ECG."""
    gallery, nobody = Side(vectors=ecg, labels=labels, group=group), np.full(len(ecg), -1)
    ways = {"report_to_ecg": Side(vectors=report, labels=labels, group=nobody), "ecg_to_ecg": gallery}
    metrics: dict[str, Metric] = {}
    chance: dict[str, Metric] = {}
    for way, query in ways.items():
        metric = f"{way}_ndcg@10/{name}"
        metrics[metric], chance[metric] = score_graded(grade(query, gallery), patient_ids, generator, num_resamples)
    return Scores(metrics=metrics, baselines={"chance": chance})
