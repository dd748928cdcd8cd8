"""ECGs as pairs of segments: each is cut in its two halves, which are then changed each by its own chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ecg_text.data.augment import Augment
from ecg_text.data.batch import Batch


@dataclass(frozen=True, kw_only=True)
class HalvesCollate:
    """Batches of 2B rows: row i is the first half of record i, row B + i the second (CMSC; Oh et al., 2022).

    Both halves keep the ids of their record. augment is left out for validation. It sees halves, as random lead masking
    is published: did the halves of a record lack the same leads, the leads would tell which two belong together.
    """

    augment: Augment | None = None

    def __call__(
        self,
        ecg: np.ndarray,
        lead_mask: np.ndarray,
        time_mask: np.ndarray,
        rows: dict[str, list[Any]],
        generator: np.random.Generator,
    ) -> Batch:
        """(B, C, T), (B, C), (B, T) and the rows of the catalogue -> Batch; chance comes from the generator alone."""
        ecg, time_mask = in_halves(ecg, time_mask)
        lead_mask = np.concatenate([lead_mask, lead_mask])
        if self.augment is not None:
            changed = self.augment(ecg, lead_mask, time_mask, generator)
            ecg, lead_mask, time_mask = changed.ecg, changed.lead_mask, changed.time_mask
        return Batch.of(ecg, lead_mask, time_mask, rows["record_id"] * 2, rows["patient_id"] * 2)


def in_halves(ecg: np.ndarray, time_mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two halves of what is real of each ECG: (B, C, T), (B, T) -> (2B, C, T // 2), (2B, T // 2).

    All first halves, then all second ones. Of an odd number of samples the last is left out; a half that is shorter
    than T // 2 is padded with zeros.
    """
    batch, samples = time_mask.shape
    start = time_mask.argmax(axis=1)
    end = np.where(time_mask.any(axis=1), samples - time_mask[:, ::-1].argmax(axis=1), start)
    length = (end - start) // 2
    place = np.arange(samples // 2)
    is_there = place < np.tile(length, 2)[:, None]
    index = np.where(is_there, np.concatenate([start, start + length])[:, None] + place, 0)
    rows = np.tile(np.arange(batch), 2)
    is_real = is_there & np.take_along_axis(time_mask[rows], index, axis=1)
    return np.take_along_axis(ecg[rows], index[:, None], axis=2) * is_real[:, None], is_real
