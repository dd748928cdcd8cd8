"""The gate's cost: inspecting one WFDB file, and a folder of them through reader and gate with two processes.

    python scripts/bench/gate.py [--records 10000] [--rate-hz 500]

Prints one JSON line. ratio is the records per second of the survey over those of wfdb.rdsamp alone in one process;
memory is the peak of this process after the first tenth of the folder and at its end, which shows whether it grows.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import wfdb

from ecg_text.data.survey import survey
from ecg_text.signal.account import account_of
from ecg_text.signal.formats.recording import Stated
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.read import open_recording
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder

DISTINCT, BARE_READS, ROUNDS = 200, 300, 30


def peak_mib(who: int = resource.RUSAGE_SELF) -> float:
    """Peak resident memory so far."""
    return resource.getrusage(who).ru_maxrss / 1024


def folder_of(root: Path, num_records: int, rate_hz: float) -> Path:
    """num_records synthetic recordings of ten seconds: the same files under many names, by hard links."""
    made = write_synthetic_folder(root / "made", DISTINCT, 0, rate_hz=rate_hz)
    headers = sorted(made.rglob("*.hea"))
    many = root / "many"
    for number in range(num_records):
        inside = many / f"{number // 1000:03d}-{number // DISTINCT}"
        inside.mkdir(parents=True, exist_ok=True)
        header = headers[number % len(headers)]
        for file in (header, header.with_suffix(".dat")):
            os.link(file, inside / file.name)
    return many


def inspect_ms(header: Path) -> float:
    """Median milliseconds of opening a file, examining it and preparing it, warm."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        account_of(open_recording(header), standard_preprocess())
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--rate-hz", type=float, default=500.0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        many = folder_of(Path(scratch), options.records, options.rate_hz)
        headers = sorted(many.rglob("*.hea"))[:BARE_READS]
        start = time.perf_counter()
        for header in headers:
            wfdb.rdsamp(str(header.with_suffix("")))
        bare = len(headers) / (time.perf_counter() - start)
        one_ms = inspect_ms(headers[0])
        start, early, refused = time.perf_counter(), 0.0, 0
        for number, surveyed in enumerate(survey(many, Stated(), standard_preprocess(), options.workers)):
            refused += surveyed.examination is None
            if number == options.records // 10:
                early = peak_mib()
        survey_rate = options.records / (time.perf_counter() - start)
    print(
        json.dumps(
            {
                "bench": "gate",
                "records": options.records,
                "rate_hz": options.rate_hz,
                "inspect_ms": round(one_ms, 1),
                "records_per_s": round(survey_rate, 1),
                "wfdb_rdsamp_per_s": round(bare, 1),
                "ratio": round(survey_rate / bare, 2),
                "not_read": refused,
                "peak_mib_after_a_tenth": round(early),
                "peak_mib": round(peak_mib()),
                "largest_worker_mib": round(peak_mib(resource.RUSAGE_CHILDREN)),
            }
        )
    )


if __name__ == "__main__":
    main()
