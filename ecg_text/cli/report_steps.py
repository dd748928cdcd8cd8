"""The steps of ecg-text report: each is a task of ecg-text evaluate, with the options that the suite asks it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ecg_text.cli.evaluate_asked import Answers, Asked
from ecg_text.cli.evaluate_calibration import calibration_or_a_fresh_one
from ecg_text.cli.evaluate_tasks import TASKS
from ecg_text.cli.report_wanted import Shared, Wanted

Ask = Callable[[Asked], Answers]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: how it completes the question, or why it is left out (a text); ask where the task's own will not do."""

    complete: Callable[[Wanted, Shared], Shared | str]
    ask: Ask | None = None

    def answers(self, asked: Shared) -> Answers:
        """The results of the step."""
        return (self.ask or TASKS[asked.task].ask)(asked)


def _task(task: str) -> Callable[[Wanted, Shared], Shared]:
    return lambda _, asked: replace(asked, task=task)


def _merl(wanted: Wanted, asked: Shared) -> Shared | str:
    if wanted.class_texts is None:
        return "needs MERL's class texts; give your copy with --class-texts"
    return replace(asked, task="zero-shot", protocol="merl", class_texts=wanted.class_texts, prompts=None)


def _plain_names(wanted: Wanted, asked: Shared) -> Shared | str:
    if wanted.statements is None:
        return "needs PTB-XL's scp_statements.csv; give it with --statements"
    return replace(asked, task="zero-shot", protocol="plain-names", statements=wanted.statements, prompts=None)


def _patient_id(wanted: Wanted, asked: Shared) -> Shared | str:
    if wanted.gallery is None or wanted.probe is None:
        return "needs lists of records; give them with --gallery and --probe"
    return replace(asked, task="patient-id", gallery=wanted.gallery, probe=wanted.probe, prompts=None)


def _captions(wanted: Wanted, asked: Shared) -> Shared | str:
    if wanted.embedder.model.decoder is None:
        return "the model writes no reports"
    return replace(asked, task="captions")


def _robustness(_: Wanted, asked: Shared) -> Shared:
    # Each variant is embedded anew: the untrained twin, chance in all of them, would double the longest step.
    return replace(asked, task="robustness", random_encoder=False, untrained=None)


def _probe(task: str) -> Callable[[Wanted, Shared], Shared]:
    return lambda wanted, asked: replace(asked, task=task, prompts=None, labels=wanted.label_names)


# The cheap ones first: a mistake shows early.
STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "zero-shot": Step(complete=_task("zero-shot")),
        "plain-names": Step(complete=_plain_names),
        "merl": Step(complete=_merl),
        "retrieval": Step(complete=_task("retrieval")),
        "patient-id": Step(complete=_patient_id),
        "subgroups": Step(complete=_task("subgroups")),
        "calibration": Step(complete=_task("calibration"), ask=calibration_or_a_fresh_one),
        "captions": Step(complete=_captions),
        "lead-subsets": Step(complete=_task("lead-subsets")),
        "linear-probe": Step(complete=_probe("linear-probe")),
        "knn-probe": Step(complete=_probe("knn-probe")),
        "robustness": Step(complete=_robustness),
    }
)
