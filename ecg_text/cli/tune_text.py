"""ecg-text tune-text: a text encoder learns the words of cardiology; stopped or killed, it goes on where it was."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.asking import resume_command, this_command
from ecg_text.cli.common import INTERRUPTED, complain, print_json, quiet_libraries, say, talk_console

if TYPE_CHECKING:
    from ecg_text.training.loop import TrainReport


def tune_text(
    recipe: str = typer.Argument(..., help="A recipe by name: text_nano, text_synonyms, text_minilm or text_medcpt."),
    data: Path = typer.Option(..., help="A store made by ecg-text prepare, or a text file with one report a line."),
    out: Path = typer.Option(..., help="The folder of the run: log, checkpoints, model."),
    settings: list[str] = typer.Option(
        [], "--set", metavar="NAME=VALUE", help="Change a setting of the recipe; may be given again."
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run in OUT; repeat the --set it began with."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Tune a text encoder on reports, by masked words and, where asked, by synonyms.

    Example: `ecg-text tune-text text_nano --data store --out run --set synonyms.weight=1`

    The encoder then serves a model: `ecg-text train clip_nano ... --set model.text.pretrained=run/model`
    """
    from ecg_text.recipes.plain import override
    from ecg_text.recipes.tune_text import tune_recipe

    run = override(tune_recipe(recipe), settings)
    quiet_libraries()
    from ecg_text.recipes.tune_session import tune_run
    from ecg_text.training.interrupt import TrainingInterruptedError

    try:
        report = tune_run(run, data, out, resume=resume, console=talk_console(), command=this_command())
    except TrainingInterruptedError as error:
        again = resume_command("tune-text", recipe, data, out, settings)
        complain(f"{str(error).partition(':')[0]}; go on with: {again}")
        raise typer.Exit(INTERRUPTED) from error
    if as_json:
        print_json({"recipe": recipe, "seed": run.seed, **asdict(report)})
    else:
        _tell(report)


def _tell(report: TrainReport) -> None:
    say(f"{report.steps} steps ({report.epochs:.1f} epochs) in {report.seconds:.0f} s")
    metrics = report.last_metrics if report.best_step is None else report.best_metrics
    if report.best_step is not None:
        say(f"best step {report.best_step} by {report.select_metric}: these weights are the model")
    for name, value in metrics.items():
        say(f"  {name:<32} {value:.4f}")
    say(f"model {report.model_folder}")
    chosen = f"model.text.pretrained={report.model_folder}"
    say(f"next: {shlex.join(['ecg-text', 'train', 'clip_nano', '--data', 'STORE', '--out', 'OUT', '--set', chosen])}")
