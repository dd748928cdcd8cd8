"""How much of a store's reports the lexica cover, by language; Markdown on standard output.

A word is a run of letters or a number; a report counts as covered where no word of it is left over. With --sample,
reports are printed instead, the original above its English, what was left over behind it.
Example: python scripts/translation_table.py STORE --split train,val --sample 60 --seed 0
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.store import Store
from ecg_text.text.cleaning.language import report_language
from ecg_text.text.english.translate import English, to_english

ALL = "all"


def reports_of(catalogue: Catalogue, splits: list[str]) -> list[str]:
    """The reports of some splits that hold words."""
    rows = np.sort(np.concatenate([catalogue.where_split(split) for split in splits]))
    return [report for report in catalogue.select(rows).column("report") if report]


def table(reports: list[str], made: list[English], num_words: int) -> str:
    """Coverage by words and by reports for each language, and the words most often left over."""
    languages = [report_language(report) for report in reports]
    lines = ["| language | reports | words | words covered | reports covered |", "|---|---:|---:|---:|---:|"]
    for language in (*sorted(set(languages)), ALL):
        mine = [one for one, its in zip(made, languages, strict=True) if language in (its, ALL)]
        words = sum(one.num_words for one in mine)
        left = sum(len(one.left) for one in mine)
        whole = sum(not one.left for one in mine)
        lines.append(
            f"| {language} | {len(mine)} | {words} | {100 * (1 - left / max(words, 1)):.2f} % "
            f"| {100 * whole / len(mine):.2f} % |"
        )
    counts = Counter(word for one in made for word in one.left)
    common = ", ".join(f"{word} ({count})" for word, count in counts.most_common(num_words))
    return "\n".join([*lines, "", f"{len(counts)} distinct words are left over: {common}"])


def samples(reports: list[str], made: list[English], count: int, seed: int) -> str:
    """Reports drawn at random, the original and its English one under the other."""
    chosen = np.random.default_rng(seed).choice(len(reports), min(count, len(reports)), replace=False)
    return "\n\n".join(
        f"{reports[number]}\n{made[number].text}" + (f"\nLEFT: {' '.join(made[number].left)}" * bool(made[number].left))
        for number in chosen
    )


def main() -> None:
    """Print the table, or a sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--split", default="train,val", help="splits, separated by commas")
    parser.add_argument("--language", help="only reports in this language: de, sv, en or unknown")
    parser.add_argument("--words", type=int, default=40, help="how many of the words left over are listed")
    parser.add_argument("--sample", type=int, default=0, help="print so many reports and their English")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    reports = reports_of(Store.open(options.store).catalogue, options.split.split(","))
    if options.language:
        reports = [report for report in reports if report_language(report) == options.language]
    made = [to_english(report) for report in reports]
    if options.sample:
        print(samples(reports, made, options.sample, options.seed))
    else:
        print(table(reports, made, options.words))


if __name__ == "__main__":
    main()
