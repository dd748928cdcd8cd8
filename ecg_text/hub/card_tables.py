"""Tables and lists of a model card: figures beside base lines, classes beside support, numbers as they are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ecg_text.errors import CheckpointError
from ecg_text.hub.card_facts import CROSS, IN_DOMAIN, Facts, Published
from ecg_text.hub.results_file import RESULTS, CardResult, ClassFigures, Figure

# Facts that do not tell what was asked.
_ASIDE = re.compile(r"^num_|hash|version|revision|command|seed|left_out|chosen|benchmark|opposite_share")
_BENCHMARK = "benchmark_interval"
_POSITIVES = "positives"
# What the support of a class counts, where it is not a label.
_COUNTED: Mapping[str, str] = MappingProxyType({"subgroups": "records", "text-probe": "pairs"})
_SHORT: Mapping[str, str] = MappingProxyType(
    {name: name.upper() for name in ("auroc", "ecg", "ece", "ppv", "npv", "bleu", "snr")} | {"ndcg": "nDCG"}
)
_WORD = re.compile(r"[a-z]+")


def figure_table(results: Sequence[CardResult], facts: Facts, trained_on: str) -> str:
    """The figures of results of one task: a row for each, columns for the model, each base line and other systems.

    trained_on is the source of the training data, which tells whether a figure is in-domain. Raises CheckpointError
    where two results cannot be told apart.
    """
    baselines = list(dict.fromkeys(name for one in results for name in one.baselines))
    published = [one for one in facts.published if one.task in {result.task for result in results}]
    headings = ["asked", "records", "figure", "this model", "tested", *baselines]
    return table(
        headings + ["published by others"] * bool(published),
        [
            [*row, _elsewhere(published, result, name)] if published else row
            for result, label in _labelled(results)
            for name, row in _rows(result, label, baselines, trained_on)
        ],
    )


def key_table(results: Sequence[CardResult], names: Sequence[str], beside: str) -> str:
    """Only these figures of results of one task, and one base line."""
    rows = [
        [label, readable(name), f"**{told(name, result.figures[name])}**", told(name, baseline.get(name))]
        for result, label in _labelled(results)
        for name in names
        if name in result.figures
        for baseline in [result.baselines.get(beside, {})]
    ]
    return table(["asked", "figure", "this model", beside], rows)


def _rows(
    result: CardResult, label: str, baselines: Sequence[str], trained_on: str
) -> Iterator[tuple[str, list[object]]]:
    num = result.provenance.get("num_records", "")
    where = setting_of(result, trained_on)
    for name, figure in result.figures.items():
        beside = [told(name, result.baselines.get(one, {}).get(name)) for one in baselines]
        yield name, [label, num, readable(name), f"**{told(name, figure)}**", where, *beside]
    if benchmark := result.provenance.get(_BENCHMARK):
        yield (
            _BENCHMARK,
            [label, num, "macro AUROC as the PTB-XL benchmark prints it", benchmark, where, *[""] * len(baselines)],
        )


def setting_of(result: CardResult, trained_on: str) -> str:
    """Whether the model was tested on other patients of its own training data, or on another data set."""
    data_set = result.provenance.get("data_set")
    return "" if data_set is None else IN_DOMAIN if data_set == trained_on else CROSS


def _elsewhere(published: Sequence[Published], result: CardResult, metric: str) -> str:
    wanted = (result.task, result.asked_set, result.split, metric)
    return "; ".join(
        f"{one.system} {one.value:.3f} ({one.setting}; {one.source})"
        for one in published
        if (one.task, one.set, one.split, one.metric) == wanted
    )


def class_tables(results: Sequence[CardResult]) -> str:
    """The classes of each result behind a line that opens it."""
    blocks = []
    for result, label in _labelled(results):
        if not result.classes:
            continue
        names = list(dict.fromkeys(name for one in result.classes.values() for name in one.figures))
        rows = [
            [name, _counted(result, one), *(told(metric, one.figures.get(metric)) or one.skipped for metric in names)]
            for name, one in result.classes.items()
        ]
        text = table(["", _COUNTED.get(result.task, _POSITIVES), *map(readable, names)], rows)
        each = "group" if result.task == "subgroups" else "class"
        blocks.append(f"<details><summary>{label}: each {each}</summary>\n\n{text}\n\n</details>")
    return "\n\n".join(blocks)


def _counted(result: CardResult, one: ClassFigures) -> str:
    """The support of a class; of a label with its share of the records, which precision is to be read against."""
    num = result.provenance.get("num_records")
    if result.task in _COUNTED or not num:
        return str(one.support)
    return f"{one.support} ({100 * one.support / num:.1f} %)"


def _labelled(results: Sequence[CardResult]) -> list[tuple[CardResult, str]]:
    """Each result with what tells it from the others of its table: the set, the split, and a fact that differs.

    Raises CheckpointError where nothing does.
    """
    alike: dict[tuple[str, str], list[CardResult]] = {}
    for result in results:
        alike.setdefault((result.asked_set, result.split), []).append(result)
    facts = {id(result): fact for members in alike.values() for result, fact in _differing(members)}
    return [(one, ", ".join(filter(None, (one.asked_set, one.split, facts[id(one)])))) for one in results]


def _differing(results: Sequence[CardResult]) -> list[tuple[CardResult, str]]:
    """Each result with its protocol, if that tells them apart, or the first fact that does, or else all that differ."""
    known = [name for one in results for name in one.provenance if not _ASIDE.search(name)]
    names = dict.fromkeys(sorted(known, key=lambda name: name != "protocol"))
    told = {name: [f"{readable(name)} {one.provenance.get(name)}" for one in results] for name in names}
    if len(results) == 1:
        return [(results[0], "")]
    for facts in told.values():
        if len(set(facts)) == len(results):
            return list(zip(results, facts, strict=True))
    joined = [", ".join(facts) for facts in zip(*(row for row in told.values() if len(set(row)) > 1), strict=True)]
    if len(set(joined)) < len(results):
        raise CheckpointError(f"{RESULTS} holds {results[0]} twice; leave one out")
    return list(zip(results, joined, strict=True))


def told(name: str, figure: Figure | None) -> str:
    """A figure as a table has it: a count as a whole number, a median rank with one decimal, a fraction with three."""
    if figure is None:
        return ""
    digits = 0 if name.startswith("num_") else 1 if "median_rank" in name else 3

    def rounded(value: float) -> str:
        return f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: a little below zero is no -0.000

    bounds = "" if figure.low is None or figure.high is None else f" [{rounded(figure.low)}, {rounded(figure.high)}]"
    return rounded(figure.value) + bounds


def readable(name: str) -> str:
    """The name of a metric as a person reads it; what it is of, behind "/", comes first."""
    figure, _, of = name.removeprefix("num_").partition("/")
    text = _WORD.sub(lambda found: _SHORT.get(found[0], found[0]), figure.replace("_", " "))
    return f"{of}: {text}" if of else text


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of Markdown."""
    return "\n".join([_line(headings), "|" + "---|" * len(headings), *map(_line, rows)])


def facts_table(facts: Mapping[str, object]) -> str:
    """Names and values, those that are there."""
    return table(["", ""], [[name, value] for name, value in facts.items() if value not in (None, "")])


def bullets(items: Iterable[str], first: str = "") -> str:
    """A list of Markdown: what every card says, where there is any, then what this one does."""
    return "\n".join(filter(None, (first.strip(), *(f"- {' '.join(item.split())}" for item in items))))


def blocks(*parts: str) -> str:
    """Blocks of Markdown, those that say something."""
    return "\n\n".join(part.strip() for part in parts if part)


def in_line(text: object) -> str:
    """A text in one line of a table: a bar inside a cell would start another column."""
    return " ".join(str(text).split()).replace("|", "\\|")


def _line(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(map(in_line, cells)) + " |"
