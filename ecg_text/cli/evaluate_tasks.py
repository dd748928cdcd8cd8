"""The tasks of ecg-text evaluate: a row for each, with the function that answers it and the options it understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType

from ecg_text.cli.evaluate_asked import Answers, Asked
from ecg_text.cli.evaluate_calibration import calibration
from ecg_text.cli.evaluate_captions import captions
from ecg_text.cli.evaluate_retrieval import retrieval
from ecg_text.cli.evaluate_subgroups import subgroups
from ecg_text.cli.evaluate_text_probe import text_probe
from ecg_text.cli.evaluate_zero_shot import zero_shot


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing that can be asked: needs and takes are the options, as fields of Asked, that belong to it."""

    ask: Callable[[Asked], Answers]
    help: str
    needs: tuple[str, ...] = ("data",)
    takes: tuple[str, ...] = ()


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "zero-shot": Task(
            ask=zero_shot, help="findings by their words", takes=("prompts", "rule", "rows", "min_positives")
        ),
        "subgroups": Task(
            ask=subgroups,
            help="zero-shot by age band, sex, device and site",
            takes=("prompts", "rule", "rows", "min_positives"),
        ),
        "calibration": Task(
            ask=calibration,
            help="probabilities and thresholds, on a split that ecg-text calibrate did not fit them on",
            takes=("prompts", "rule"),
        ),
        "retrieval": Task(ask=retrieval, help="reports and ECGs, each found by the other"),
        "captions": Task(
            ask=captions, help="drafts of reports against the reports, and the findings they say", takes=("prompts",)
        ),
        "text-probe": Task(
            ask=text_probe,
            help="which phrases mean the same; MODEL may be any text encoder, and no data is needed",
            needs=(),
            takes=("reading",),
        ),
    }
)


def help_of_tasks() -> str:
    """The tasks as a list for the help text; the sign \\b keeps its lines apart."""
    return "\n".join(["\b", "Tasks:", *(f"  {name:<12} {task.help}" for name, task in TASKS.items())])


def misuse(asked: Asked) -> str | None:
    """What is wrong with the choice of task and options, None where nothing is."""
    task = TASKS.get(asked.task)
    if task is None:
        return f"no task {asked.task!r}; choose one of {', '.join(TASKS)}"
    for name in _given(asked):
        of_tasks = [other for other, row in TASKS.items() if name in (*row.needs, *row.takes)]
        if of_tasks and asked.task not in of_tasks:
            return f"--{_option(name)} belongs to --task {' and '.join(of_tasks)}; {asked.task} has no use for it"
    if missing := [name for name in task.needs if name not in _given(asked)]:
        return f"--task {asked.task} needs --{_option(missing[0])}"
    return None


def _given(asked: Asked) -> Iterator[str]:
    """The options that differ from their defaults."""
    for field in fields(asked):
        if getattr(asked, field.name) not in (field.default, MISSING):
            yield field.name


def _option(name: str) -> str:
    return name.replace("_", "-")
