"""Cleaning and translation of all reports of a store, one after another in one process.

    python scripts/bench/reports.py [--store STORE] [--source ptbxl]

Without a store, reports are drawn from the grammar of findings, in three languages. Prints one JSON line. Reading the
lexica is part of the translation's seconds; process time is counted, so that other work on the machine does not count.
ratio is the reports per second over those of the naive way, which translates every report's findings anew instead of
each distinct one once; it is measured on the first reports only.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from ecg_text.data.store import Store
from ecg_text.text.cleaning.language import report_language
from ecg_text.text.cleaning.sources import PIPELINES
from ecg_text.text.english.translate import to_english, translate_finding
from ecg_text.text.grammar import sample
from ecg_text.text.sentences import split_sentences

NAIVE_REPORTS = 1000
DRAWN_REPORTS = 5000


def naive(report: str) -> list[str]:
    """The findings of a report in English, none of them remembered."""
    language = report_language(report)
    return [translate_finding.__wrapped__(finding, language).text for finding in split_sentences(report)]


def reports_of(store: Path | None) -> list[str]:
    """The reports of a store as they were written, or some of one to six findings, each of which is met about twice."""
    if store is not None:
        return [raw or "" for raw in Store.open(store).catalogue.column("raw_report")]
    generator = np.random.default_rng(0)
    texts = [sample(generator, [language]).a for language in ("de", "en", "sv") for _ in range(500)]
    distinct = [" ".join(generator.choice(texts, size=generator.integers(1, 7))) for _ in range(DRAWN_REPORTS // 2)]
    return [distinct[number] for number in generator.integers(len(distinct), size=DRAWN_REPORTS)]


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--source", default="ptbxl", choices=sorted(PIPELINES))
    options = parser.parse_args()
    raws = reports_of(options.store)

    start = time.process_time()
    reports = [PIPELINES[options.source].clean(raw).text for raw in raws]
    cleaned = time.process_time() - start
    start = time.process_time()
    for report in reports:
        to_english(report)
    translated = time.process_time() - start
    start = time.process_time()
    slow = [naive(report) for report in reports[:NAIVE_REPORTS]]
    per_second = len(slow) / (time.process_time() - start)
    if any(". ".join(filter(None, one)) != to_english(reports[number]).text for number, one in enumerate(slow)):
        raise SystemExit("the two ways do not agree")
    print(
        json.dumps(
            {
                "bench": "reports",
                "reports": len(reports),
                "cleaning_seconds": round(cleaned, 2),
                "translation_seconds": round(translated, 2),
                "total_seconds": round(cleaned + translated, 2),
                "naive_reports_per_second": round(per_second),
                "ratio": round(len(reports) / translated / per_second, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
