"""Random batches from the prepared store against a torch Dataset that calls wfdb.rdsamp for each item.

    python scripts/bench/loader.py [--ptbxl FOLDER]

Prints one JSON line; ratio is records per second of the store's loader over those of the Dataset, each in one process,
the best of several rounds taken by turns. cpu_ratio is the same of processor time, in which the loader's thread counts
in full and which a busy machine hardly changes. Without PTB-XL, both read synthetic recordings of the same shape.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
import wfdb
from torch.utils.data import DataLoader, Dataset

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.loader import Loader
from ecg_text.data.sources.folder import folder
from ecg_text.data.sources.ptbxl import ptbxl
from ecg_text.data.store import Store
from ecg_text.data.store_writer import write_store
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder

BATCH = 256


class WfdbDataset(Dataset[torch.Tensor]):
    """What most published code does: read the recording when it is asked for, with no filtering at all."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> torch.Tensor:
        samples, _ = wfdb.rdsamp(self.paths[row])
        return torch.from_numpy(samples.T.astype(np.float32))


def tensors(ecg: np.ndarray, *_: Any) -> Any:
    """A collate that makes a tensor of the signals and nothing else, as the Dataset does."""
    return torch.from_numpy(ecg)


def seconds(batches: Iterator[torch.Tensor], num: int) -> tuple[float, float]:
    """Wall and processor seconds a record over num batches, after a first one that starts threads and fills caches."""
    next(batches)
    wall, cpu = time.perf_counter(), time.process_time()
    received = sum(len(batch) for batch in islice(batches, num))
    return (time.perf_counter() - wall) / received, (time.process_time() - cpu) / received


def repeated(loader: Loader) -> Iterator[torch.Tensor]:
    """Epoch after epoch."""
    number = 0
    while True:
        yield from loader.epoch(number)  # type: ignore[misc]
        number += 1


def collection(given: Path | None, scratch: Path, num: int) -> tuple[Path, Catalogue]:
    """The recordings to read: of PTB-XL where it is given, else synthetic ones."""
    if given is not None:
        return given, ptbxl(given).select(range(num))
    root = write_synthetic_folder(scratch / "synthetic", num, 0, rate_hz=100.0)
    return root, folder(root)


def main() -> None:
    """Measure both, several times by turns, and print the best of each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ptbxl", type=Path, help="the folder that contains ptbxl_database.csv")
    parser.add_argument("--records", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.records < 3 * BATCH:
        parser.error(f"--records is {options.records}; give at least {3 * BATCH}")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        root, catalogue = collection(options.ptbxl, Path(scratch), options.records)
        write_store(catalogue, root, Path(scratch) / "store", standard_preprocess(), workers=1)
        store = Store.open(Path(scratch) / "store")
        rows = np.arange(len(store))
        loader = Loader(store, rows, BATCH, tensors, seed=0, shuffle=True, drop_last=True)
        paths = [str((root / path).with_suffix("")) for path in store.catalogue.column("path")]
        peer = DataLoader(WfdbDataset(paths), batch_size=BATCH, shuffle=True, drop_last=True)
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(seconds(repeated(loader), 20))
            theirs.append(seconds(iter(peer), 1))
    (wall, cpu), (peer_wall, peer_cpu) = (np.min(times, axis=0).tolist() for times in (ours, theirs))
    result = {
        "bench": "loader",
        "ratio": round(peer_wall / wall, 1),
        "cpu_ratio": round(peer_cpu / cpu, 1),
        "records_per_s": round(1 / wall),
        "baseline": "torch DataLoader over a Dataset that calls wfdb.rdsamp",
        "baseline_records_per_s": round(1 / peer_wall),
        "batch": BATCH,
        "records": len(rows),
        "data": "synthetic" if options.ptbxl is None else "ptbxl",
        "rounds": options.rounds,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
