"""Rows of a store become a batch: ECGs are changed a little, reports become the texts that a user might ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from ecg_text.data.augment import Augment
from ecg_text.data.batch import Batch, Texts
from ecg_text.text.sentences import split_sentences
from ecg_text.text.views import ReportViews, finding_number

MAX_FINDINGS = 24  # of a report; the longest of PTB-XL has fewer
SEPARATOR = ". "


@dataclass(frozen=True, kw_only=True)
class PairCollate:
    """ECG-text pairs for a contrastive method. augment and views are left out for validation: as it is, whole reports.

    tokenizer is a fast tokenizer of transformers, handed down from the recipe.
    """

    tokenizer: Any
    max_word_pieces: int
    augment: Augment | None = None
    views: ReportViews | None = None

    def __call__(
        self,
        ecg: np.ndarray,
        lead_mask: np.ndarray,
        time_mask: np.ndarray,
        rows: dict[str, list[Any]],
        generator: np.random.Generator,
    ) -> Batch:
        """(B, C, T), (B, C), (B, T) and the rows of the catalogue -> Batch; chance comes from the generator alone."""
        if self.augment is not None:
            ecg, lead_mask, time_mask = self.augment(ecg, lead_mask, time_mask, generator)
        return Batch(
            ecg=torch.from_numpy(np.ascontiguousarray(ecg)),
            lead_mask=torch.from_numpy(lead_mask),
            time_mask=torch.from_numpy(time_mask),
            record_ids=tuple(rows["record_id"]),
            patient_ids=tuple(rows["patient_id"]),
            texts=self._texts([_findings(report or "") for report in rows["report"]], generator),
        )

    def _texts(self, reports: Sequence[tuple[str, ...]], generator: np.random.Generator) -> Texts:
        chosen = [self.views.sample(report, generator) if self.views else report for report in reports]
        numbers: dict[tuple[str, ...], int] = {}
        row = [numbers.setdefault(sentences, len(numbers)) for sentences in chosen]
        strings = tuple(SEPARATOR.join(sentences) for sentences in numbers)
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
            stated=torch.from_numpy(_finding_numbers(chosen)),
            reported=torch.from_numpy(_finding_numbers(reports)),
        )


@lru_cache(maxsize=100_000)
def _findings(report: str) -> tuple[str, ...]:
    return split_sentences(report)


@lru_cache(maxsize=100_000)
def _number(sentence: str) -> int:
    return finding_number(sentence)


def _finding_numbers(reports: Sequence[tuple[str, ...]]) -> np.ndarray:
    """(B, MAX_FINDINGS) int64, 0 for none; the width is fixed so that processes can gather it."""
    numbers = np.zeros((len(reports), MAX_FINDINGS), dtype=np.int64)
    for row, sentences in enumerate(reports):
        found = [_number(sentence) for sentence in sentences[:MAX_FINDINGS]]
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
