"""A batch: ECGs, their masks, and the texts that go with them. Rows are never dropped, they are masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class Texts:
    """The distinct texts of a batch, each encoded once, and which text belongs to which ECG.

    input_ids, attention_mask and sentence are (R, L), sentence being the number of the sentence a word piece is in, -1
    for none. row (B,) is the text of each ECG, and report (B,), where they are wanted, its whole report. stated (B, S)
    and reported (B, F) are finding numbers, 0 for none: what the text of an ECG states, and all that its whole report
    says.
    """

    strings: tuple[str, ...]
    input_ids: Tensor
    attention_mask: Tensor
    sentence: Tensor
    row: Tensor
    stated: Tensor
    reported: Tensor
    report: Tensor | None = None

    def to(self, device: torch.device | str) -> Texts:
        """The same texts on a device."""
        return _moved(self, device)

    def rows(self, rows: Tensor) -> Texts:
        """The texts of some ECGs, and no others: row numbers (B',)."""
        wanted = self.row[rows] if self.report is None else torch.stack([self.row[rows], self.report[rows]])
        kept, places = wanted.unique(return_inverse=True)
        row, report = (places, None) if self.report is None else (places[0], places[1])
        return Texts(
            strings=tuple(self.strings[number] for number in kept.tolist()),
            input_ids=self.input_ids[kept],
            attention_mask=self.attention_mask[kept],
            sentence=self.sentence[kept],
            row=row,
            stated=self.stated[rows],
            reported=self.reported[rows],
            report=report,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch:
    """ecg (B, C, T) with lead_mask (B, C) and time_mask (B, T), ids, texts if any, labels (B, K) if any.

    peaks (B, P), where a model wants them, are the R-peaks in samples, -1 for none.
    """

    ecg: Tensor
    lead_mask: Tensor
    time_mask: Tensor
    record_ids: tuple[str, ...]
    patient_ids: tuple[str | None, ...]
    texts: Texts | None = None
    labels: Tensor | None = None
    peaks: Tensor | None = None

    @classmethod
    def of(
        cls,
        ecg: np.ndarray,
        lead_mask: np.ndarray,
        time_mask: np.ndarray,
        record_ids: Sequence[str],
        patient_ids: Sequence[str | None],
    ) -> Batch:
        """ECGs alone, as tensors: (B, C, T), (B, C), (B, T) and ids of B records."""
        return cls(
            ecg=torch.from_numpy(np.ascontiguousarray(ecg)),
            lead_mask=torch.from_numpy(lead_mask),
            time_mask=torch.from_numpy(time_mask),
            record_ids=tuple(record_ids),
            patient_ids=tuple(patient_ids),
        )

    def __len__(self) -> int:
        return len(self.ecg)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on a device."""
        return _moved(self, device)

    def rows(self, rows: Tensor) -> Batch:
        """Some rows of the batch, with their texts: row numbers (B',)."""
        numbers = rows.tolist()
        return Batch(
            ecg=self.ecg[rows],
            lead_mask=self.lead_mask[rows],
            time_mask=self.time_mask[rows],
            record_ids=tuple(self.record_ids[number] for number in numbers),
            patient_ids=tuple(self.patient_ids[number] for number in numbers),
            texts=None if self.texts is None else self.texts.rows(rows),
            labels=None if self.labels is None else self.labels[rows],
            peaks=None if self.peaks is None else self.peaks[rows],
        )

    def row_chunks(self, num: int) -> tuple[Tensor, ...]:
        """Row numbers of num nearly equal chunks, or of one chunk a row where the batch has fewer than num rows.

        Rows of one report, or else of one text, come side by side: of R distinct ones the chunks together have
        R + num - 1 at most.
        """
        number = torch.arange(len(self), device=self.ecg.device)
        if self.texts is not None:
            number = self.texts.row if self.texts.report is None else self.texts.report
        return number.argsort(stable=True).tensor_split(min(num, len(self)))


Moved = TypeVar("Moved", "Texts", "Batch")


def _moved(item: Moved, device: torch.device | str) -> Moved:
    values: dict[str, Any] = {field.name: getattr(item, field.name) for field in fields(item)}
    for name, value in values.items():
        if isinstance(value, Tensor | Texts):
            values[name] = value.to(device)
    return replace(item, **values)
