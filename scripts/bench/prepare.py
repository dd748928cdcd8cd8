"""Preparing a store with two processes against reading every record once with wfdb.rdsamp in one.

    python scripts/bench/prepare.py [--ptbxl FOLDER] [--workers 2]

Prints one JSON line; ratio is records per second of `write_store` (read, filter, quantise, write) over those of bare
reading. Without PTB-XL, both read synthetic recordings of the same shape.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import wfdb

from ecg_text.data.sources.folder import folder
from ecg_text.data.sources.ptbxl import ptbxl
from ecg_text.data.store_writer import write_store
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder

BARE_READS = 1000


def cpu_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mib(workers: int) -> float:
    """Peak resident memory of this process, and as much as the largest child's for each worker: an upper bound."""
    here, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (here + workers * child) / 1024


def main() -> None:
    """Measure both and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ptbxl", type=Path, help="the folder that contains ptbxl_database.csv")
    parser.add_argument("--records", type=int, default=2000, help="synthetic records, where PTB-XL is not given")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.ptbxl is None:
            root = write_synthetic_folder(Path(scratch) / "synthetic", options.records, 0, rate_hz=100.0)
            catalogue = folder(root)
        else:
            root, catalogue = options.ptbxl, ptbxl(options.ptbxl)
        start, cpu = time.perf_counter(), cpu_seconds()
        report = write_store(catalogue, root, Path(scratch) / "store", standard_preprocess(), workers=options.workers)
        took, cpu = time.perf_counter() - start, cpu_seconds() - cpu
        start = time.perf_counter()
        for path in catalogue.column("path")[:BARE_READS]:
            wfdb.rdsamp(str((root / path).with_suffix("")))
        bare = (time.perf_counter() - start) / min(BARE_READS, len(catalogue))
    result = {
        "bench": "prepare",
        "ratio": round(bare * len(catalogue) / took, 2),
        "records": report.num_written,
        "skipped": report.num_skipped,
        "wall_s": round(took, 1),
        "cpu_s": round(cpu, 1),
        "peak_memory_mib_at_most": round(peak_mib(options.workers)),
        "workers": options.workers,
        "baseline": "wfdb.rdsamp of every record in one process",
        "data": "synthetic" if options.ptbxl is None else "ptbxl",
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
