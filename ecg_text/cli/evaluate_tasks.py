"""The tasks of ecg-text evaluate: a row for each, with the function that answers it and the options it understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType

from ecg_text.cli.evaluate_asked import Answers, Asked
from ecg_text.cli.evaluate_calibration import calibration
from ecg_text.cli.evaluate_captions import captions
from ecg_text.cli.evaluate_fine_tune import fine_tune
from ecg_text.cli.evaluate_probes import probe_tokens, probe_vectors
from ecg_text.cli.evaluate_retrieval import patient_id, retrieval
from ecg_text.cli.evaluate_subgroups import subgroups
from ecg_text.cli.evaluate_text_probe import text_probe
from ecg_text.cli.evaluate_zero_shot import lead_subsets, robustness, zero_shot


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing that can be asked: needs and takes are the options, as fields of Asked, that belong to it."""

    ask: Callable[[Asked], Answers]
    help: str
    needs: tuple[str, ...] = ("data",)
    takes: tuple[str, ...] = ()


_ZERO_SHOT = ("prompts", "rule", "rows", "min_positives", "protocol", "class_texts", "statements")

# The protocols that are not ours to set: the file of each, and the options that it decides itself.
_FILES: Mapping[str, str] = MappingProxyType({"merl": "class_texts", "plain-names": "statements"})
_FIXED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "merl": ("rule", "rows", "min_positives"),
        "plain-names": ("rule", "rows", "min_positives", "prompts"),
    }
)

TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "zero-shot": Task(ask=zero_shot, help="findings by their words", takes=_ZERO_SHOT),
        "lead-subsets": Task(
            ask=lead_subsets, help="zero-shot again, as if fewer leads had been recorded", takes=(*_ZERO_SHOT, "leads")
        ),
        "robustness": Task(
            ask=robustness, help="zero-shot again, with noise, hum, wander, a wrong gain or rate", takes=_ZERO_SHOT
        ),
        "subgroups": Task(ask=subgroups, help="zero-shot by age band, sex, device and site", takes=_ZERO_SHOT),
        "calibration": Task(
            ask=calibration,
            help="probabilities and thresholds, on a split that ecg-text calibrate did not fit them on",
            takes=("prompts", "rule"),
        ),
        "retrieval": Task(
            ask=retrieval,
            help="reports and ECGs found by each other, ECGs by ECGs, graded by the labels of prompt sets",
            takes=("prompts", "same_patient"),
        ),
        "patient-id": Task(
            ask=patient_id,
            help="whose ECG is it: each of --probe looked for in --gallery",
            needs=("data", "gallery", "probe"),
            takes=("all_splits",),
        ),
        "captions": Task(
            ask=captions, help="drafts of reports against the reports, and the findings they say", takes=("prompts",)
        ),
        "linear-probe": Task(
            ask=probe_vectors,
            help="labels learned by a linear layer from frozen features, of 1, 10 and 100 % of the training records",
            takes=("labels", "features"),
        ),
        "knn-probe": Task(
            ask=probe_vectors, help="labels of the most alike training records", takes=("labels", "features")
        ),
        "attentive-probe": Task(
            ask=probe_tokens, help="labels learned by a query that reads all frozen tokens", takes=("labels",)
        ),
        "fine-tune": Task(
            ask=fine_tune,
            help="labels by a model that learned labels, as the recipes supervised_nano_ptbxl and finetune_nano_ptbxl",
            takes=("labels",),
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
    return "\n".join(["\b", "Tasks:", *(f"  {name:<15} {task.help}" for name, task in TASKS.items())])


def misuse(asked: Asked) -> str | None:
    """What is wrong with the choice of task and options, None where nothing is."""
    task = TASKS.get(asked.task)
    if task is None:
        return f"no task {asked.task!r}; choose one of {', '.join(TASKS)}"
    for name in _given(asked):
        of_tasks = [other for other, row in TASKS.items() if name in (*row.needs, *row.takes)]
        if of_tasks and asked.task not in of_tasks:
            return f"--{_option(name)} belongs to --task {' and '.join(of_tasks)}; {asked.task} has no use for it"
    for protocol, file in _FILES.items():
        if (asked.protocol == protocol) != (getattr(asked, file) is not None):
            return f"--protocol {protocol} and --{_option(file)} go together: give both, or neither"
    if fixed := [name for name in _FIXED.get(asked.protocol, ()) if name in _given(asked)]:
        return f"--protocol {asked.protocol} says what --{_option(fixed[0])} is; leave it out"
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
