"""ecg-text demo: the whole story in minutes, on synthetic ECGs, told on the way and left as one page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.common import RESEARCH_USE, complain, print_json, progress, quiet_libraries, talk_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ecg_text.evaluation.result import Result
    from ecg_text.evaluation.scores import Metric
    from ecg_text.recipes.demo import Asked, DemoPlan, Found

NUM_CHAPTERS = 6
EXCERPT = 70
INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class Told:
    """Where the page lies, the scores of the held-out records, and what the searches found."""

    page: Path
    result: Result
    found: tuple[Found, ...]


class Story:
    """Says what is done, chapter by chapter, and how long each took."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._chapter = 0
        self._since = time.perf_counter()

    def done(self, what: str) -> None:
        """One chapter is done; the next begins."""
        from rich.text import Text

        self._chapter += 1
        now = time.perf_counter()
        line = Text.assemble(
            (f"{self._chapter}/{NUM_CHAPTERS}  ", "bold"), what, (f"  {now - self._since:.0f} s", "dim")
        )
        self.console.print(line)
        self._since = now


def demo(
    out: Path = typer.Option(Path("demo"), help="The folder of the demonstration; an older one is replaced."),
    records: int = typer.Option(300, help="How many synthetic ECGs to make."),
    seed: int = typer.Option(0, min=0, help="Seed of the ECGs, of the training and of the intervals."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout instead of the story."),
) -> None:
    """The whole story in minutes: synthetic ECGs, a model trained on them, questions, searches, and a page of it all.

    Example: `ecg-text demo --out demo`

    A recording that the model is asked about was never in its training. The folder then holds the recordings, the
    store, the model, the index and index.html; every other command can be tried on them.
    """
    from rich.console import Console

    started = time.perf_counter()
    console = Console(quiet=as_json, highlight=False, soft_wrap=True)
    console.print(f"[bold]ecg_text[/bold]  {records} synthetic ECGs, from the first sample to the last answer")
    from ecg_text.recipes.demo import DemoPlan
    from ecg_text.recipes.table import recipe

    told = run_demo(out, DemoPlan(run=recipe("smoke"), records=records, seed=seed), console)
    if as_json:
        print_json(
            {
                "page": str(told.page),
                "result": told.result.to_dict(),
                "searches": {one.question.sentence: [hit.record_id for hit in one.hits] for one in told.found},
                "research_use": RESEARCH_USE,
            }
        )
        return
    seconds = time.perf_counter() - started
    console.print(
        f"\n[bold]{told.page}[/bold]  is the whole story on one page, told in {seconds:.0f} s: open it in a browser"
    )
    console.print(f"({RESEARCH_USE})")


def run_demo(out: Path, plan: DemoPlan, console: Console) -> Told:
    """Make the demonstration in a folder, whole or not at all, telling the story on a console.

    Raises DataError where the folder holds anything that no demonstration made, typer.Exit after Ctrl-C.
    """
    from ecg_text.recipes.demo_folder import PAGE, demo_folder
    from ecg_text.training.interrupt import TrainingInterruptedError

    quiet_libraries()
    facts = _facts(plan)
    try:
        with demo_folder(out, facts) as folder:
            result, found = _tell(folder, plan, facts, Story(console))
    except (KeyboardInterrupt, TrainingInterruptedError):
        complain("the demonstration was stopped, and what there was of it is removed; start it again: ecg-text demo")
        raise typer.Exit(INTERRUPTED) from None
    return Told(page=out / PAGE, result=result, found=found)


def _tell(
    folder: Path, plan: DemoPlan, facts: Mapping[str, str | int], story: Story
) -> tuple[Result, tuple[Found, ...]]:
    from ecg_text.cli.demo_page import demo_page
    from ecg_text.hub.loading import load
    from ecg_text.plots.page import render_page
    from ecg_text.recipes import demo as steps
    from ecg_text.recipes.demo_folder import INDEX, PAGE, RESULT, RUN, STORE
    from ecg_text.recipes.session import train_run
    from ecg_text.text.prompt_files import load_prompt_set

    steps.write_records(folder, plan)
    story.done(f"wrote {plan.records} twelve-lead ECGs as WFDB files, each with a report in words")
    with progress("prepare") as advance:
        store = steps.prepare_records(folder, advance)
    split = {name: len(store.catalogue.where_split(name)) for name in ("train", "val", "test")}
    story.done(f"prepared them: {split['train']} to learn from, {split['val']} to watch, {split['test']} held out")
    run, command = plan.seeded_run, str(facts["command"])
    report = train_run(run, folder / STORE, folder / RUN, console=talk_console(), command=command)
    embedder = load(report.model_folder)
    curve = steps.loss_curve(report.run_dir)
    size = sum(weight.numel() for weight in embedder.model.parameters())
    story.done(
        f"trained {size:,} weights, {report.steps} steps: the loss fell from {curve[0][1]:.2f} to {curve[-1][1]:.2f}"
    )
    asked = steps.ask((embedder, load()), store, load_prompt_set("synthetic"), plan, facts)
    asked.result.write_json(folder / RESULT)
    story.done(
        f"asked for {len(asked.result.classes)} diagnoses in words, of the {split['test']} held-out ECGs; and the "
        "reference model, which ships with ecg_text and learned from patients, was asked the same"
    )
    story.console.print(_table(asked))
    index = steps.build_index(asked.held_out, folder)
    index.save(folder / INDEX)
    found = steps.search(index, asked.held_out)
    story.done(f"made an index of {len(index)} ECGs and searched it by {len(found)} sentences")
    story.console.print(_hits(found))
    page = demo_page(folder, plan, asked, found, curve, report, facts)
    (folder / PAGE).write_text(render_page(page), encoding="utf-8")
    story.done("drew the page")
    return asked.result, found


def _facts(plan: DemoPlan) -> dict[str, str | int]:
    from ecg_text.version import __version__

    command = f"ecg-text demo --records {plan.records} --seed {plan.seed}"
    return {"code_version": __version__, "seed": plan.seed, "command": command}


def _table(asked: Asked) -> Table:
    """Each label with its AUROC, the interval, and the AUROC of the untrained and of the reference model."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    for heading in ("AUROC", "95 % interval", "untrained", "reference", "records"):
        table.add_column(heading, justify="right")
    for name, score in asked.result.classes.items():
        if "auroc" in score.metrics:
            beside = (one.classes[name].metrics["auroc"] for one in (asked.random, asked.reference))
            cells = _cells(score.metrics["auroc"], *beside)
            table.add_row(asked.prompts.label(name).title, *cells, str(score.support))
    macros = (one.metrics["macro_auroc"] for one in (asked.result, asked.random, asked.reference))
    table.add_row("all of them (macro)", *_cells(*macros), str(len(asked.held_out.rows)), style="bold")
    return table


def _cells(metric: Metric, *beside: Metric) -> tuple[str, ...]:
    bounds = "" if metric.low is None else f"{metric.low:.2f} to {metric.high:.2f}"
    return f"{metric.value:.2f}", bounds, *(f"{one.value:.2f}" for one in beside)


def _hits(found: Sequence[Found]) -> Text:
    """Each sentence with its hits, best first, right ones marked."""
    from rich.text import Text

    lines = []
    for one in found:
        right, shown, chance = sum(one.is_right), len(one.hits), one.base_rate * len(one.hits)
        told = f"  {right} of the first {shown} are right; there are {one.num_right}, chance would find {chance:.1f}\n"
        lines.append(Text.assemble((f"“{one.question.sentence}”", "italic"), told))
        for hit, is_right in zip(one.hits, one.is_right, strict=True):
            mark = ("  yes ", "green") if is_right else ("   no ", "dim")
            said = shorten(hit.report or "", EXCERPT, placeholder=" …")
            lines.append(Text.assemble(mark, f"{hit.similarity:+.2f}  {hit.record_id}  {said}\n"))
    return Text("").join(lines)
