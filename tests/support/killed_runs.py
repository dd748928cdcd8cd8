"""A run of a recipe that is killed without warning and gone on with, beside one that is not.

Only the run that dies needs a process of its own: `python -m tests.support.killed_runs RECIPE STORE OUT [SETTING ...]`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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

# Checkpoints after three steps and six: one that dies at the fifth goes on from the third.
STEPS = ("training.steps=6", "training.checkpoint_every=3", "training.evaluate_every=1", "training.log_every=1")
LAST_STEP = 5
CLOCK = ("seconds", "examples_per_s")


def straight_and_killed(
    recipe: str, store: Path, place: Path, settings: Sequence[str], repository: Path, *, keeps_best: bool = False
) -> tuple[Path, Path]:
    """The folders of two runs of six steps: one straight on, one killed at the fifth, and gone on with from the third.

    A recipe that keeps the best model by a metric has one when it is killed; any other has none before its end.
    """
    straight, killed = place / "straight", place / "killed"
    train_recipe(recipe, store, straight, settings)
    command = [sys.executable, "-m", __name__, recipe, str(store), str(killed), *settings]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
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


def main(recipe: str, store: str, out: str, *settings: str) -> None:
    """The program that dies."""

    def train_and_die(*arguments: Any, evaluators: Sequence[Any], **options: Any) -> TrainReport:
        return train(*arguments, evaluators=(die, *evaluators), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "train", train_and_die)
        train_recipe(recipe, Path(store), Path(out), settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
