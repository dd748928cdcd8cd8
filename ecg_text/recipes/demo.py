"""The demonstration in its steps: synthetic ECGs are written, prepared, learned from, asked, indexed and searched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from ecg_text.data.sources.folder import folder as folder_source
from ecg_text.data.store import Store
from ecg_text.data.store_writer import Progress, write_store
from ecg_text.errors import ConfigError
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.tasks import EmbeddedSplit, Fact, ZeroShotProtocol, embed_split, zero_shot_result
from ecg_text.hub.embedding import Embedder
from ecg_text.index.embeddings import EmbeddingTable
from ecg_text.index.index import Hit, Index
from ecg_text.index.places import place_of
from ecg_text.recipes.demo_folder import RECORDS, RUN, STORE
from ecg_text.recipes.run import Run
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder
from ecg_text.text.prompt_files import text_prompt_set
from ecg_text.text.prompts import PromptSet

HELD_OUT = "test"
FEWEST_RECORDS = 54  # three of each diagnosis: below, a split may lack a diagnosis altogether


@dataclass(frozen=True, kw_only=True)
class DemoPlan:
    """How many records, the seed of everything, the training, and the resamples of the intervals.

    Raises ConfigError for too few records or a negative seed.
    """

    run: Run
    records: int = 300
    seed: int = 0
    num_resamples: int = 1000

    def __post_init__(self) -> None:
        if self.records < FEWEST_RECORDS:
            raise ConfigError(
                f"a demonstration of {self.records} records shows nothing; give at least {FEWEST_RECORDS}"
            )
        if self.seed < 0:
            raise ConfigError(f"the seed is {self.seed}; give 0 or more")

    @property
    def seeded_run(self) -> Run:
        """The training with the demonstration's seed."""
        return replace(self.run, training=replace(self.run.training, seed=self.seed))


@dataclass(frozen=True, kw_only=True)
class Question:
    """A sentence that is searched for, and the labels of the records it is true of."""

    sentence: str
    labels: tuple[str, ...]


# Chosen, like the numbers of the recipe, on other synthetic records than the ones a demonstration makes.
QUESTIONS = (
    Question(sentence="acute infarction with ST elevation", labels=("AMI-ACUTE", "IMI-ACUTE")),
    Question(sentence="atrial flutter or atrial fibrillation", labels=("AFIB", "AFLT")),
    Question(sentence="wide QRS complex", labels=("CLBBB", "CRBBB", "WPW", "PACE")),
)
NUM_HITS = 5
KEPT_COLUMNS = ["record_id", "report", "path"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """The held-out records, their similarity (N, K) with every label, and the scores of three models.

    They are the model of the demonstration (result), the same before it learned (random), and the one that ships with
    the package (reference), which learned from patients and never from a synthetic ECG.
    """

    held_out: EmbeddedSplit
    prompts: PromptSet
    similarities: np.ndarray
    result: Result
    random: Result
    reference: Result


@dataclass(frozen=True, kw_only=True)
class Found:
    """A question, its hits (best first), whether each is right, and how many records of the archive would be."""

    question: Question
    hits: tuple[Hit, ...]
    is_right: tuple[bool, ...]
    num_right: int
    num_records: int

    @property
    def base_rate(self) -> float:
        """The share of the records that are right: what a random choice would find."""
        return self.num_right / self.num_records


def write_records(folder: Path, plan: DemoPlan) -> Path:
    """The synthetic recordings as WFDB files, with records.csv."""
    return write_synthetic_folder(folder / RECORDS, plan.records, plan.seed)


def prepare_records(folder: Path, progress: Progress | None = None) -> Store:
    """The recordings as a model sees them, read like anybody's folder of WFDB files."""
    catalogue = folder_source(folder / RECORDS)
    # Of so few records, a second process takes longer to start than it saves.
    write_store(catalogue, folder / RECORDS, folder / STORE, standard_preprocess(), workers=1, progress=progress)
    return Store.open(folder / STORE)


def ask(
    models: tuple[Embedder, Embedder],
    store: Store,
    prompts: PromptSet,
    plan: DemoPlan,
    facts: Mapping[str, Fact],
) -> Asked:
    """Every label of a prompt set asked of the held-out records: of the two models, and of one that is untrained."""
    embedder, reference = models
    held_out = embed_split(embedder, store, HELD_OUT)
    random = embed_split(embedder.random_twin(plan.seed), store, HELD_OUT)

    def score(split: EmbeddedSplit, beside: EmbeddedSplit | None, num_resamples: int) -> Result:
        return zero_shot_result(
            split,
            prompts,
            protocol=ZeroShotProtocol(),
            random_twin=beside,
            generator=np.random.default_rng(plan.seed),
            num_resamples=num_resamples,
            facts=facts,
        )

    return Asked(
        held_out=held_out,
        prompts=prompts,
        similarities=embedder.similarities(held_out.vectors, prompts),
        result=score(held_out, random, plan.num_resamples),
        random=score(random, None, 0),
        reference=score(embed_split(reference, store, HELD_OUT), None, 0),
    )


def build_index(held_out: EmbeddedSplit, folder: Path) -> Index:
    """The archive of the held-out records; it remembers where their files and the model lie."""
    known = held_out.store.catalogue.select(held_out.rows).table.select(KEPT_COLUMNS)
    paths = [place_of(folder / RECORDS / path) for path in known.column("path").to_pylist()]
    place = known.schema.get_field_index("path")
    table = EmbeddingTable(
        ids=tuple(known.column("record_id").to_pylist()),
        matrix=held_out.vectors,
        model_revision=held_out.embedder.revision,
        fingerprint=held_out.embedder.fingerprint,
    )
    catalogue = known.set_column(place, known.schema.field(place), pa.array(paths, pa.string()))
    return Index.build(table, catalogue, model_name=place_of(folder / RUN / "model"))


def search(index: Index, held_out: EmbeddedSplit) -> tuple[Found, ...]:
    """The first hits of each question, and which of them are right by the labels, which the search never sees."""
    embedder = held_out.embedder
    asked = text_prompt_set([question.sentence for question in QUESTIONS])
    vectors = embedder.weights(asked)
    all_hits = index.search(vectors, NUM_HITS, embedder.revision, embedder.fingerprint)
    catalogue = held_out.store.catalogue.select(held_out.rows)
    labels = dict(zip(catalogue.column("record_id"), catalogue.column("labels"), strict=True))
    return tuple(_judged(question, hits, labels) for question, hits in zip(QUESTIONS, all_hits, strict=True))


def _judged(question: Question, hits: Sequence[Hit], labels: Mapping[str, Sequence[str]]) -> Found:
    right = {name for name, of_record in labels.items() if set(of_record) & set(question.labels)}
    return Found(
        question=question,
        hits=tuple(hits),
        is_right=tuple(hit.record_id in right for hit in hits),
        num_right=len(right),
        num_records=len(labels),
    )


def loss_curve(run_folder: Path) -> tuple[tuple[int, float], ...]:
    """(step, loss) of the training, from its log."""
    lines = (run_folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    return tuple((int(line["step"]), float(line["loss"])) for line in told if line["kind"] == "train")
