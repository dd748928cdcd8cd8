"""Rows of a store become a batch with labels, for methods that learn what a record is called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ecg_text.data.augment import Augment
from ecg_text.data.batch import Batch
from ecg_text.data.crops import Crops
from ecg_text.data.label_set import LabelSet


@dataclass(frozen=True, kw_only=True)
class LabelledCollate:
    """ECGs with their labels (B, K) as 0 and 1. Without crops an ECG is taken whole, without augment as it is."""

    labels: LabelSet
    augment: Augment | None = None
    crops: Crops | None = None

    def __call__(
        self,
        ecg: np.ndarray,
        lead_mask: np.ndarray,
        time_mask: np.ndarray,
        rows: dict[str, list[Any]],
        generator: np.random.Generator,
    ) -> Batch:
        """(B, C, T), (B, C), (B, T) and the rows of the catalogue -> Batch; chance comes from the generator alone."""
        if self.crops is not None:
            ecg, time_mask = self.crops.one(ecg, time_mask, generator)
        if self.augment is not None:
            ecg, lead_mask, time_mask, _ = self.augment(ecg, lead_mask, time_mask, generator)
        batch = Batch.of(ecg, lead_mask, time_mask, rows["record_id"], rows["patient_id"])
        return replace(batch, labels=torch.from_numpy(self.labels.matrix_of(rows["labels"]).astype(np.float32)))
