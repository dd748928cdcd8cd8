"""A run of a recipe that is killed without warning and gone on with, beside one that is not.

Only the run that dies needs a process of its own.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ecg_text.methods.method import Method
from ecg_text.recipes import session
from ecg_text.recipes.plain import override
from ecg_text.recipes.table import any_recipe
from ecg_text.training.loop import TrainReport, train
from tests.support.processes import start

# Checkpoints after three steps and six: one that dies at the fifth goes on from the third.
STEPS = ("training.steps=6", "training.checkpoint_every=3", "training.evaluate_every=1", "training.log_every=1")
LAST_STEP = 5
CLOCK = ("seconds", "examples_per_s")


def straight_and_killed(
    recipe: str, store: Path, place: Path, settings: Sequence[str], *, keeps_best: bool = False
) -> tuple[Path, Path]:
    """The folders of two runs of six steps: one straight on, one killed at the fifth, and gone on with from the third.

    A recipe that keeps the best model by a metric has one when it is killed; any other has none before its end.
    """
    straight, killed = place / "straight", place / "killed"
    train_recipe(recipe, store, straight, settings)
    died = start(train_and_die, recipe, store, killed, settings, folder=place).ended()
    assert died.status == -signal.SIGKILL, died.err
    assert (killed / "model").exists() == keeps_best
    train_recipe(recipe, store, killed, settings, resume=True)
    return straight, killed


def train_recipe(recipe: str, store: Path, out: Path, settings: Sequence[str], resume: bool = False) -> None:
    """Six steps of a recipe."""
    session.train_run(override(any_recipe(recipe), [*STEPS, *settings]), store, out, resume=resume)


def weights(run: Path) -> str:
    """The SHA-256 of the weights of a run's model."""
    return sha256((run / "model" / "model.safetensors").read_bytes()).hexdigest()


def logged(run: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """The lines of a run's log, or those of one kind, without the clock."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    chosen = [line for line in lines if kind in (None, line["kind"])]
    return [{name: value for name, value in line.items() if name not in CLOCK} for line in chosen]


def die(_method: Method, step: int) -> Mapping[str, float]:
    """An evaluation that the process does not survive."""
    if step == LAST_STEP:
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


def train_and_die(recipe: str, store: Path, out: Path, settings: Sequence[str]) -> None:
    """The program that dies."""

    def evaluated_to_death(*arguments: Any, evaluators: Sequence[Any], **options: Any) -> TrainReport:
        return train(*arguments, evaluators=(die, *evaluators), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "train", evaluated_to_death)
        train_recipe(recipe, store, out, settings)
