"""What an evaluator answers: metrics with their intervals, the score of each class, and the base lines it knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ecg_text.errors import DataError

RANDOM_ENCODER = "random encoder"  # the base line of a model that has learned nothing


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A value, a fraction and not per cent, with the bounds of its 95 % interval where one was taken.

    Raises DataError where the value is not finite or only one bound is given.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.value):
            raise DataError(f"a metric's value is {self.value!r}; give a finite number or leave the metric out")
        if (self.low is None) != (self.high is None):
            raise DataError(f"a metric's bounds are {self.low!r} and {self.high!r}; give both or neither")
        if self.low is not None and not (_is_number(self.low) and _is_number(self.high)):
            raise DataError(f"a metric's bounds are {self.low!r} and {self.high!r}; give finite numbers or None")

    def __str__(self) -> str:
        bounds = "" if self.low is None else f" [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.value:.3f}{bounds}"

    def to_dict(self) -> dict[str, float | None]:
        """The metric as a JSON object."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """One class: its number of positive records, its metrics, and why it was skipped where it has none."""

    support: int
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    skipped: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The class as a JSON object: support, each metric by its name, and skipped where it was."""
        reason = {} if self.skipped is None else {"skipped": self.skipped}
        return {"support": self.support, **metrics_to_dict(self.metrics), **reason}


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What an evaluator hands to a Result: its metrics, each class, and the base lines it can tell by itself."""

    metrics: Mapping[str, Metric]
    classes: Mapping[str, ClassScore] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, Metric]] = field(default_factory=dict)


def metrics_to_dict(metrics: Mapping[str, Metric]) -> dict[str, object]:
    """Named metrics as a JSON object."""
    return {name: metric.to_dict() for name, metric in metrics.items()}


def metrics_of(value: object) -> dict[str, Metric]:
    """Named metrics from a JSON object. Raises DataError on an unknown, missing or impossible field."""
    return {name: _metric_of(name, metric) for name, metric in json_object("metrics", value).items()}


def class_score_of(value: object) -> ClassScore:
    """One class from a JSON object. Raises DataError on an unknown, missing or impossible field."""
    table = json_object("a class", value)
    support, skipped = table.pop("support", None), table.pop("skipped", None)
    if not isinstance(support, int) or isinstance(support, bool) or support < 0:
        raise DataError(f"a class has the support {support!r}; it should be a number of records")
    if skipped is not None and not isinstance(skipped, str):
        raise DataError(f"a class was skipped because of {skipped!r}; it should be a sentence")
    return ClassScore(support=support, metrics=metrics_of(table), skipped=skipped)


def json_object(what: str, value: object) -> dict[str, object]:
    """A copy of a JSON object. Raises DataError where the value is another thing."""
    if not isinstance(value, dict):
        raise DataError(f"{what} should be a JSON object and is {value!r}")
    return dict(value)


def _metric_of(name: str, value: object) -> Metric:
    table = json_object(name, value)
    if table.keys() != {"value", "low", "high"}:
        raise DataError(f"{name} has the fields {', '.join(table)}; it should have value, low, high")
    return Metric(**table)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
