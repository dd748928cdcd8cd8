"""From the results of an evaluation suite to its figures: which values of which task are drawn, and over what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ecg_text.evaluation.reliability import ReliabilityBin
from ecg_text.hub.card_tables import readable
from ecg_text.hub.card_words import TASKS
from ecg_text.hub.results_file import CardResult, Figure
from ecg_text.plots.figures import IntervalRow, intervals_svg, reliability_svg

RANDOM_ENCODER = "random encoder"


class _Drawn(NamedTuple):
    """The metrics of a task that are drawn: what their names hold, what the axis is called, and where nothing lies."""

    holds: str
    across: str
    reference: float | None


_AUROC = "macro AUROC"
_DRAWN: Mapping[str, _Drawn] = MappingProxyType(
    {
        "retrieval": _Drawn("recall@", "recall", None),
        "linear-probe": _Drawn("macro_auroc@", _AUROC, 0.5),
        "knn-probe": _Drawn("macro_auroc@", _AUROC, 0.5),
        "lead-subsets": _Drawn("macro_auroc/", _AUROC, 0.5),
        "robustness": _Drawn("macro_auroc/", _AUROC, 0.5),
        "subgroups": _Drawn("difference/", "macro AUROC, less that of the others", 0.0),
    }
)


def figures_of(
    results: Sequence[CardResult], reliability: Mapping[str, Mapping[str, Sequence[ReliabilityBin]]]
) -> dict[str, dict[str, str]]:
    """SVG files by their names, for each task that has any: a task -> a name -> its text.

    reliability are the bins of each calibrated label by prompt set.
    """
    found: dict[str, dict[str, str]] = {}
    for result in results:
        if result.task == "zero-shot" and (rows := list(_classes(result))):
            title = f"{result.asked_set} on {result.split}: asked in words"
            drawn = intervals_svg(title, rows, across="AUROC", reference=0.5)
            found.setdefault(result.task, {})[f"zero-shot-{result.asked_set}.svg"] = drawn
    for task, chart in _DRAWN.items():
        of_task = [one for one in results if one.task == task]
        if rows := [row for one in of_task for row in _metrics(one, chart, several=len(of_task) > 1)]:
            title = f"{TASKS[task]}, on {of_task[0].split}"
            drawn = intervals_svg(title, rows, across=chart.across, reference=chart.reference)
            found[task] = {f"{task}.svg": drawn}
    for asked_set, tables in reliability.items():
        if tables:
            drawn = reliability_svg(f"{asked_set}: are its probabilities true?", tables)
            found.setdefault("calibration", {})[f"reliability-{asked_set}.svg"] = drawn
    return found


def _classes(result: CardResult) -> Iterator[IntervalRow]:
    """The macro AUROC, and that of each class, the best first."""
    if "macro_auroc" in result.figures:
        random = result.baselines.get(RANDOM_ENCODER, {}).get("macro_auroc")
        yield _row("macro", result.figures["macro_auroc"], random, strong=True)
    scored = [(name, one) for name, one in result.classes.items() if "auroc" in one.figures]
    for name, one in sorted(scored, key=lambda item: -item[1].figures["auroc"].value):
        yield _row(f"{name} ({one.support})", one.figures["auroc"], None)


def _metrics(result: CardResult, chart: _Drawn, *, several: bool) -> Iterator[IntervalRow]:
    random = result.baselines.get(RANDOM_ENCODER, {})
    for name, figure in result.figures.items():
        if chart.holds in name:
            # Behind the sign stands what the metric is of; where it stands before, the name itself tells.
            of = name.partition(chart.holds)[2] if name.startswith(chart.holds) else readable(name)
            label = f"{result.asked_set}: {of}" if several and result.asked_set else of
            yield _row(label, figure, random.get(name))


def _row(label: str, figure: Figure, random: Figure | None, *, strong: bool = False) -> IntervalRow:
    beside = {} if random is None else {RANDOM_ENCODER: random.value}
    return IntervalRow(label=label, value=figure.value, low=figure.low, high=figure.high, beside=beside, strong=strong)
