"""results.json: all results that a model card is rendered from, and the facts that no evaluation can tell.

    {"format": "ecg_text.results/1", "results": [a result as ecg-text evaluate writes it, ...], "facts": {...}}

What the facts may be stands in hub/card_facts.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecg_text.errors import CheckpointError
from ecg_text.hub.facts import plain_facts
from ecg_text.hub.json_values import is_number, json_object
from ecg_text.hub.parts import read_json
from ecg_text.hub.writing import write_json

RESULTS = "results.json"
FORMAT = "ecg_text.results/1"
RESULT_FORMAT = "ecg_text.result/1"
FIELDS = ("format", "results", "facts")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A value, a fraction and not per cent, with the bounds of its 95 % interval where one was taken."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """One class, or one group: how many records it has, its figures, and why it was skipped where it was."""

    support: int
    figures: Mapping[str, Figure]
    skipped: str


@dataclass(frozen=True, kw_only=True)
class CardResult:
    """One evaluation: what was asked of which split, its figures and those of each base line, and where from."""

    task: str
    split: str
    figures: Mapping[str, Figure]
    classes: Mapping[str, ClassFigures]
    baselines: Mapping[str, Mapping[str, Figure]]
    provenance: Mapping[str, Any]

    def __str__(self) -> str:
        """The task, the set that was asked, and the split."""
        return " ".join(filter(None, (self.task, self.asked_set, "on", self.split)))

    @property
    def asked_set(self) -> str:
        """The prompt set, or the set of labels, that was asked; nothing where none was."""
        return str(self.provenance.get("prompt_set") or self.provenance.get("label_set") or "")

    @property
    def protocol(self) -> str:
        """By which protocol it was asked; nothing where there is but one."""
        return str(self.provenance.get("protocol") or "")

    def told(self, name: str) -> Any:
        """A fact of the provenance. Raises CheckpointError where it is missing."""
        if self.provenance.get(name) is None:
            raise CheckpointError(f"{RESULTS}: {self} does not tell {name}; evaluate again with ecg-text evaluate")
        return self.provenance[name]


@dataclass(frozen=True, kw_only=True)
class Results:
    """What results.json holds."""

    results: tuple[CardResult, ...]
    facts: Mapping[str, Any]


def read_results(path: Path) -> Results:
    """The results in a file. Raises CheckpointError where it is absent, damaged or of another format."""
    try:
        return results_of(read_json(Path(path), dict))
    except CheckpointError as error:
        raise CheckpointError(str(error) if str(path) in str(error) else f"{path}: {error}") from error


def copy_results(path: Path, copy: Path) -> None:
    """Write the same results to another file, their commands without the folders of this disk."""
    write_json(copy, plain_facts(read_json(path, dict)))


def results_of(document: Mapping[str, Any]) -> Results:
    """Results from plain JSON values, told without the folders of this disk.

    Raises CheckpointError on a missing or impossible field.
    """
    document = plain_facts(document)
    if document.get("format") != FORMAT:
        raise CheckpointError(f"its format is {document.get('format')!r}; this version reads {FORMAT!r}")
    if document.keys() != set(FIELDS):
        raise CheckpointError(f"its fields are {', '.join(document)}; they should be {', '.join(FIELDS)}")
    listed = document["results"]
    if not isinstance(listed, list) or not listed:
        raise CheckpointError("it holds no results; give those of ecg-text evaluate as a list")
    results = tuple(_result(number, one) for number, one in enumerate(listed, start=1))
    return Results(results=results, facts=json_object("facts", document["facts"]))


def _result(number: int, value: object) -> CardResult:
    table = json_object(f"result {number}", value)
    if table.get("format") != RESULT_FORMAT:
        raise CheckpointError(
            f"result {number} has format {table.get('format')!r}; this version reads {RESULT_FORMAT!r}"
        )
    task, split = table.get("task"), table.get("split")
    if not isinstance(task, str) or not isinstance(split, str):
        raise CheckpointError(f"result {number} has task {task!r} and split {split!r}; they should be names")
    what = f"{task} on {split}"
    return CardResult(
        task=task,
        split=split,
        figures=_figures(what, table.get("metrics")),
        classes={name: _class(f"{what}, {name}", one) for name, one in json_object(what, table.get("classes")).items()},
        baselines={
            name: _figures(f"{what}, {name}", one) for name, one in json_object(what, table.get("baselines")).items()
        },
        provenance=json_object(what, table.get("provenance")),
    )


def _class(what: str, value: object) -> ClassFigures:
    table = json_object(what, value)
    support, skipped = table.pop("support", None), table.pop("skipped", "")
    if not isinstance(support, int):
        raise CheckpointError(f"{what} has the support {support!r}; it should be a number of records")
    return ClassFigures(support=support, figures=_figures(what, table), skipped=str(skipped))


def _figures(what: str, value: object) -> dict[str, Figure]:
    return {name: _figure(f"{what}: {name}", one) for name, one in json_object(what, value).items()}


def _figure(what: str, value: object) -> Figure:
    table = json_object(what, value)
    numbers = [table.get(name) for name in ("value", "low", "high")]
    if not is_number(numbers[0]):
        raise CheckpointError(f"{what} has the value {numbers[0]!r}; it should be a number")
    if numbers[1:] != [None, None] and not all(map(is_number, numbers)):
        raise CheckpointError(f"{what} has the bounds {numbers[1]!r} and {numbers[2]!r}; give both or neither")
    return Figure(value=numbers[0], low=numbers[1], high=numbers[2])  # type: ignore[arg-type]
