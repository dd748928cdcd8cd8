"""Drafts of reports scored: their wording against the reports', and the findings they say against what is true.

Wording and findings part ways: a draft may share most words with a report and deny its one finding, so the F1 of the
labels that a draft says stands beside BLEU and ROUGE. Axes: N records, K labels, M resamples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import mean_of_known, resample, with_interval
from ecg_text.evaluation.overlap import bleu_counts, corpus_bleu, rouge_l, words
from ecg_text.evaluation.scores import ClassScore, Metric, Scores
from ecg_text.text.label_reader import LabelReader
from ecg_text.text.prompts import PromptSet

REPORT, DATA = "report_label_f1", "data_label_f1"


@dataclass(frozen=True, eq=False, kw_only=True)
class Labels:
    """What is true of N records: the labels of a set that their reports say, and those of the data set if it has any.

    truths maps REPORT and, where the data set knows a label of the set, DATA to (N, K) bool.
    """

    name: str
    reader: LabelReader
    truths: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, prompts: PromptSet, reports: Sequence[str], data: np.ndarray) -> Labels:
        """A set's labels, read in N reports; data (N, K) are the data set's own, all False where it has none."""
        reader = LabelReader.of(prompts)
        truths = {REPORT: reader.matrix(reports), **({DATA: data} if data.any() else {})}
        return cls(name=prompts.name, reader=reader, truths=truths)

    def support(self, k: int) -> int:
        """The records that bear a label, by the data set where it knows the set, by their reports elsewhere."""
        return int(self.truths.get(DATA, self.truths[REPORT])[:, k].sum())


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth:
    """What drafts of N records are held against: their reports, their patients, and the labels of each prompt set."""

    reports: Sequence[str]
    patient_ids: Sequence[str | None]
    labels: tuple[Labels, ...] = ()

    def __post_init__(self) -> None:
        if not self.reports or not all(map(words, self.reports)):
            raise DataError("drafts are held against reports, and one of these has no word; leave such records out")
        if len(self.patient_ids) != len(self.reports):
            raise DataError(f"{len(self.patient_ids)} patient ids for {len(self.reports)} reports; give one for each")


def evaluate_captions(
    drafts: Sequence[str], truth: Truth, generator: np.random.Generator, *, num_resamples: int = 1000
) -> Scores:
    """Score N drafts: bleu_4, rouge_l, and for each prompt set the micro and macro F1 of the labels that they say.

    report_label_f1 is against the labels that the reports say, data_label_f1 against those of the data set. The macro
    mean is over the labels that a record bears, the micro one over all; classes hold the F1 of each label. The
    intervals are over patients, none with num_resamples=0. Raises DataError where the numbers differ.
    """
    measured = _Measured(drafts, truth)
    columns = measured.columns
    point = measured(np.ones((len(drafts), 1), dtype=np.int32))[0]
    samples = np.empty((0, len(columns)))
    if num_resamples:
        samples = resample(measured, truth.patient_ids, generator=generator, num_resamples=num_resamples)
    known = {
        name: with_interval(float(value), sample)
        for name, value, sample in zip(columns, point, samples.T, strict=True)
        if not np.isnan(value)
    }
    metrics = {name: metric for (of, name), metric in known.items() if not of}
    classes = {
        f"{labels.name}/{label}": _class_score(
            labels.support(k), {name: metric for (of, name), metric in known.items() if of == (labels.name, label)}
        )
        for labels in truth.labels
        for k, label in enumerate(labels.reader.names)
    }
    return Scores(metrics=metrics, classes=classes)


def label_f1(said: np.ndarray, true: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F1 under each column of record weights: (N, K), (N, K), (N, M) -> micro (M,), and that of each label (M, K).

    Twice what is both said and true, over what is said and what is true; NaN for a label that nothing bears.
    """
    each = weights.T.astype(np.float64)  # whole numbers far below 2^53, so the products are exact
    both, total, borne = (each @ cells for cells in (said & true, said.astype(np.int8) + true, true))
    per_label = np.divide(2 * both, total, out=np.full(both.shape, np.nan), where=borne > 0)
    both, total, borne = both.sum(axis=1), total.sum(axis=1), borne.sum(axis=1)
    return np.divide(2 * both, total, out=np.full(both.shape, np.nan), where=borne > 0), per_label


class _Measured:
    """Every number of the drafts under each column of record weights: (N, M) -> (M, len(columns))."""

    def __init__(self, drafts: Sequence[str], truth: Truth) -> None:
        self._bleu = bleu_counts(drafts, truth.reports)
        self._rouge = rouge_l(drafts, truth.reports)
        self._labels = [(labels, labels.reader.matrix(drafts)) for labels in truth.labels]

    @property
    def columns(self) -> list[tuple[tuple[str, ...], str]]:
        """What each number is: () or the set and label that it is of, and the name of the metric."""
        columns: list[tuple[tuple[str, ...], str]] = [((), "bleu_4"), ((), "rouge_l")]
        for labels, _ in self._labels:
            for name in labels.truths:
                columns += [((), f"{name}_{mean}/{labels.name}") for mean in ("micro", "macro")]
                columns += [((labels.name, label), name) for label in labels.reader.names]
        return columns

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        rouge = self._rouge @ weights / weights.sum(axis=0)
        values = [corpus_bleu(self._bleu, weights)[:, None], rouge[:, None]]
        for labels, said in self._labels:
            for true in labels.truths.values():
                micro, per_label = label_f1(said, true, weights)
                values += [micro[:, None], mean_of_known(per_label)[:, None], per_label]
        return np.concatenate(values, axis=1)


def _class_score(support: int, metrics: Mapping[str, Metric]) -> ClassScore:
    return ClassScore(support=support, metrics=metrics, skipped=None if metrics else "no record bears it")
