"""Ten thousand damaged files are read under guard, and whatever is worse than a refusal is counted.

    python -m scripts.bad_input [--seed 1] [--count 10000] [--format "edf plus"] [--keep-bad DIR] [--show N DIR]

Each file is made from the seed and its number, and read in every way that the door knows (whole, by window, as one of
a walk; with and without stated facts) and by the gate, in a process without network that is killed after 5 seconds.
Bad is any error but ours, the end of the process, more than 5 seconds, a peak above 1 GiB (of the whole process), a
write outside the temporary folder or a file left in it, a connection, and a message of more than one line. Prints
the outcomes of each format and the worst time and memory as Markdown, and exits with 1 where anything was bad.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.bad_input_lib.corpus import format_of, make_case
from scripts.bad_input_lib.pool import BAD, OUTCOMES, Outcome, run


def main() -> None:
    """Makes, reads and counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--format", help="files of this format only, as the table names it")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep-bad", type=Path, metavar="DIR", help="where the files that did harm are kept")
    parser.add_argument("--show", nargs=2, metavar=("NUMBER", "DIR"), help="write one file of the corpus, and no more")
    arguments = parser.parse_args()
    if arguments.show:
        keep(arguments.seed, int(arguments.show[0]), Path(arguments.show[1]))
        return
    numbers = range(arguments.first, arguments.first + arguments.count)
    wanted = [number for number in numbers if arguments.format in (None, format_of(arguments.seed, number))]
    start = time.perf_counter()
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="bad-input-") as folder:
        for outcome in run(wanted, seed=arguments.seed, folder=Path(folder), num_workers=arguments.workers):
            outcomes.append(outcome)
            if outcome.outcome in BAD:
                print(
                    f"{outcome.number} {outcome.format}, {outcome.damage}: {outcome.outcome}, {outcome.told}",
                    file=sys.stderr,
                )
                if arguments.keep_bad:
                    keep(arguments.seed, outcome.number, arguments.keep_bad / f"{outcome.number}")
            if len(outcomes) % 1000 == 0:
                print(f"{len(outcomes)} files in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(table(outcomes))
    print(f"\nSeed {arguments.seed}, {len(outcomes)} files in {time.perf_counter() - start:.0f} s.")
    sys.exit(any(outcome.outcome in BAD for outcome in outcomes))


def keep(seed: int, number: int, folder: Path) -> None:
    """Writes one file of the corpus, with what belongs to it, and tells its path."""
    folder.mkdir(parents=True, exist_ok=True)
    case = make_case(seed, number)
    print(f"{case.lay_out(folder)}: {case.format}, {case.damage}", file=sys.stderr)


def table(outcomes: Sequence[Outcome]) -> str:
    """Counts of each format's outcomes as Markdown, then the slowest file and the one of most memory."""
    counts = collections.Counter((outcome.format, outcome.outcome) for outcome in outcomes)
    formats = sorted({outcome.format for outcome in outcomes})
    lines = [f"| format | files | {' | '.join(OUTCOMES)} |", "|---|" + "---:|" * (len(OUTCOMES) + 1)]
    for name in formats:
        row = [counts[name, outcome] for outcome in OUTCOMES]
        lines.append(f"| {name} | {sum(row)} | {' | '.join(map(str, row))} |")
    sums = [sum(counts[name, outcome] for name in formats) for outcome in OUTCOMES]
    lines.append(f"| all | {sum(sums)} | {' | '.join(map(str, sums))} |")
    if outcomes:
        slow, large = max(outcomes, key=lambda one: one.seconds), max(outcomes, key=lambda one: one.peak_mib)
        lines += [
            "",
            f"Worst time: {slow.seconds:.2f} s (file {slow.number}: {slow.format}, {slow.damage}).",
            f"Worst memory: {large.peak_mib:.0f} MiB (file {large.number}: {large.format}, {large.damage}).",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
