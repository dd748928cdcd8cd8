"""ecg-text evaluate: what a model is worth, beside chance and an encoder that has learned nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from ecg_text.cli.asking import MODEL_HELP, RULE_HELP, Rule, load_model, this_command
from ecg_text.cli.common import RESEARCH_USE, print_json, progress, say, say_research_use
from ecg_text.cli.results import show_result
from ecg_text.cli.text_probe import READING_HELP, Reading, ask_probe, show_hardest
from ecg_text.errors import DataError, PromptError

if TYPE_CHECKING:
    from ecg_text.data.store import Store
    from ecg_text.evaluation.result import Result
    from ecg_text.evaluation.tasks import EmbeddedSplit, ZeroShotProtocol
    from ecg_text.evaluation.text_probe import Hardest
    from ecg_text.hub.embedding import Embedder
    from ecg_text.text.prompts import PromptSet

Task = Literal["zero-shot", "retrieval", "captions", "text-probe"]
Split = Literal["train", "val", "test"]
Rows = Literal["labelled", "all"]

_OF_PROMPTS = ("zero-shot", "captions")  # the tasks that ask for the labels of prompt sets

TASK_HELP = (
    "zero-shot: findings by their words. retrieval: reports and ECGs. captions: drafts of reports against the reports, "
    "and the findings they say. text-probe: which phrases mean the same; MODEL may be any text encoder, and no data "
    "is needed."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Subject:
    """What is evaluated: a split as the model and its untrained twin see it, and how chance is drawn."""

    model: EmbeddedSplit
    twin: EmbeddedSplit | None
    seed: int
    num_resamples: int

    @property
    def facts(self) -> dict[str, str | int]:
        """What a result's provenance says of the run."""
        return {"seed": self.seed, "command": this_command()}


