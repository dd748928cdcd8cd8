"""What a person asks of a model: the options of ecg-text evaluate, and the model, store and vectors behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from typer import Argument, Option

from ecg_text.cli.asking import MODEL_HELP, RULE_HELP, Rule, load_model, named_prompt_sets, this_command
from ecg_text.cli.common import progress
from ecg_text.errors import DataError, PromptError
from ecg_text.hub.bundled import REFERENCE

if TYPE_CHECKING:
    import numpy as np

    from ecg_text.data.label_set import LabelSet
    from ecg_text.data.store import Store
    from ecg_text.evaluation.reliability import ReliabilityBin
    from ecg_text.evaluation.result import Result
    from ecg_text.evaluation.tasks import EmbeddedSplit
    from ecg_text.evaluation.text_probe import Hardest
    from ecg_text.hub.embedding import Embedder
    from ecg_text.text.prompts import PromptSet

Split = Literal["train", "val", "test"]
Rows = Literal["labelled", "all"]
Protocol = Literal["ecg_text", "merl", "plain-names"]
Features = Literal["mean_token", "pooled"]
Reading = Literal["as-is", "abbreviations", "english"]
Labels = TypeVar("Labels", "PromptSet", "LabelSet")

OUT_HELP = "The result file; where several prompt sets are asked one by one, OUT-SET.json for each."
ROWS_HELP = "labelled: records with a label of the set. all: the whole split."
PROTOCOL_HELP = (
    "ecg_text: prompt sets, as the options say. merl: as MERL and MELP do it, one lower-cased text a class of "
    "--class-texts, its cosine, the labelled records; --prompts then names which of our sets' labels are asked. "
    "plain-names: the descriptions in --statements, of statements with 15 positives or more, all records."
)
CLASS_TEXTS_HELP = "Your copy of MERL's class texts, prompts_ckepe.json."
STATEMENTS_HELP = "Your copy of PTB-XL's scp_statements.csv."
LEADS_HELP = "A subset of the leads, as I+II+V2; may be given several times. By default 6 limb leads down to one."
LABELS_HELP = (
    "A task of the PTB-XL benchmark (all, diagnostic, ...) or a prompt set, several one by one; by default the "
    "benchmark's six, or what a fine-tuned model learned."
)
FEATURES_HELP = "A probe's: mean_token, the mean of the tokens before the head; pooled, the vector that texts meet."
READING_HELP = (
    "text-probe: how its texts are read. as-is: the encoder alone is asked. abbreviations: written out first. "
    "english: translated, too."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """The options, as a person gave them; what they name is loaded when it is first looked at.

    cli/evaluate_tasks.py says which tasks an option belongs to; one that it does not name belongs to all.
    """

    model: Annotated[str, Argument(help=MODEL_HELP)] = REFERENCE
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
    protocol: Annotated[Protocol, Option(help=PROTOCOL_HELP)] = "ecg_text"
    class_texts: Annotated[Path | None, Option(help=CLASS_TEXTS_HELP)] = None
    statements: Annotated[Path | None, Option(help=STATEMENTS_HELP)] = None
    leads: Annotated[list[str] | None, Option(help=LEADS_HELP)] = None
    same_patient: Annotated[bool, Option(help="Let an ECG find other records of its patient, too.")] = False
    gallery: Annotated[Path | None, Option(help="A CSV list of records, one of each patient.")] = None
    probe: Annotated[Path | None, Option(help="A CSV list of other records of the same patients.")] = None
    all_splits: Annotated[bool, Option("--all-splits", help="Take both lists whole, whatever the split.")] = False
    labels: Annotated[list[str] | None, Option(help=LABELS_HELP)] = None
    features: Annotated[Features, Option(help=FEATURES_HELP)] = "mean_token"
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

        return Store.open(needed(self.data, "data"))

    @cached_property
    def prompt_sets(self) -> tuple[PromptSet, ...]:
        """The prompt sets that are named, or the model's own; with another protocol those of its file."""
        if self.class_texts is not None:
            return self._published_sets(self.class_texts)
        if self.statements is not None:
            from ecg_text.text.plain_names import plain_names

            return (plain_names(self.statements),)
        return named_prompt_sets(self.prompts or (), self.embedder)

    def _published_sets(self, path: Path) -> tuple[PromptSet, ...]:
        """The label sets of a file of class texts: those that are named, or else those made for the store's data."""
        from ecg_text.text.class_texts import PREFIX, read_class_texts

        published = {prompts.name.removeprefix(PREFIX): prompts for prompts in read_class_texts(path)}
        source = self.store.catalogue.source
        named = self.prompts or [name for name in published if name.partition("-")[0] == source]
        if not named:
            raise PromptError(f"{path} has no labels for data of {source!r}; name some with --prompts")
        if strangers := [name for name in named if name not in published]:
            raise PromptError(f"{path} has no labels of {strangers[0]!r}; it has those of {', '.join(published)}")
        return tuple(published[name] for name in dict.fromkeys(named))

    @cached_property
    def embedded(self) -> EmbeddedSplit:
        """The split as the model sees it."""
        from ecg_text.evaluation.tasks import embed_split

        with progress("embed") as advance:
            return embed_split(self.embedder, self.store, self.split, advance)

    @cached_property
    def untrained(self) -> Embedder | None:
        """The model's twin that has learned nothing, None where it is not wanted."""
        return self.embedder.random_twin(self.seed) if self.random_encoder else None

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

    def files_of(self, sets: Sequence[Labels]) -> dict[Path, Labels]:
        """Where each result goes: out itself, or OUT-SET.json of several sets. Raises DataError as make_way does."""
        names = [f"{self.out.stem}-{one.name}{self.out.suffix}" for one in sets] if len(sets) > 1 else [self.out.name]
        files = {self.out.with_name(name): one for name, one in zip(names, sets, strict=True)}
        make_way(list(files))
        return files


@dataclass(frozen=True, eq=False, kw_only=True)
class Answers:
    """What a task answers: its results by their files; and what more it has to show.

    hardest are the pairs that the text probe saw worst, reliability the bins of each calibrated label, by result.
    """

    results: Mapping[Path, Result]
    hardest: Hardest | None = None
    reliability: Mapping[Path, Mapping[str, Sequence[ReliabilityBin]]] = field(default_factory=dict)


def needed(value: Path | None, option: str) -> Path:
    """A file that a task needs. Raises DataError where it was not given."""
    if value is None:
        raise DataError(f"--{option} is missing; give the path of a file or folder")
    return value


def make_way(files: Sequence[Path]) -> None:
    """Make the folder of the results. Raises DataError where one could not be put, before anything is embedded."""
    for path in files:
        if path.is_dir():
            raise DataError(f"{path} is a folder; give a name for the result file")
        path.parent.mkdir(parents=True, exist_ok=True)
