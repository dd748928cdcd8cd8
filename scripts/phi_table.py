"""What the scan for identifiers finds: a corpus with planted ones, and what it wrongly finds in PTB-XL's reports.

    python scripts/phi_table.py PTBXL_FOLDER [--fold 9] [--seed 0]

Prints Markdown. The names planted here are written down here alone; the detector has no list of names.
"""

import argparse
import csv
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from phi_corpus import FILES, sentences, write_corpus
from phi_recordings import Plant

from ecg_text.data.phi import MOST_PLACES, scan_files
from ecg_text.text.identifiers import KINDS, find_identifiers, masked


def main() -> None:
    """Make the corpus, scan it, scan the reports, print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ptbxl", type=Path)
    parser.add_argument("--fold", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    generator = np.random.default_rng(arguments.seed)
    in_sentences(sentences(generator))
    with tempfile.TemporaryDirectory() as folder:
        in_files(Path(folder), generator)
    in_reports(arguments.ptbxl / "ptbxl_database.csv", arguments.fold)


def in_sentences(plants: list[Plant]) -> None:
    """Found of planted by language and kind, in sentences: at least half of the planted signs are covered."""
    rows: dict[tuple[str, str], list[bool]] = {}
    missed = []
    for plant in plants:
        start = plant.sentence.index(plant.text)
        places = set(range(start, start + len(plant.text)))
        covered = set().union(*(range(one.start, one.stop) for one in find_identifiers(plant.sentence)))
        is_found = 2 * len(places & covered) >= len(places)
        rows.setdefault((plant.kind, plant.language), []).append(is_found)
        if not is_found and plant.kind != "name without a cue":
            missed.append(f"{plant.language} {plant.kind}: {plant.sentence}")
    languages = ("en", "de", "sv")
    print("### Planted in sentences: found / planted\n\n| kind | English | German | Swedish |\n|---|---|---|---|")
    for kind in dict.fromkeys(plant.kind for plant in plants):
        cells = [rows.get((kind, language), []) for language in languages]
        print(f"| {kind} | " + " | ".join(f"{sum(cell)} / {len(cell)}" for cell in cells) + " |")
    cued = [found for (kind, _), cell in rows.items() if kind != "name without a cue" for found in cell]
    print(f"\nAll kinds with a form or a cue: {sum(cued)} / {len(cued)}.\n")
    for line in missed[:20]:
        print(f"- missed: {line}")


def in_files(folder: Path, generator: np.random.Generator) -> None:
    """Found of planted in files of every kind, and how many of the scan's lines show a planted name whole."""
    plants = write_corpus(folder, generator)
    found, leaks, surplus = Counter[tuple[str, str]](), 0, Counter[str]()
    for scanned in scan_files(folder):
        name = Path(scanned.file).name
        expected = Counter((plant.kind, masked(plant.text)) for plant in plants if plant.file == name)
        for one in scanned.found:
            leaks += any(plant.text.casefold() in one.excerpt.casefold() for plant in plants)
            hit = (one.kind, one.excerpt)
            num = min(one.count, expected[hit])
            found[name, one.kind] += num
            expected[hit] -= num
            surplus[name] += one.count - num
    planted = Counter((plant.file, plant.kind) for plant in plants)
    kinds = [kind for kind in KINDS if any(kind == other for _, other in planted)]
    print("\n### Planted in files: found / planted\n\n| file | " + " | ".join(kinds) + " | not planted |")
    print("|---|" + "---|" * (len(kinds) + 1))
    for name in FILES:
        cells = [f"{found[name, kind]} / {planted[name, kind]}" if planted[name, kind] else "" for kind in kinds]
        print(f"| {name} | " + " | ".join(cells) + f" | {surplus[name]} |")
    print(f"\nAll: {found.total()} / {planted.total()}. Excerpts that show a planted text whole: {leaks}.")
    print(f"(places kept of each kind in a file: {MOST_PLACES})")


def in_reports(table: Path, fold: int) -> None:
    """Every find in the reports of one fold, shown."""
    with table.open(newline="", encoding="utf-8") as file:
        reports = [row["report"] for row in csv.DictReader(file) if row["strat_fold"] == str(fold)]
    hits = [(report, one) for report in reports for one in find_identifiers(report)]
    words = sum(len(report.split()) for report in reports)
    found_in = len({id(report) for report, _ in hits})
    print(f"\n### Reports of fold {fold}: {len(hits)} finds in {found_in} of {len(reports)} reports ({words} words)\n")
    for report, one in hits:
        print(f"- {one.kind}: `{report[max(0, one.start - 30) : one.start]}[{one.text}]{report[one.stop :][:20]}`")


if __name__ == "__main__":
    main()
