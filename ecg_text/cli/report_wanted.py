"""What a person wants of ecg-text report: its options, and the one model, twin and store that all tasks share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from ecg_text.cli.asking import MODEL_HELP, load_model
from ecg_text.cli.evaluate_asked import CLASS_TEXTS_HELP, STATEMENTS_HELP, Asked, Split
from ecg_text.hub.bundled import REFERENCE
from ecg_text.version import __version__

if TYPE_CHECKING:
    from ecg_text.data.store import Store
    from ecg_text.hub.embedding import Embedder
    from ecg_text.hub.features import RememberingEmbedder

PTBXL, PTBXL_SETS = "ptbxl", ("ptbxl-superclass", "ptbxl-subclass", "ptbxl-form", "ptbxl-rhythm")
CARDS = Path("model_cards")
UNFINISHED = ".unfinished"

OUT_HELP = "The folder of results.json, tables.md and figures; by default model_cards/NAME, as the model is called."
ALSO_HELP = (
    "A result file of ecg-text evaluate, on the same split; may be given several times. One of this model, or of one "
    "that was tuned from it, is told too; one of another model that learned labels becomes the base line 'supervised'."
)
FACTS_HELP = (
    "A JSON object of what no evaluation tells: licence, data ...; by default facts.json in the folder, if any."
)
CHECK_HELP = "A results.json that this run should reproduce within 0.2 points; status 1 where it does not."


@dataclass(frozen=True, eq=False, kw_only=True)
class Wanted:
    """The options, as a person gave them; what they name is loaded when it is first looked at."""

    model: Annotated[str, Argument(help=MODEL_HELP)] = REFERENCE
    data: Annotated[Path, Option(help="A store made by ecg-text prepare.")]
    out: Annotated[Path | None, Option(help=OUT_HELP)] = None
    split: Annotated[Split, Option(help="The split to report: test, once. Develop on val.")] = "test"
    prompts: Annotated[
        list[str] | None, Option(help="A prompt set; by default PTB-XL's four for its data, else the model's own.")
    ] = None
    class_texts: Annotated[Path | None, Option(help=CLASS_TEXTS_HELP)] = None
    statements: Annotated[Path | None, Option(help=STATEMENTS_HELP)] = None
    gallery: Annotated[Path | None, Option(help="A CSV list of records, one of each patient.")] = None
    probe: Annotated[Path | None, Option(help="A CSV list of other records of the same patients.")] = None
    also: Annotated[list[Path] | None, Option(help=ALSO_HELP)] = None
    facts: Annotated[Path | None, Option(help=FACTS_HELP)] = None
    check: Annotated[Path | None, Option(help=CHECK_HELP)] = None
    only: Annotated[list[str] | None, Option(help="A step of the suite; may be given several times.")] = None
    resamples: Annotated[int, Option(min=1, help="Resamples of the patients for the 95 % intervals.")] = 1000
    seed: Annotated[int, Option(help="Seed of all that is drawn: resamples, subsets, the random encoder.")] = 0
    as_json: Annotated[bool, Option("--json", help="One JSON document on stdout.")] = False

    @cached_property
    def embedder(self) -> RememberingEmbedder:
        """The model, which looks at each record once, whichever task asks."""
        loaded = load_model(self.model)
        from ecg_text.hub.features import RememberingEmbedder

        return RememberingEmbedder(loaded)

    @cached_property
    def untrained(self) -> RememberingEmbedder:
        """Its twin that has learned nothing."""
        from ecg_text.hub.features import RememberingEmbedder

        return RememberingEmbedder(self.embedder.random_twin(self.seed))

    @cached_property
    def store(self) -> Store:
        """The store, in which no patient crosses the splits. Raises DataError where one does."""
        from ecg_text.data.splits import check_disjoint
        from ecg_text.data.store import Store

        store = Store.open(self.data)
        check_disjoint(store.catalogue)
        self.embedder.require_prepared(store)
        return store

    @cached_property
    def folder(self) -> Path:
        """Where everything goes."""
        return self.out or CARDS / str(self.embedder.provenance.get("name") or Path(self.model).name)

    @property
    def set_names(self) -> list[str] | None:
        """The prompt sets that are asked, None for the model's own."""
        return self.prompts or (list(PTBXL_SETS) if self.store.catalogue.source == PTBXL else None)

    @property
    def label_names(self) -> list[str] | None:
        """The label sets that probes learn, None for the six tasks of the PTB-XL benchmark."""
        if self.store.catalogue.source == PTBXL and not self.prompts:
            return None
        return self.set_names or [one.name for one in self.embedder.prompts]

    @cached_property
    def identity(self) -> Mapping[str, str | int]:
        """What must be the same for a result of an earlier run to be taken for one of this run."""
        store = self.store
        return {
            "model_revision": self.embedder.revision,
            "preprocess_fingerprint": store.fingerprint,
            "data_set": store.catalogue.source,
            "split_hash": store.split_hash,
            "annotation_hash": store.catalogue.annotation_hash,
            "split": self.split,
            "seed": self.seed,
            "resamples": self.resamples,
            "prompts": ", ".join(self.set_names or ()),
            "files": _hash_of(self.class_texts, self.statements, self.gallery, self.probe),
            "code_version": __version__,
        }

    @cached_property
    def asked(self) -> Shared:
        """The question that every step completes: of this split, with this seed."""
        return Shared(
            model=self.model,
            task="",
            out=self.folder / UNFINISHED / "result.json",
            data=self.data,
            split=self.split,
            prompts=self.set_names,
            resamples=self.resamples,
            seed=self.seed,
            embedder=self.embedder,
            untrained=self.untrained,
            store=self.store,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Shared(Asked):
    """What ecg-text evaluate is asked, of a model, an untrained twin and a store that several tasks share."""

    embedder: Embedder = field()
    untrained: Embedder | None = field()
    store: Store = field()


def _hash_of(*files: Path | None) -> str:
    """16 digits that change with the content of any file. Raises OSError where one cannot be read."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(b"\x00none" if path is None else b"\x00" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
