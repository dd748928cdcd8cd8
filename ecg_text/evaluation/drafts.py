"""From a model that writes reports and a split of a store to a Result: its drafts, beside reports of other records.

Axes: N records, K labels, B batch, C leads, T samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.data.store import Store
from ecg_text.errors import DataError
from ecg_text.evaluation.captions import DATA, Labels, Truth, evaluate_captions
from ecg_text.evaluation.overlap import ROUGE_BETA, words
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import Metric
from ecg_text.evaluation.tasks import AskedSplit, Fact, points_of, result_of
from ecg_text.hub.embedding import Embedder, Progress
from ecg_text.text.prompts import PromptSet

MOST_COMMON, RANDOM_REPORT, ITSELF = "most common report", "random training report", "the report itself"
BATCH = 64


@dataclass(frozen=True, eq=False, kw_only=True)
class DraftedSplit(AskedSplit):
    """The records of a split that have a report, and what a model writes of them: N reports and N drafts, in one style.

    The reports are in the rendering that the model learned from.
    """

    reports: Sequence[str]
    drafts: Sequence[str]


def draft_split(embedder: Embedder, store: Store, split: str, progress: Progress | None = None) -> DraftedSplit:
    """Have a model write of every record of a split that has a report.

    Raises DataError where none has, FingerprintError for a store of another preprocessing, and ConfigError where the
    model writes no reports.
    """
    embedder.require_prepared(store)
    rows = store.catalogue.where_split(split)
    reports = _reports(embedder, store, rows)
    rows = rows[[bool(words(report)) for report in reports]]
    if not len(rows):
        raise DataError(f"no record of the split {split!r} has a report; drafts are held against reports")
    drafts: list[str] = []
    for start in range(0, len(rows), BATCH):
        drafts += embedder.describe_prepared(*store.signals(rows[start : start + BATCH]))
        if progress is not None:
            progress(len(drafts), len(rows))
    told = [report for report in reports if words(report)]
    return DraftedSplit(embedder=embedder, store=store, split=split, rows=rows, reports=told, drafts=drafts)


def captions_result(
    drafted: DraftedSplit,
    prompt_sets: Sequence[PromptSet],
    *,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """Drafts against reports: BLEU-4, ROUGE-L, and the F1 of the labels of each prompt set that the drafts say.

    Beside the model stand the training report that is the most common, a training report drawn for each record, and
    the report itself, read as a draft is: no draft can be expected to agree better with the labels of the data set.
    """
    catalogue = drafted.store.catalogue.select(drafted.rows)
    data = (catalogue.label_matrix([label.all_codes for label in prompts.labels]) for prompts in prompt_sets)
    truth = Truth(
        reports=drafted.reports,
        patient_ids=catalogue.column("patient_id"),
        labels=tuple(Labels.of(one, drafted.reports, cells) for one, cells in zip(prompt_sets, data, strict=True)),
    )
    scores = evaluate_captions(drafted.drafts, truth, generator, num_resamples=num_resamples)
    training = drafted.store.catalogue.where_split("train")
    pool = [text for text in _reports(drafted.embedder, drafted.store, training) if words(text)]
    told: dict[str, Fact] = {
        "prompt_sets": ", ".join(f"{one.name} v{one.version} {one.hash}" for one in prompt_sets),
        "bleu": "corpus, orders 1 to 4, one reference, not smoothed",
        "rouge_l": f"mean over reports, beta {ROUGE_BETA}",
        "rendering": drafted.embedder.processor.rendering,
        "num_distinct_drafts": len(set(drafted.drafts)),
        "num_distinct_reports": len(set(drafted.reports)),
        "words_per_draft": round(float(np.mean([len(words(text)) for text in drafted.drafts])), 2),
        "words_per_report": round(float(np.mean([len(words(text)) for text in drafted.reports])), 2),
        "num_training_reports": len(pool),
        "num_resamples": num_resamples,
    }
    baselines = _baselines(truth, pool, generator)
    return result_of("captions", drafted, scores, baselines, {**told, **facts})


def _baselines(truth: Truth, pool: Sequence[str], generator: np.random.Generator) -> dict[str, Mapping[str, Metric]]:
    """What drafts without a look at the ECG get, and what the reports themselves do; those a pool can give."""

    def points(drafts: Sequence[str]) -> Mapping[str, Metric]:
        return points_of(evaluate_captions(drafts, truth, generator, num_resamples=0))

    found: dict[str, Mapping[str, Metric]] = {}
    if pool:
        drawn = generator.integers(len(pool), size=len(truth.reports))
        found[MOST_COMMON] = points([Counter(pool).most_common(1)[0][0]] * len(truth.reports))
        found[RANDOM_REPORT] = points([pool[number] for number in drawn])
    itself = points(truth.reports)
    # Of its own wording and of the labels read from it a report has all: nothing that one should compare with.
    found[ITSELF] = {name: metric for name, metric in itself.items() if name.startswith(DATA)}
    return {name: metrics for name, metrics in found.items() if metrics}


def _reports(embedder: Embedder, store: Store, rows: np.ndarray) -> list[str]:
    """The reports of these rows as the model reads them, "" for none; each distinct one is rendered once."""
    written = [(report or "").strip() for report in store.catalogue.select(rows).column("report")]
    read = {report: embedder.processor.read_report(report) if report else "" for report in dict.fromkeys(written)}
    return [read[report] for report in written]
