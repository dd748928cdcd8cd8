"""A result told to a person: its metrics with their base lines, and the labels that are hardly told from chance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecg_text.cli.common import print_table, say

if TYPE_CHECKING:
    from ecg_text.evaluation.result import Result

# Below it a label is hardly told from chance, and a reader should not have to look for it in a table.
_WEAK_AUROC = 0.6


def show_result(path: Path, result: Result) -> None:
    """What was asked of which model, its metrics beside the base lines, its classes, and where the file is."""
    about = result.provenance
    asked = f"{result.task} {about['prompt_set']}" if "prompt_set" in about else result.task
    asked_of = f"{about['num_pairs']} pairs" if "num_pairs" in about else f"{about['num_records']} records"
    say(f"{asked} on {result.split}: {asked_of}, model {about['model_revision']}")
    rows = [
        (name, str(metric), *(str(table.get(name, "")) for table in result.baselines.values()))
        for name, metric in result.metrics.items()
    ]
    print_table(("metric", "model", *result.baselines), rows)
    if result.classes:
        say()
        _show_classes(result)
    say(f"written to {path}")
    say()


def _show_classes(result: Result) -> None:
    names = list(dict.fromkeys(name for score in result.classes.values() for name in score.metrics))
    rows = [
        (label, str(score.support), *(str(score.metrics.get(name, score.skipped or "")) for name in names))
        for label, score in result.classes.items()
    ]
    what, counted = ("kind", "pairs") if "num_pairs" in result.provenance else ("label", "positives")
    print_table((what, counted, *(name.replace("_", " ") for name in names)), rows, right=(counted,))
    if "auroc" in names:
        say(f"under {_WEAK_AUROC}: {', '.join(_weak_labels(result)) or 'none'}")


def _weak_labels(result: Result) -> list[str]:
    """The labels whose AUROC is below _WEAK_AUROC, weakest first, with their values."""
    auroc = {label: score.metrics["auroc"].value for label, score in result.classes.items() if "auroc" in score.metrics}
    return [
        f"{label} {value:.2f}"
        for label, value in sorted(auroc.items(), key=lambda item: item[1])
        if value < _WEAK_AUROC
    ]
