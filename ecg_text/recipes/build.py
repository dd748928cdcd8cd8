"""Where the names in a run become objects: store, tokenizer, model, method, loader, validation, and the way to save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.data.collate import PairCollate
from ecg_text.data.loader import Loader
from ecg_text.data.splits import check_disjoint
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.hub.checkpoint import save_checkpoint
from ecg_text.methods.method import Method
from ecg_text.methods.table import METHODS, model_of
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.nn.gather import num_processes, process_rank
from ecg_text.recipes.run import Run
from ecg_text.recipes.towers import build_model, build_tokenizer
from ecg_text.recipes.validation import ZeroShotValidation
from ecg_text.text.prompts import PromptSet, load_prompt_set
from ecg_text.training.run_folder import SaveModel

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Built:
    """A run made ready for the training loop."""

    method: Method
    loader: Loader
    processor: EcgTextProcessor
    prompt_sets: tuple[PromptSet, ...]
    evaluators: tuple[ZeroShotValidation, ...]
    save_model: SaveModel


def build(run: Run, store: Store, facts: Mapping[str, Any], processor: EcgTextProcessor | None = None) -> Built:
    """The objects of a run. A processor is handed in where the run was begun before: its vocabulary is not made twice.

    facts go into the provenance of the model. Raises ConfigError for an unknown name, DataError for a store that
    cannot be trained on.
    """
    check_disjoint(store.catalogue)
    rows = training_rows(store)
    if processor is None:
        reports = store.catalogue.select(rows).column("report")
        processor = EcgTextProcessor.of(store.preprocess, build_tokenizer(run.model.text, reports))
    if run.method not in METHODS:
        raise ConfigError(f"no method {run.method!r}; choose one of {', '.join(sorted(METHODS))}")
    model = build_model(run.model, processor, run.seed)
    prompt_sets = tuple(load_prompt_set(name) for name in run.prompts)
    return Built(
        method=METHODS[run.method](model),
        loader=_loader(run, store, rows, processor),
        processor=processor,
        prompt_sets=prompt_sets,
        evaluators=tuple(_validations(store, prompt_sets, processor)),
        save_model=_saver(processor, prompt_sets, {"name": run.name, "seed": run.seed, **facts}),
    )


def training_rows(store: Store) -> np.ndarray:
    """Rows of the training split that have a report; the others have nothing to be aligned with."""
    rows = store.catalogue.where_split("train")
    reports = store.catalogue.column("report")
    told = np.asarray([row for row in rows if (reports[row] or "").strip()], dtype=np.int64)
    if len(told) == 0:
        raise DataError(
            f"{store.folder} has {len(rows)} training records and none with a report; give reports, or another split"
        )
    return told


def _loader(run: Run, store: Store, rows: np.ndarray, processor: EcgTextProcessor) -> Loader:
    collate = PairCollate(
        # Its own: batches are made ahead in a thread, and saving or evaluating switches the padding of a tokenizer.
        tokenizer=deepcopy(processor.tokenizer),
        max_word_pieces=processor.max_word_pieces,
        augment=run.data.augment,
        views=run.data.views,
    )
    shards = num_processes()
    if run.data.batch_size % shards:
        raise ConfigError(f"data.batch_size {run.data.batch_size} does not divide by {shards} processes")
    # batch_size is the global batch: the contrast stays the same on one device and on eight.
    return Loader(
        store,
        rows,
        run.data.batch_size // shards,
        collate,
        seed=run.seed,
        shuffle=True,
        drop_last=True,
        num_shards=shards,
        shard=process_rank(),
    )


def _validations(
    store: Store, prompt_sets: tuple[PromptSet, ...], processor: EcgTextProcessor
) -> list[ZeroShotValidation]:
    rows = store.catalogue.where_split("val")
    if len(rows) == 0 or not prompt_sets:
        return []
    return [ZeroShotValidation(store=store, rows=rows, prompt_sets=prompt_sets, processor=processor)]


def _saver(processor: EcgTextProcessor, prompt_sets: tuple[PromptSet, ...], facts: Mapping[str, Any]) -> SaveModel:
    def save(method: Method, folder: Path, told: Mapping[str, Any]) -> None:
        provenance = {**facts, **told}
        save_checkpoint(folder, model_of(method), processor, prompt_sets=prompt_sets, provenance=provenance)

    return save