def evaluate(
    model: str = typer.Argument(..., help=MODEL_HELP),
    data: Path | None = typer.Option(None, help="A store made by ecg-text prepare."),
    task: Task = typer.Option(..., help=TASK_HELP),
    out: Path = typer.Option(..., help="The result file; zero-shot of several prompt sets: OUT-SET.json for each."),
    prompts: list[str] = typer.Option([], help="A prompt set, by name or .toml file; the model's own by default."),
    split: Split = typer.Option("val", help="The split that is asked; keep test for the last time."),
    rule: Rule = typer.Option("contrast", help=RULE_HELP),
    rows: Rows = typer.Option("labelled", help="labelled: records with a label of the set. all: the whole split."),
    min_positives: int = typer.Option(0, min=0, help="Leave out labels with fewer positive records."),
    reading: Reading = typer.Option("as-is", help=READING_HELP),
    resamples: int = typer.Option(1000, min=0, help="Resamples of the patients, or pairs, for the 95 % intervals."),
    seed: int = typer.Option(0, help="Seed of the resamples and of the random encoder."),
    random_encoder: bool = typer.Option(True, help="Evaluate an untrained model of the same shape, too."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="text-probe: show the pairs that are seen worst."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Score a model on a split of a store (diagnosis, retrieval, drafts), or its text side on pairs of phrases.

    Example: `ecg-text evaluate run/model --data store --task zero-shot --prompts ptbxl-rhythm --out rhythm.json`

    Values are fractions with 95 % intervals over patients; each result file says how it came about.
    """
    if task not in _OF_PROMPTS and prompts:
        raise typer.BadParameter(
            f"--prompts belongs to --task {' and '.join(_OF_PROMPTS)}; the other tasks have no use for it"
        )
    if task == "text-probe":
        if data is not None:
            raise typer.BadParameter("--task text-probe needs no --data; it brings its own pairs of phrases")
        _make_way([out])
        probed = ask_probe(model, reading=reading, seed=seed, num_resamples=resamples, random_encoder=random_encoder)
        _tell({out: probed.result}, as_json=as_json, hardest=probed.hardest, verbose=verbose)
        return
    if data is None:
        raise typer.BadParameter(f"--task {task} needs --data, a store made by ecg-text prepare")
    from ecg_text.data.store import Store

    embedder, store = load_model(model), Store.open(data)
    asked = _prompt_sets(prompts, embedder) if task in _OF_PROMPTS else ()
    files = {_file_of(out, one, asked): one for one in asked if task == "zero-shot"}
    _make_way(list(files) or [out])
    if task == "captions":
        drafts = _captions(embedder, store, split, asked, seed=seed, num_resamples=resamples)
        _tell({out: drafts}, as_json=as_json)
        return
    subject = _subject(embedder, store, split, seed=seed, num_resamples=resamples, random_encoder=random_encoder)
    if task == "retrieval":
        results = {out: _retrieval(subject)}
    else:
        from ecg_text.evaluation.tasks import ZeroShotProtocol

        protocol = ZeroShotProtocol(rule=rule, rows=rows, min_positives=min_positives)
        results = {path: _zero_shot(subject, one, protocol) for path, one in files.items()}
    _tell(results, as_json=as_json)


def _tell(
    results: Mapping[Path, Result], *, as_json: bool, hardest: Hardest | None = None, verbose: bool = False
) -> None:
    """Write the result files, and show what is in them."""
    for path, result in results.items():
        result.write_json(path)
    if as_json:
        worst = {} if hardest is None else {"hardest": hardest.to_dict()}
        told = [{"path": str(path), "result": result.to_dict(), **worst} for path, result in results.items()]
        print_json({"results": told, "research_use": RESEARCH_USE})
        return
    for path, result in results.items():
        show_result(path, result)
    if hardest is not None:
        say("the pairs are made so that shared words mislead: an encoder that goes by spelling scores as that column")
        if verbose:
            show_hardest(hardest)
    say_research_use()


def _prompt_sets(names: Sequence[str], embedder: Embedder) -> tuple[PromptSet, ...]:
    from ecg_text.text.prompt_files import load_prompt_set

    asked = tuple(load_prompt_set(name) for name in names) or embedder.prompts
    if not asked:
        raise PromptError("the model brings no prompt set; name one with --prompts (ecg-text prompts list)")
    called = [prompts.name for prompts in asked]
    if repeated := sorted({name for name in called if called.count(name) > 1}):
        raise PromptError(f"two prompt sets are called {repeated[0]!r}, and so would be their results; rename one")
    return asked


def _subject(
    embedder: Embedder, store: Store, split: str, *, seed: int, num_resamples: int, random_encoder: bool
) -> Subject:
    from ecg_text.evaluation.tasks import embed_split
    from ecg_text.hub.embedding import Embedder
    from ecg_text.recipes.towers import random_twin

    twin = None
    with progress("embed") as advance:
        model = embed_split(embedder, store, split, advance)
    if random_encoder:
        untrained = Embedder(random_twin(embedder.model, seed), embedder.processor)
        with progress("embed with a random encoder") as advance:
            twin = embed_split(untrained, store, split, advance)
    return Subject(model=model, twin=twin, seed=seed, num_resamples=num_resamples)


def _zero_shot(subject: Subject, prompts: PromptSet, protocol: ZeroShotProtocol) -> Result:
    import numpy as np

    from ecg_text.evaluation.tasks import zero_shot_result

    return zero_shot_result(
        subject.model,
        prompts,
        protocol=protocol,
        random_twin=subject.twin,
        generator=np.random.default_rng(subject.seed),
        num_resamples=subject.num_resamples,
        facts=subject.facts,
    )


def _retrieval(subject: Subject) -> Result:
    import numpy as np

    from ecg_text.evaluation.tasks import retrieval_result

    return retrieval_result(
        subject.model,
        random_twin=subject.twin,
        generator=np.random.default_rng(subject.seed),
        num_resamples=subject.num_resamples,
        facts=subject.facts,
    )


def _captions(
    embedder: Embedder, store: Store, split: str, prompt_sets: Sequence[PromptSet], *, seed: int, num_resamples: int
) -> Result:
    import numpy as np

    from ecg_text.evaluation.drafts import captions_result, draft_split

    with progress("write drafts") as advance:
        drafted = draft_split(embedder, store, split, advance)
    return captions_result(
        drafted,
        prompt_sets,
        generator=np.random.default_rng(seed),
        num_resamples=num_resamples,
        facts={"seed": seed, "command": this_command()},
    )


def _make_way(files: Sequence[Path]) -> None:
    """Makes the folder of the results. Raises DataError where one could not be put, before anything is embedded."""
    for path in files:
        if path.is_dir():
            raise DataError(f"{path} is a folder; give a name for the result file")
        path.parent.mkdir(parents=True, exist_ok=True)


def _file_of(out: Path, prompts: PromptSet, asked: Sequence[PromptSet]) -> Path:
    return out if len(asked) == 1 else out.with_name(f"{out.stem}-{prompts.name}{out.suffix}")
