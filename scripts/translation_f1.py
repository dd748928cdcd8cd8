"""Token F1 of the English rendering against English reports written by others, for the German records; Markdown.

REFERENCE is a CSV file with the columns ecg_id and report. The reference is compared as it is, and in the house's
wording ("infarct" -> "myocardial infarction"), for an infarct by another name is no mistake. Below it stands the F1 of
the German original, which shares numbers, leads and Latin with English. 95 % intervals over records.
Example: python scripts/translation_f1.py STORE english_reports.csv
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np

from ecg_text.data.store import Store
from ecg_text.evaluation.bootstrap import interval
from ecg_text.text.cleaning.language import report_language
from ecg_text.text.cleaning.sources import PIPELINES
from ecg_text.text.english.translate import to_english

_TOKEN = re.compile(r"[^\W_]+")
NUM_RESAMPLES = 1000


def token_f1(said: str, reference: str) -> float:
    """The harmonic mean of precision and recall over bags of words and numbers, 0 where nothing is shared."""
    one, other = Counter(_TOKEN.findall(said)), Counter(_TOKEN.findall(reference))
    shared = (one & other).total()
    return 2 * shared / (one.total() + other.total()) if shared else 0.0


def references(path: Path) -> dict[str, str]:
    """The cleaned English reports of a CSV file, by record id."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["ecg_id"].strip(): PIPELINES["folder"].clean(row["report"]).text for row in csv.DictReader(file)}


def row(name: str, scores: list[float], generator: np.random.Generator) -> str:
    """One line of the table: the mean, its interval, and how many records it is over."""
    values = np.asarray(scores)
    means = values[generator.integers(len(values), size=(NUM_RESAMPLES, len(values)))].mean(axis=1)
    low, high = interval(means)
    return f"| {name} | {len(values)} | {values.mean():.3f} [{low:.3f}, {high:.3f}] |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("--show", type=int, default=0, help="print so many of the worst, too")
    asked = parser.parse_args()
    catalogue = Store.open(asked.store).catalogue
    reports = {
        str(record_id).lstrip("0"): report
        for record_id, report in zip(catalogue.column("record_id"), catalogue.column("report"), strict=True)
        if report
    }
    pairs = [
        (reports[record_id], english)
        for record_id, english in references(asked.reference).items()
        if record_id in reports and english and report_language(reports[record_id]) == "de"
    ]
    made = [to_english(german).text for german, _ in pairs]
    housed = [to_english(english).text for _, english in pairs]
    generator = np.random.default_rng(0)
    lines = ["| compared | records | token F1 |", "|---|---:|---|"]
    for name, ours, theirs in (
        ("English rendering, reference as it is", made, [english for _, english in pairs]),
        ("English rendering, reference in the house's wording", made, housed),
        ("German original, reference as it is", [german for german, _ in pairs], [english for _, english in pairs]),
    ):
        scores = [token_f1(said, reference) for said, reference in zip(ours, theirs, strict=True)]
        lines.append(row(name, scores, generator))
    print("\n".join(lines))
    worst = sorted(range(len(pairs)), key=lambda k: token_f1(made[k], housed[k]))[: asked.show]
    for k in worst:
        print(f"- {pairs[k][0]}\n  {made[k]}\n  {pairs[k][1]}")


if __name__ == "__main__":
    main()
