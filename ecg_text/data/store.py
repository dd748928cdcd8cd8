"""The prepared store: a folder with every record's signal as a model sees it, its catalogue, and the preprocessing."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.replace import replaced_folder
from ecg_text.data.shards import RESOLUTION_MV, Block, ShardWriter, read_shard
from ecg_text.data.splits import check_disjoint, split_hash
from ecg_text.data.store_writer import prepare_records
from ecg_text.errors import ConfigError, DataError, FingerprintError
from ecg_text.leads import LeadState
from ecg_text.signal.preprocess import Preprocess

FORMAT = "ecg_text-store/1"
HEADER, CATALOGUE = "store.json", "catalogue.parquet"
HEADER_KEYS = frozenset(
    ("format", "source", "notes", "num_records", "split_hash", "resolution_mv", "fingerprint", "preprocess", "shards")
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class StoreReport:
    """What became of the records of a catalogue; the skipped ones are listed, with reasons, in a CSV file."""

    num_written: int
    num_skipped: int
    skipped_path: Path


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

    Paths are relative to root. Records that cannot be read are skipped and listed in <store>.skipped.csv. The store
    appears, or replaces an older one, only when it is complete. Signals are kept to 0.001 mV and saturate at
    32.767 mV. progress is called with (records done, records in all). Raises DataError where patients cross splits,
    nothing can be prepared, the disk is full, or the folder holds something that is no store.
    """
    store_dir = Path(store_dir)
    check_disjoint(catalogue)
    _refuse_foreign_folder(store_dir)
    try:
        with replaced_folder(store_dir) as folder:
            rows, skipped, shards = _write_signals(catalogue, Path(root), folder, preprocess, workers, progress)
            if not rows:
                first = skipped[0][1] if skipped else "the catalogue is empty"
                raise DataError(f"none of {len(catalogue)} records could be prepared; the first: {first}")
            written = catalogue.select(rows)
            written.write(folder / CATALOGUE)
            _write_header(folder / HEADER, written, preprocess, shards)
            skipped_path = store_dir.with_name(f"{store_dir.name}.skipped.csv")
            _write_skipped(skipped_path, catalogue, skipped)
    except OSError as error:
        raise DataError(
            f"the store {store_dir} cannot be written ({error.strerror or error}); free space or choose another folder"
        ) from error
    return StoreReport(len(rows), len(skipped), skipped_path)


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
) -> tuple[list[int], list[tuple[int, str]], dict[str, int]]:
    """The rows that were written, (row, reason) of the skipped ones, and the number of records in each shard."""
    record_ids = catalogue.column("record_id")
    paths = [root / path for path in catalogue.column("path")]
    rows: list[int] = []
    skipped: list[tuple[int, str]] = []
    with ShardWriter(folder) as writer, closing(prepare_records(paths, preprocess, workers)) as chunks:
        for chunk in chunks:
            if chunk.rows:
                writer.write([record_ids[row] for row in chunk.rows], chunk.block)
            rows.extend(chunk.rows)
            skipped.extend(chunk.skipped)
            if progress is not None:
                progress(len(rows) + len(skipped), len(paths))
    return rows, skipped, writer.counts


def _write_header(path: Path, catalogue: Catalogue, preprocess: Preprocess, shards: dict[str, int]) -> None:
    header = {
        "format": FORMAT,
        "source": catalogue.source,
        "notes": list(catalogue.notes),
        "num_records": len(catalogue),
        "split_hash": split_hash(catalogue),
        "resolution_mv": RESOLUTION_MV,
        "fingerprint": preprocess.fingerprint,
        "preprocess": preprocess.to_dict(),
        "shards": shards,
    }
    path.write_text(json.dumps(header, indent=2) + "\n", encoding="utf-8")


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
        header = _read_header(folder)
        preprocess = _checked_preprocess(folder, header, expect)
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


def _read_header(folder: Path) -> dict[str, Any]:
    path = folder / HEADER
    if not path.is_file():
        raise DataError(f"{folder} is no store (it has no {HEADER}); make one with: ecg-text prepare SOURCE DIR STORE")
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); prepare the data again") from error
    found = header.get("format") if isinstance(header, dict) else None
    if found != FORMAT:
        raise DataError(f"{path} has format {found!r}, this ecg_text reads {FORMAT!r}; prepare the data again")
    if header.keys() != HEADER_KEYS:
        raise DataError(f"{path} has keys {sorted(header)}, it needs {sorted(HEADER_KEYS)}; prepare the data again")
    return dict(header)


def _checked_preprocess(folder: Path, header: dict[str, Any], expect: Preprocess | None) -> Preprocess:
    try:
        found = Preprocess.from_dict(header["preprocess"])
    except ConfigError as error:
        raise DataError(f"{folder / HEADER}: {error}") from error
    if found.fingerprint != header["fingerprint"]:
        raise FingerprintError(
            f"{folder / HEADER} says fingerprint {header['fingerprint']} but its steps have {found.fingerprint}; "
            "prepare the data again"
        )
    if expect is not None and expect.fingerprint != found.fingerprint:
        ours = [str(step) for step in found.steps if step not in expect.steps] or ["the same steps in another order"]
        theirs = [str(step) for step in expect.steps if step not in found.steps] or ["the same steps in another order"]
        raise FingerprintError(
            f"{folder} was prepared as {found.fingerprint} ({', '.join(ours)}), but {expect.fingerprint} is expected "
            f"({', '.join(theirs)}); prepare the data with the expected steps"
        )
    return found
