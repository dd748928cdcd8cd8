"""ecg-text train: a recipe on a prepared store; stopped or killed, it goes on where it was."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.asking import this_command
from ecg_text.cli.common import RESEARCH_USE, print_json, quiet_libraries, say, say_research_use, talk_console
from ecg_text.cli.runs import OUT, RESUME, SETTINGS, tell_report, told_how_to_go_on

if TYPE_CHECKING:
    from ecg_text.recipes.pretrain_ecg import EcgRun


RECIPES = (
    "A recipe by name: smoke (a minute, synthetic); clip_nano, melp_nano_ptbxl or reference_ptbxl (PTB-XL on two CPU "
    "cores), melp_small_ptbxl (one GPU), melp_small_mimic (four GPUs); of an ECG encoder alone, without reports: "
    "wav2vec_nano_ptbxl (two CPU cores), wav2vec_small_mimic (four GPUs); of labels: supervised_nano_ptbxl, and from a "
    "model's ECG encoder finetune_nano_ptbxl (two CPU cores)."
)


def train(
    recipe: str = typer.Argument(..., help=RECIPES),
    data: Path = typer.Option(..., help="A store made by ecg-text prepare."),
    out: Path = OUT,
    settings: list[str] = SETTINGS,
    resume: bool = RESUME,
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Train a model by a recipe, an ECG encoder that a model may begin with, or one that learns labels.

    Example: `ecg-text train clip_nano --data store --out run --set training.epochs=10`

    An ECG encoder first: `ecg-text train wav2vec_nano_ptbxl --data store --out ecg`, and then
    `ecg-text train melp_nano_ptbxl --data store --out run --set model.ecg.init=ecg`

    Fine-tuning: `ecg-text train finetune_nano_ptbxl --data store --out run --set ecg.init=MODEL --set labels=form`

    On many devices: `accelerate launch -m ecg_text train ...`
    """
    from ecg_text.recipes.plain import override
    from ecg_text.recipes.table import any_recipe

    run = override(any_recipe(recipe), settings)
    quiet_libraries()
    from ecg_text.recipes.pretrain_ecg import EcgRun
    from ecg_text.recipes.session import train_run
    from ecg_text.recipes.supervised import SupervisedRun

    with told_how_to_go_on("train", recipe, data, out, settings):
        report = train_run(run, data, out, resume=resume, console=talk_console(), command=this_command())
    if as_json:
        print_json({"recipe": recipe, "seed": run.seed, **asdict(report), "research_use": RESEARCH_USE})
        return
    tell_report(report)
    if isinstance(run, EcgRun):
        say(f"next: {shlex.join(_model_with(run, data, report.model_folder))}")
        return
    if isinstance(run, SupervisedRun):
        again = ["--data", str(data), "--task", "fine-tune", "--out", "RESULT.json"]
        say(f"next: {shlex.join(['ecg-text', 'evaluate', str(report.model_folder), *again])}")
        return
    say(f"next: {shlex.join(['ecg-text', 'classify', 'FILE', '--model', str(report.model_folder), '--text', '...'])}")
    if report.last_metrics:
        say(f"the metrics are macro AUROC on the validation split of {data}")
        say_research_use()


def _model_with(run: EcgRun, data: Path, encoder: Path) -> list[str]:
    """The command that trains a model which begins with this ECG encoder."""
    from ecg_text.recipes.table import recipes_with

    source = run.name.rpartition("_")[2]
    # Of recipes with such an encoder rather the one for the same data.
    [fitting, *_] = (*sorted(recipes_with(run.ecg), key=lambda name: not name.endswith(source)), "RECIPE")
    begin = f"model.ecg.init={encoder}"
    return ["ecg-text", "train", fitting, "--data", str(data), "--out", "OUT", "--set", begin]
