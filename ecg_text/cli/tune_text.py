"""ecg-text tune-text: a text encoder learns the words of cardiology; stopped or killed, it goes on where it was."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path

import typer

from ecg_text.cli.asking import this_command
from ecg_text.cli.common import print_json, quiet_libraries, say, talk_console
from ecg_text.cli.runs import OUT, RESUME, SETTINGS, tell_report, told_how_to_go_on


def tune_text(
    recipe: str = typer.Argument(..., help="A recipe by name: text_nano, text_synonyms, text_minilm or text_medcpt."),
    data: Path = typer.Option(..., help="A store made by ecg-text prepare, or a text file with one report a line."),
    out: Path = OUT,
    settings: list[str] = SETTINGS,
    resume: bool = RESUME,
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Tune a text encoder on reports, by masked words and, where asked, by synonyms.

    Example: `ecg-text tune-text text_nano --data store --out run --set synonyms.weight=1`

    The encoder then serves a model: `ecg-text train clip_nano ... --set model.text.pretrained=run/model`
    """
    from ecg_text.recipes.plain import override
    from ecg_text.recipes.tune_recipes import tune_recipe

    run = override(tune_recipe(recipe), settings)
    quiet_libraries()
    from ecg_text.recipes.tune_session import tune_run

    with told_how_to_go_on("tune-text", recipe, data, out, settings):
        report = tune_run(run, data, out, resume=resume, console=talk_console(), command=this_command())
    if as_json:
        print_json({"recipe": recipe, "seed": run.seed, **asdict(report)})
        return
    tell_report(report)
    chosen = f"model.text.pretrained={report.model_folder}"
    say(f"next: {shlex.join(['ecg-text', 'train', 'clip_nano', '--data', 'STORE', '--out', 'OUT', '--set', chosen])}")
