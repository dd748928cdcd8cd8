"""What a person asks of a model: the options of ecg-text evaluate, and the model, store and vectors behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from ecg_text.cli.asking import MODEL_HELP, RULE_HELP, Rule, load_model, named_prompt_sets, this_command
from ecg_text.cli.common import progress
from ecg_text.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from ecg_text.data.store import Store
    from ecg_text.evaluation.result import Result
    from ecg_text.evaluation.tasks import EmbeddedSplit
    from ecg_text.evaluation.text_probe import Hardest
    from ecg_text.hub.embedding import Embedder
    from ecg_text.text.prompts import PromptSet

Split = Literal["train", "val", "test"]
Rows = Literal["labelled", "all"]
Reading = Literal["as-is", "abbreviations", "english"]

OUT_HELP = "The result file; where several prompt sets are asked one by one, OUT-SET.json for each."
ROWS_HELP = "labelled: records with a label of the set. all: the whole split."
READING_HELP = (
    "text-probe: how its texts are read. as-is: the encoder alone is asked. abbreviations: written out first. "
    "english: translated, too."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """The options, as a person gave them; what they name is loaded when it is first looked at.

    cli/evaluate_tasks.py says which tasks an option belongs to; one that it does not name belongs to all.
    """

    model: Annotated[str, Argument(help=MODEL_HELP)]
    task: Annotated[str, Option(help="What is asked: one of the tasks below.")]
    out: Annotated[Path, Option(help=OUT_HELP)]
    data: Annotated[Path | None, Option(help="A store made by ecg-text prepare.")] = None
    split: Annotated[Split, Option(help="The split that is asked; keep test for the last time.")] = "val"
    prompts: Annotated[
        list[str] | None, Option(help="A prompt set, by name or .toml file; the model's own by default.")
    ] = None
    rule: Annotated[Rule, Option(help=RULE_HELP)] = "contrast"
    rows: Annotated[Rows, Option(help=ROWS_HELP)] = "labelled"
    min_positives: Annotated[int, Option(min=0, help="Leave out labels with fewer positive records.")] = 0
    reading: Annotated[Reading, Option(help=READING_HELP)] = "as-is"
    resamples: Annotated[int, Option(min=0, help="Resamples of the patients, or pairs, for the 95 % intervals.")] = 1000
    seed: Annotated[int, Option(help="Seed of all that is drawn: resamples, the random encoder.")] = 0
    random_encoder: Annotated[bool, Option(help="Evaluate an untrained model of the same shape, too.")] = True
    verbose: Annotated[bool, Option("--verbose", "-v", help="text-probe: show the pairs that are seen worst.")] = False
    as_json: Annotated[bool, Option("--json", help="One JSON document on stdout.")] = False

    @cached_property
    def embedder(self) -> Embedder:
        """The model."""
        return load_model(self.model)

    @cached_property
    def store(self) -> Store:
        """The store."""
        from ecg_text.data.store import Store

        if self.data is None:
            raise DataError(f"--task {self.task} needs --data, a store made by ecg-text prepare")
        return Store.open(self.data)

    @cached_property
    def prompt_sets(self) -> tuple[PromptSet, ...]:
        """The prompt sets that are named, or the model's own."""
        return named_prompt_sets(self.prompts or (), self.embedder)

    @cached_property
    def embedded(self) -> EmbeddedSplit:
        """The split as the model sees it."""
        from ecg_text.evaluation.tasks import embed_split

        with progress("embed") as advance:
            return embed_split(self.embedder, self.store, self.split, advance)

    @cached_property
    def untrained(self) -> Embedder | None:
        """The model's twin that has learned nothing, None where it is not wanted."""
        if not self.random_encoder:
            return None
        from ecg_text.hub.embedding import Embedder
        from ecg_text.recipes.towers import random_twin

        return Embedder(random_twin(self.embedder.model, self.seed), self.embedder.processor)

    @cached_property
    def embedded_untrained(self) -> EmbeddedSplit | None:
        """The split as the untrained twin sees it, None where it is not wanted."""
        from ecg_text.evaluation.tasks import embed_split

        if self.untrained is None:
            return None
        with progress("embed with a random encoder") as advance:
            return embed_split(self.untrained, self.store, self.split, advance)

    def generator(self) -> np.random.Generator:
        """A fresh source of chance from the seed: every result of a call draws the same resamples."""
        import numpy as np

        return np.random.default_rng(self.seed)

    @property
    def facts(self) -> dict[str, str | int]:
        """What a result's provenance says of the call."""
        return {"seed": self.seed, "command": this_command()}

    def file_of(self, prompts: PromptSet) -> Path:
        """Where the result of one prompt set goes: out itself, or out with the set's name where there are several."""
        alone = len(self.prompt_sets) == 1
        return self.out if alone else self.out.with_name(f"{self.out.stem}-{prompts.name}{self.out.suffix}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Answers:
    """What a task answers: its results by their files, and of the text probe the pairs that were seen worst."""

    results: Mapping[Path, Result]
    hardest: Hardest | None = None


def make_way(files: Sequence[Path]) -> None:
    """Make the folder of the results. Raises DataError where one could not be put, before anything is embedded."""
    for path in files:
        if path.is_dir():
            raise DataError(f"{path} is a folder; give a name for the result file")
        path.parent.mkdir(parents=True, exist_ok=True)
