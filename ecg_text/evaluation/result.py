"""The result of an evaluation: what was asked of which split, the answer beside its base lines, and its provenance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecg_text.errors import DataError
from ecg_text.evaluation.scores import ClassScore, Metric, class_score_of, json_object, metrics_of, metrics_to_dict
from ecg_text.whole_file import whole_file

FORMAT = "ecg_text.result/1"
FIELDS = ("format", "task", "split", "metrics", "classes", "baselines", "provenance")
NOTICE = "Research use only, not a medical device."


@dataclass(frozen=True, kw_only=True)
class Result:
    """An evaluation that can be told again: task, split, metrics, each class, base lines and provenance.

    baselines maps a name ("chance", "random encoder") to its metrics, under the same names as in metrics.
    provenance holds plain values: model revision, preprocess fingerprint, prompt set and hash, data set and split
    hash, code version, seed, command.
    """

    task: str
    split: str
    metrics: Mapping[str, Metric]
    classes: Mapping[str, ClassScore] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, Metric]] = field(default_factory=dict)
    provenance: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """The result as plain JSON values."""
        return {
            "format": FORMAT,
            "task": self.task,
            "split": self.split,
            "metrics": metrics_to_dict(self.metrics),
            "classes": {name: score.to_dict() for name, score in self.classes.items()},
            "baselines": {name: metrics_to_dict(metrics) for name, metrics in self.baselines.items()},
            "provenance": dict(self.provenance),
        }

    def write_json(self, path: Path | str) -> Path:
        """Write the result to one JSON file, whole or not at all, and return its path.

        Raises DataError where a provenance value is not a plain one.
        """
        path = Path(path)
        try:
            text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DataError(f"{path} cannot be written: {error}; give strings, numbers, booleans or None") from None
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as draft:
            draft.write_text(text + "\n", encoding="utf-8")
        return path

    def to_markdown(self) -> str:
        """The result as tables for a person or a model card: value and [95 % interval], fractions."""
        lines = [f"## {self.task} on {self.split}", "", *self._metric_lines()]
        if self.classes:
            lines += ["", *self._class_lines()]
        if self.provenance:
            lines += ["", *(f"- {name}: `{value}`" for name, value in self.provenance.items())]
        return "\n".join([*lines, "", NOTICE, ""])

    def _metric_lines(self) -> Iterator[str]:
        yield from _header("metric", "model", *self.baselines)
        for name, metric in self.metrics.items():
            others = (table.get(name) for table in self.baselines.values())
            yield _row(name, metric, *others)

    def _class_lines(self) -> Iterator[str]:
        names = list(dict.fromkeys(name for score in self.classes.values() for name in score.metrics))
        yield from _header("class", "positives", *names)
        for name, score in self.classes.items():
            cells = [score.metrics.get(metric) for metric in names]
            if score.skipped is not None and cells:
                yield _row(name, score.support, f"skipped: {score.skipped}", *cells[1:])
            else:
                yield _row(name, score.support, *cells)


def read_result(path: Path | str) -> Result:
    """Read a result file. Raises DataError where it is absent, damaged, of another kind or has an unknown field."""
    path = Path(path)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; give a file written by ecg-text evaluate") from None
    except ValueError as error:
        raise DataError(f"{path} is not a JSON file ({error}); evaluate again") from None
    try:
        return _result_of(json_object("a result", table))
    except DataError as error:
        raise DataError(f"{path} is not a well-formed result: {error}") from None


def _result_of(table: dict[str, object]) -> Result:
    if table.get("format") != FORMAT:
        raise DataError(f"its format is {table.get('format')!r}; this version reads {FORMAT!r}")
    if table.keys() != set(FIELDS):
        raise DataError(f"its fields are {', '.join(table)}; they should be {', '.join(FIELDS)}")
    task, split = table["task"], table["split"]
    if not isinstance(task, str) or not isinstance(split, str):
        raise DataError(f"task and split are {task!r} and {split!r}; they should be strings")
    return Result(
        task=task,
        split=split,
        metrics=metrics_of(table["metrics"]),
        classes={name: class_score_of(score) for name, score in json_object("classes", table["classes"]).items()},
        baselines={name: metrics_of(value) for name, value in json_object("baselines", table["baselines"]).items()},
        provenance=_plain_values(json_object("provenance", table["provenance"])),
    )


def _plain_values(table: dict[str, object]) -> dict[str, str | int | float | bool | None]:
    plain = {name: value for name, value in table.items() if value is None or isinstance(value, str | int | float)}
    if strange := sorted(table.keys() - plain.keys()):
        raise DataError(f"provenance holds no plain value under {', '.join(strange)}")
    return plain


def _header(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield "|" + "---|" * len(titles)


def _row(*cells: object) -> str:
    # A bar inside a cell would start another column.
    return "| " + " | ".join("" if cell is None else str(cell).replace("|", "\\|") for cell in cells) + " |"
