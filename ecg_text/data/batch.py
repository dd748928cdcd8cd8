"""A batch: ECGs, their masks, and the texts that go with them. Rows are never dropped, they are masked."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class Texts:
    """The distinct texts of a batch, each encoded once, and which text belongs to which ECG.

    input_ids, attention_mask and sentence are (R, L), sentence being the number of the sentence a word piece is in, -1
    for none. row (B,) is the text of each ECG. stated (B, S) and reported (B, F) are finding numbers, 0 for none: what
    the text of an ECG states, and all that its whole report says.
    """

    strings: tuple[str, ...]
    input_ids: Tensor
    attention_mask: Tensor
    sentence: Tensor
    row: Tensor
    stated: Tensor
    reported: Tensor

    def to(self, device: torch.device | str) -> Texts:
        """The same texts on a device."""
        return _moved(self, device)


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch:
    """ecg (B, C, T) with lead_mask (B, C) and time_mask (B, T), ids, texts if any, labels (B, K) if any."""

    ecg: Tensor
    lead_mask: Tensor
    time_mask: Tensor
    record_ids: tuple[str, ...]
    patient_ids: tuple[str | None, ...]
    texts: Texts | None = None
    labels: Tensor | None = None

    def __len__(self) -> int:
        return len(self.ecg)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on a device."""
        return _moved(self, device)


Moved = TypeVar("Moved", "Texts", "Batch")


def _moved(item: Moved, device: torch.device | str) -> Moved:
    values: dict[str, Any] = {field.name: getattr(item, field.name) for field in fields(item)}
    for name, value in values.items():
        if isinstance(value, Tensor | Texts):
            values[name] = value.to(device)
    return replace(item, **values)
