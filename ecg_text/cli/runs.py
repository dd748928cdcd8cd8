"""What the two verbs that train share: their options, what an interrupted run says, and what a finished one reached."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.common import INTERRUPTED, complain, say

if TYPE_CHECKING:
    from ecg_text.training.loop import TrainReport

OUT = typer.Option(..., help="The folder of the run: log, checkpoints, model.")
SETTINGS = typer.Option([], "--set", metavar="NAME=VALUE", help="Change a setting of the recipe; may be given again.")
RESUME = typer.Option(False, "--resume", help="Go on with the run in OUT; repeat the --set it began with.")


@contextmanager
def told_how_to_go_on(verb: str, recipe: str, data: Path, out: Path, settings: Sequence[str]) -> Iterator[None]:
    """A run that is interrupted in here ends the program with the command that goes on with it."""
    from ecg_text.training.interrupt import TrainingInterruptedError

    try:
        yield
    except TrainingInterruptedError as error:
        again = _resume_command(verb, recipe, data, out, settings)
        complain(f"{str(error).partition(':')[0]}; go on with: {again}")
        raise typer.Exit(INTERRUPTED) from error


def tell_report(report: TrainReport) -> None:
    """How long a run took, which step is the model, what it reached there, and where it is."""
    say(f"{report.steps} steps ({report.epochs:.1f} epochs) in {report.seconds:.0f} s")
    metrics = report.last_metrics
    if report.best_step is not None and report.best_value is not None:
        reached = f"{report.select_metric} {report.best_value:.4f}"
        say(f"best step {report.best_step}, {reached}: these weights are the model")
        metrics = report.best_metrics
    for name, value in metrics.items():
        say(f"  {name:<32} {value:.4f}")
    say(f"model {report.model_folder}")


def _resume_command(verb: str, recipe: str, data: Path, out: Path, settings: Sequence[str]) -> str:
    """The command that goes on with a run of these settings, as a person would type it."""
    changed = [part for setting in settings for part in ("--set", setting)]
    return shlex.join(["ecg-text", verb, recipe, "--data", str(data), "--out", str(out), *changed, "--resume"])
