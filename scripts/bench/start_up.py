"""How long a person waits before anything happens: `import ecg_text` and `ecg-text --help`, beside a bare interpreter.

Prints one JSON line each: the median seconds of several fresh processes, and the ratio to `python -c pass` measured in
turn with them.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

BARE = "python -c pass"
COMMANDS = {
    BARE: (sys.executable, "-c", "pass"),
    "import ecg_text": (sys.executable, "-c", "import ecg_text"),
    "ecg-text --help": (sys.executable, "-m", "ecg_text", "--help"),
}


def seconds_of(command: Sequence[str]) -> float:
    """Wall-clock seconds of one fresh process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure in turn, so that a busy moment falls on all alike, after one round that warms the disk."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="fresh processes of each kind (default 9)")
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for measured in range(-1, rounds):
        for name, command in COMMANDS.items():
            seconds = seconds_of(command)
            if measured >= 0:
                times[name].append(seconds)
    bare = statistics.median(times[BARE])
    for name in COMMANDS:
        seconds = statistics.median(times[name])
        line = {"bench": "start_up", "what": name, "seconds": round(seconds, 4), "rounds": rounds}
        if name != BARE:
            line |= {"ratio": round(seconds / bare, 2), "baseline": BARE}
        print(json.dumps(line))


if __name__ == "__main__":
    main()
