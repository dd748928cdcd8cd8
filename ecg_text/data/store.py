"""The prepared store: a folder with every record's signal as a model sees it, its catalogue, and the preprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.shards import Block, read_shard
from ecg_text.data.store_header import CATALOGUE, checked_preprocess, read_header
from ecg_text.errors import DataError
from ecg_text.leads import LeadState
from ecg_text.signal.preprocess import Preprocess


@dataclass(frozen=True, eq=False, kw_only=True)
class Store:
    """An open store; its signals stay on disk until they are asked for."""

    folder: Path
    catalogue: Catalogue
    preprocess: Preprocess
    split_hash: str
    resolution_mv: float
    blocks: tuple[Block, ...]
    block_starts: np.ndarray  # first row of each block
    lead_state: np.ndarray  # (len, C) uint8 of LeadState
    num_valid: np.ndarray  # (len,) samples before the padding

    @classmethod
    def open(cls, folder: Path, expect: Preprocess | None = None) -> Store:
        """The store in a folder.

        Raises DataError where it is incomplete, damaged or of another format, and FingerprintError where it was not
        prepared as expected.
        """
        folder = Path(folder)
        header = read_header(folder)
        preprocess = checked_preprocess(folder, header, expect)
        catalogue = Catalogue.read(folder / CATALOGUE, source=header["source"], notes=header["notes"])
        shape = (len(preprocess.leads), preprocess.num_samples)
        shards = [read_shard(folder / name, shape, num) for name, num in header["shards"].items()]
        if [record_id for ids, _ in shards for record_id in ids] != catalogue.column("record_id"):
            raise DataError(f"{folder}: signals and catalogue name different records; prepare the data again")
        blocks = tuple(block for _, of_shard in shards for block in of_shard)
        return cls(
            folder=folder,
            catalogue=catalogue,
            preprocess=preprocess,
            split_hash=header["split_hash"],
            resolution_mv=header["resolution_mv"],
            blocks=blocks,
            block_starts=np.cumsum([0] + [len(block) for block in blocks])[:-1],
            lead_state=np.concatenate([block.lead_state for block in blocks]),
            num_valid=np.concatenate([block.num_valid for block in blocks]),
        )

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the preprocessing."""
        return self.preprocess.fingerprint

    def __len__(self) -> int:
        return len(self.catalogue)

    def signals(self, rows: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The signals of n rows, in their order: (n, C, T) float32, lead mask (n, C) bool, time mask (n, T) bool.

        Values are in the unit of the preprocessing. Raises DataError for a row that is not there.
        """
        rows = np.asarray(rows, dtype=np.int64)
        if rows.ndim != 1 or (len(rows) and (rows.min() < 0 or rows.max() >= len(self))):
            raise DataError(f"rows {rows} are not all in the store, which has rows 0 to {len(self) - 1}")
        num_samples = self.preprocess.num_samples
        unit = np.float32(self.resolution_mv / self.preprocess.unit_mv)
        ecg = np.empty((len(rows), len(self.preprocess.leads), num_samples), dtype=np.float32)
        numbers = np.searchsorted(self.block_starts, rows, side="right") - 1
        for out, number, place in zip(ecg, numbers, rows - self.block_starts[numbers], strict=True):
            np.multiply(self.blocks[number].samples[place], unit, out=out)
        lead_mask = self.lead_state[rows] >= LeadState.DERIVED
        return ecg, lead_mask, np.arange(num_samples) < self.num_valid[rows, None]
