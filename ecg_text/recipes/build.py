"""Where the names in a run become objects: store, tokenizer, model, method, loader, validation, and the way to save."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.data.collate import PairCollate
from ecg_text.data.loader import Loader
from ecg_text.data.peaks import PeakFinder
from ecg_text.data.splits import check_disjoint
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.hub.checkpoint import save_checkpoint
from ecg_text.hub.encoder_weights import TakenWeights
from ecg_text.methods.method import Method
from ecg_text.methods.table import METHODS, model_of
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.text_encoder import with_merged
from ecg_text.recipes.initial import begin_encoder, init_facts
from ecg_text.recipes.loading import measurable, shared_loader
from ecg_text.recipes.run import Run
from ecg_text.recipes.towers import build_model, build_tokenizer
from ecg_text.recipes.validation import ZeroShotValidation, scorable
from ecg_text.text.prompt_files import load_prompt_set
from ecg_text.text.prompts import PromptSet
from ecg_text.text.rendering import render
from ecg_text.training.config import TrainingConfig
from ecg_text.training.run_folder import SaveModel

TEXT_ENCODER = "text_encoder."  # part of the names of its parameters


@dataclass(frozen=True, eq=False, kw_only=True)
class Built:
    """A run made ready for the training loop; training is the run's, less a choice by what cannot be measured.

    taken is what its ECG encoder began with, None for a new one.
    """

    method: Method
    loader: Loader
    processor: EcgTextProcessor
    prompt_sets: tuple[PromptSet, ...]
    evaluators: tuple[ZeroShotValidation, ...]
    training: TrainingConfig
    save_model: SaveModel
    taken: TakenWeights | None


def build(run: Run, store: Store, facts: Mapping[str, Any], processor: EcgTextProcessor | None = None) -> Built:
    """The objects of a run. A processor is handed in where the run was begun before: its vocabulary is not made twice.

    facts go into the provenance of the model. Raises ConfigError for an unknown name, DataError for a store that
    cannot be trained on.
    """
    check_disjoint(store.catalogue)
    rows = training_rows(store)
    if processor is None:
        reports = [render(report, run.data.rendering) for report in store.catalogue.select(rows).column("report")]
        tokenizer = build_tokenizer(run.model.text, reports, run.levels)
        processor = EcgTextProcessor.of(store.preprocess, tokenizer, run.data.rendering)
    if run.method not in METHODS:
        raise ConfigError(f"no method {run.method!r}; choose one of {', '.join(sorted(METHODS))}")
    model = build_model(run.model, processor, run.seed, run.levels)
    taken = begin_encoder(model.ecg_encoder, run.model.ecg, store.preprocess)
    prompt_sets = tuple(load_prompt_set(name) for name in run.prompts)
    evaluators = _validations(store, prompt_sets, processor)
    return Built(
        method=METHODS[run.method](model, run.levels),
        loader=_loader(run, store, rows, processor),
        processor=processor,
        prompt_sets=prompt_sets,
        evaluators=evaluators,
        training=measurable(_paced(run), evaluators),
        save_model=_saver(processor, prompt_sets, {"name": run.name, "seed": run.seed, **facts, **init_facts(taken)}),
        taken=taken,
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
        render=processor.read_report,
        with_reports=run.levels.reads_reports,
        find_peaks=PeakFinder(store.preprocess.leads, store.preprocess.rate_hz)
        if run.model.ecg_head == "r_peaks"
        else None,
    )
    return shared_loader(store, rows, collate, batch_size=run.data.batch_size, seed=run.seed)


def _validations(
    store: Store, prompt_sets: tuple[PromptSet, ...], processor: EcgTextProcessor
) -> tuple[ZeroShotValidation, ...]:
    """One validation, of the prompt sets that the validation split can score; none where it can score none."""
    rows = store.catalogue.where_split("val")
    questions = scorable(store, rows, prompt_sets)
    if not questions:
        return ()
    return (ZeroShotValidation(store=store, rows=rows, questions=questions, processor=processor),)


def _paced(run: Run) -> TrainingConfig:
    """The run's training, in which a pretrained text encoder learns at its own pace, unless slow parts are named."""
    if run.model.text.pretrained is None or run.model.text.pace == 1.0 or run.training.slow_parts:
        return run.training
    return replace(run.training, slow_parts=(TEXT_ENCODER,), slow_ratio=run.model.text.pace)


def _saver(processor: EcgTextProcessor, prompt_sets: tuple[PromptSet, ...], facts: Mapping[str, Any]) -> SaveModel:
    def save(method: Method, folder: Path, told: Mapping[str, Any]) -> None:
        provenance = {**facts, **told}
        whole = with_merged(model_of(method), "text_encoder")
        save_checkpoint(folder, whole, processor, prompt_sets=prompt_sets, provenance=provenance)

    return save
