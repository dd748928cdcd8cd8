"""ecg-text train: a recipe on a prepared store; stopped or killed, it goes on where it was."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.asking import resume_command, this_command
from ecg_text.cli.common import (
    INTERRUPTED,
    RESEARCH_USE,
    complain,
    print_json,
    quiet_libraries,
    say,
    say_research_use,
    talk_console,
)

if TYPE_CHECKING:
    from ecg_text.training.loop import TrainReport


def train(
    recipe: str = typer.Argument(..., help="A recipe by name: smoke (a minute, synthetic) or clip_nano (PTB-XL)."),
    data: Path = typer.Option(..., help="A store made by ecg-text prepare."),
    out: Path = typer.Option(..., help="The folder of the run: log, checkpoints, model."),
    settings: list[str] = typer.Option(
        [], "--set", metavar="NAME=VALUE", help="Change a setting of the recipe; may be given again."
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run in OUT; repeat the --set it began with."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Train a model by a recipe.

    Example: `ecg-text train clip_nano --data store --out run --set training.epochs=10`

    On many devices: `accelerate launch -m ecg_text train ...`
    """
    from ecg_text.recipes.plain import override
    from ecg_text.recipes.table import recipe as recipe_by_name

    run = override(recipe_by_name(recipe), settings)
    quiet_libraries()
    from ecg_text.recipes.session import train_run
    from ecg_text.training.interrupt import TrainingInterruptedError

    try:
        report = train_run(run, data, out, resume=resume, console=talk_console(), command=this_command())
    except TrainingInterruptedError as error:
        again = resume_command("train", recipe, data, out, settings)
        complain(f"{str(error).partition(':')[0]}; go on with: {again}")
        raise typer.Exit(INTERRUPTED) from error
    if as_json:
        print_json({"recipe": recipe, "seed": run.seed, **asdict(report), "research_use": RESEARCH_USE})
    else:
        _tell(report, data)


def _tell(report: TrainReport, data: Path) -> None:
    say(f"{report.steps} steps ({report.epochs:.1f} epochs) in {report.seconds:.0f} s")
    metrics = report.last_metrics
    if report.best_step is not None and report.best_value is not None:
        say(
            f"best step {report.best_step}, {report.select_metric} {report.best_value:.4f}: these weights are the model"
        )
        metrics = report.best_metrics
    for name, value in metrics.items():
        say(f"  {name:<32} {value:.4f}")
    say(f"model {report.model_folder}")
    say(f"next: {shlex.join(['ecg-text', 'classify', 'FILE', '--model', str(report.model_folder), '--text', '...'])}")
    if report.last_metrics:
        say(f"the metrics are macro AUROC on the validation split of {data}")
        say_research_use()
