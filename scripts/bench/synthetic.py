"""Time the synthetic ECG against its own yardstick, the same waves evaluated one by one over the whole record.

Prints one JSON line: records a second made in memory, written as WFDB, and made by the slow formula.
Example: python scripts/bench/synthetic.py --num 200
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable

import numpy as np

from ecg_text.signal.synthetic.dipole import Bumps, dipole_path
from ecg_text.signal.synthetic.synthesise import synthesise_set, write_synthetic_folder


def slow_dipole_path(bumps: Bumps, rate_hz: float, num_samples: int) -> np.ndarray:
    """Every wave at every sample, one after the other: (3, T)."""
    times_s = np.arange(num_samples) / rate_hz
    path = np.zeros((3, num_samples))
    for centre, rise, fall, vector in zip(bumps.centre_s, bumps.rise_s, bumps.fall_s, bumps.vector_mv, strict=True):
        width = np.where(times_s < centre, rise, fall)
        path += vector[:, None] * np.exp(-0.5 * ((times_s - centre) / width) ** 2)
    return path


def example_bumps(num: int) -> Bumps:
    """Waves as many and as wide as those of twelve beats."""
    generator = np.random.default_rng(0)
    width_s = generator.choice([0.009, 0.010, 0.015, 0.05], num)
    return Bumps(
        centre_s=generator.uniform(0, 10, num),
        rise_s=width_s,
        fall_s=width_s,
        vector_mv=generator.normal(0, 1, (num, 3)),
    )


def seconds(work: Iterable[object]) -> float:
    """How long it takes to exhaust the work, in processor time."""
    start = time.process_time()
    for _ in work:
        pass
    return time.process_time() - start


def main() -> None:
    """Print the speeds as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=200, help="records to make")
    num = parser.parse_args().num
    seconds(synthesise_set(4, 0))
    in_memory = num / seconds(synthesise_set(num, 0))
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        write_synthetic_folder(folder, num, 0)
        written = num / (time.process_time() - start)
    bumps = example_bumps(84)
    fast = seconds(dipole_path(bumps, 500.0, 5000) for _ in range(num))
    slow = seconds(slow_dipole_path(bumps, 500.0, 5000) for _ in range(num // 10))
    line = {
        "bench": "synthetic",
        "records": num,
        "records_per_second": round(in_memory, 1),
        "written_per_second": round(written, 1),
        "dipole_speedup_over_slow": round(10 * slow / fast, 1),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
