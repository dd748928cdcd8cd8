"""Rows of a store become a batch: ECGs are changed a little, reports become the texts that a user might ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from ecg_text.data.augment import Augment
from ecg_text.data.batch import Batch, Texts
from ecg_text.data.peaks import PeakFinder, moved_peaks
from ecg_text.text.sentences import SEPARATOR, split_sentences
from ecg_text.text.synonyms import name_concepts
from ecg_text.text.views import ReportViews, View, finding_number

MAX_FINDINGS = 24  # of a report; the longest of PTB-XL has fewer


def as_written(report: str) -> str:
    """The report in its own words: the rendering of those who want none."""
    return report


@dataclass(frozen=True, kw_only=True)
class PairCollate:
    """ECG-text pairs for a contrastive method. augment and views are left out for validation: as it is, whole reports.

    with_reports adds each ECG's whole report to the texts, for levels that read it beside a view, and find_peaks the
    R-peaks of the ECGs.
    tokenizer is a fast tokenizer of transformers, and render the words in which reports are read (one translation of a
    report serves every epoch); both are handed down from the recipe. What a text states is always findings of its own
    report, whatever words it shows.
    """

    tokenizer: Any
    max_word_pieces: int
    augment: Augment | None = None
    views: ReportViews | None = None
    render: Callable[[str], str] = as_written
    with_reports: bool = False
    find_peaks: PeakFinder | None = None

    def __call__(
        self,
        ecg: np.ndarray,
        lead_mask: np.ndarray,
        time_mask: np.ndarray,
        rows: dict[str, list[Any]],
        generator: np.random.Generator,
    ) -> Batch:
        """(B, C, T), (B, C), (B, T) and the rows of the catalogue -> Batch; chance comes from the generator alone."""
        peaks = None if self.find_peaks is None else self.find_peaks(rows["record_id"], ecg, lead_mask, time_mask)
        if self.augment is not None:
            ecg, lead_mask, time_mask, shift = self.augment(ecg, lead_mask, time_mask, generator)
            peaks = None if peaks is None else moved_peaks(peaks, shift, ecg.shape[2])
        return replace(
            Batch.of(ecg, lead_mask, time_mask, rows["record_id"], rows["patient_id"]),
            peaks=None if peaks is None else torch.from_numpy(peaks),
            texts=self._texts([_findings(self.render, report or "") for report in rows["report"]], generator),
        )

    def _texts(self, reports: Sequence[tuple[str, ...]], generator: np.random.Generator) -> Texts:
        chosen = [
            self.views.sample(report, generator) if self.views else View(shown=report, stated=report)
            for report in reports
        ]
        numbers: dict[tuple[str, ...], int] = {}
        row = [numbers.setdefault(view.shown, len(numbers)) for view in chosen]
        whole = [numbers.setdefault(report, len(numbers)) for report in reports] if self.with_reports else None
        strings = tuple(SEPARATOR.join(sentences) for sentences in numbers)
        # Two findings that can be shown in the same words count as one, or one text would be true and false of an ECG.
        number = _number_of_meaning if self.views and self.views.swap else _number
        encoded = self.tokenizer(
            list(strings),
            padding=True,
            truncation=True,
            max_length=self.max_word_pieces,
            return_offsets_mapping=True,
            return_tensors="np",
        )
        return Texts(
            strings=strings,
            input_ids=torch.from_numpy(encoded["input_ids"]),
            attention_mask=torch.from_numpy(encoded["attention_mask"]),
            sentence=torch.from_numpy(_sentence_numbers(encoded["offset_mapping"], list(numbers))),
            row=torch.tensor(row),
            stated=torch.from_numpy(_finding_numbers([view.stated for view in chosen], number)),
            reported=torch.from_numpy(_finding_numbers(reports, number)),
            report=None if whole is None else torch.tensor(whole),
        )


@lru_cache(maxsize=100_000)
def _findings(render: Callable[[str], str], report: str) -> tuple[str, ...]:
    return split_sentences(render(report))


@lru_cache(maxsize=100_000)
def _number(sentence: str) -> int:
    return finding_number(sentence)


@lru_cache(maxsize=100_000)
def _number_of_meaning(sentence: str) -> int:
    return finding_number(name_concepts(sentence))


def _finding_numbers(reports: Sequence[tuple[str, ...]], number: Callable[[str], int]) -> np.ndarray:
    """(B, MAX_FINDINGS) int64, 0 for none; the width is fixed so that processes can gather it."""
    numbers = np.zeros((len(reports), MAX_FINDINGS), dtype=np.int64)
    for row, sentences in enumerate(reports):
        found = [number(sentence) for sentence in sentences[:MAX_FINDINGS]]
        numbers[row, : len(found)] = found
    return numbers


def _sentence_numbers(offsets: np.ndarray, texts: Sequence[tuple[str, ...]]) -> np.ndarray:
    """Sentence of each word piece: offsets (R, L, 2) in characters -> (R, L), -1 for special pieces and padding."""
    numbers = np.full(offsets.shape[:2], -1, dtype=np.int64)
    for row, sentences in enumerate(texts):
        starts = np.cumsum([0, *(len(sentence) + len(SEPARATOR) for sentence in sentences[:-1])])
        real = offsets[row, :, 1] > offsets[row, :, 0]
        numbers[row, real] = np.searchsorted(starts, offsets[row, real, 0], side="right") - 1
    return numbers
