"""ecg-text train: a recipe on a prepared store; stopped or killed, it goes on where it was."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path

import typer

from ecg_text.cli.asking import this_command
from ecg_text.cli.common import RESEARCH_USE, print_json, quiet_libraries, say, say_research_use, talk_console
from ecg_text.cli.runs import OUT, RESUME, SETTINGS, tell_report, told_how_to_go_on


def train(
    recipe: str = typer.Argument(..., help="A recipe by name: smoke (a minute, synthetic) or clip_nano (PTB-XL)."),
    data: Path = typer.Option(..., help="A store made by ecg-text prepare."),
    out: Path = OUT,
    settings: list[str] = SETTINGS,
    resume: bool = RESUME,
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

    with told_how_to_go_on("train", recipe, data, out, settings):
        report = train_run(run, data, out, resume=resume, console=talk_console(), command=this_command())
    if as_json:
        print_json({"recipe": recipe, "seed": run.seed, **asdict(report), "research_use": RESEARCH_USE})
        return
    tell_report(report)
    say(f"next: {shlex.join(['ecg-text', 'classify', 'FILE', '--model', str(report.model_folder), '--text', '...'])}")
    if report.last_metrics:
        say(f"the metrics are macro AUROC on the validation split of {data}")
        say_research_use()
