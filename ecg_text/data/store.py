"""The prepared store: a folder with every record's signal as a model sees it, its catalogue, and the preprocessing."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.replace import replaced_folder
from ecg_text.data.shards import Block, ShardWriter, read_shard
from ecg_text.data.splits import check_disjoint
from ecg_text.data.store_header import HEADER, checked_preprocess, read_header, write_header
from ecg_text.data.store_writer import prepare_records
from ecg_text.errors import DataError
from ecg_text.leads import LeadState
from ecg_text.signal.preprocess import Preprocess

CATALOGUE = "catalogue.parquet"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class StoreReport:
    """What became of the records of a catalogue; the skipped ones are listed, with reasons, in a CSV file.

    num_longer of the written ones are longer than the window, and are there with their first window only.
    """

    num_written: int
    num_skipped: int
    skipped_path: Path
    num_longer: int


def write_store(
    catalogue: Catalogue,
    root: Path,
    store_dir: Path,
    preprocess: Preprocess,
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> StoreReport:
    """Prepare every record of a catalogue (its first window) into a store, in the order of the catalogue.

    Paths are relative to root. Records that cannot be read, or reach beyond 32.767 mV, are skipped and listed in
    <store>.skipped.csv; the store keeps the others to 0.001 mV, and notes how many were longer than the window. It
    appears, or replaces an older one, only when it is complete. progress is called with (records done, records in
    all). Raises DataError where patients cross splits, nothing can be prepared, the disk is full, or the folder holds
    something that is no store.
    """
    store_dir = Path(store_dir)
    check_disjoint(catalogue)
    _refuse_foreign_folder(store_dir)
    try:
        with replaced_folder(store_dir) as folder:
            done = _write_signals(catalogue, Path(root), folder, preprocess, workers, progress)
            rows, skipped = done.rows, done.skipped
            if not rows:
                first = skipped[0][1] if skipped else "the catalogue is empty"
                raise DataError(f"none of {len(catalogue)} records could be prepared; the first: {first}")
            written = _noted(catalogue.select(rows), done.num_longer, preprocess)
            written.write(folder / CATALOGUE)
            write_header(folder / HEADER, written, preprocess, done.shards)
            skipped_path = store_dir.with_name(f"{store_dir.name}.skipped.csv")
            _write_skipped(skipped_path, catalogue, skipped)
    except OSError as error:
        raise DataError(
            f"the store {store_dir} cannot be written ({error.strerror or error}); free space or choose another folder"
        ) from error
    return StoreReport(len(rows), len(skipped), skipped_path, done.num_longer)


@dataclass(frozen=True)
class _Done:
    """Rows written, (row, reason) of those skipped, records in each shard, and how many were longer than the window."""

    rows: list[int]
    skipped: list[tuple[int, str]]
    shards: dict[str, int]
    num_longer: int


def _noted(catalogue: Catalogue, num_longer: int, preprocess: Preprocess) -> Catalogue:
    """The catalogue with a note on the recordings of which only the first window is kept."""
    if not num_longer:
        return catalogue
    window = f"{preprocess.num_samples / preprocess.rate_hz:g} s"
    who, whose = ("1 recording is", "its") if num_longer == 1 else (f"{num_longer} recordings are", "their")
    note = f"{who} longer than {window}: the store keeps {whose} first {window}"
    return replace(catalogue, notes=(*catalogue.notes, note))


def _refuse_foreign_folder(folder: Path) -> None:
    is_store = (folder / HEADER).is_file()
    if folder.exists() and not is_store and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(f"{folder} exists and is no store; choose another folder for the store")


def _write_signals(
    catalogue: Catalogue,
    root: Path,
    folder: Path,
    preprocess: Preprocess,
    workers: int,
    progress: Progress | None,
) -> _Done:
    record_ids = catalogue.column("record_id")
    paths = [root / path for path in catalogue.column("path")]
    rows: list[int] = []
    skipped: list[tuple[int, str]] = []
    num_longer = 0
    with ShardWriter(folder) as writer, closing(prepare_records(paths, preprocess, workers)) as chunks:
        for chunk in chunks:
            if chunk.rows:
                writer.write([record_ids[row] for row in chunk.rows], chunk.block)
            rows.extend(chunk.rows)
            skipped.extend(chunk.skipped)
            num_longer += chunk.num_longer
            if progress is not None:
                progress(len(rows) + len(skipped), len(paths))
    return _Done(rows, skipped, writer.counts, num_longer)


def _write_skipped(path: Path, catalogue: Catalogue, skipped: Sequence[tuple[int, str]]) -> None:
    record_ids, paths = catalogue.column("record_id"), catalogue.column("path")
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("record_id", "path", "reason"))
        table.writerows((record_ids[row], paths[row], reason) for row, reason in skipped)
    os.replace(temporary, path)


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
