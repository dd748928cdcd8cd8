"""Where the names in an EcgRun become objects: encoder, codebooks, loader, validation, and the way to save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ecg_text.data.halves import HalvesCollate
from ecg_text.data.loader import Loader
from ecg_text.data.splits import check_disjoint
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.hub.ecg_encoder import save_ecg_encoder
from ecg_text.hub.encoder_weights import TakenWeights
from ecg_text.methods.method import Method
from ecg_text.methods.wav2vec_cmsc import Wav2vecCmsc
from ecg_text.models.ecg_pretraining import EcgPretrainingModel
from ecg_text.models.processor import EcgFeatureExtractor
from ecg_text.nn.gather import num_processes
from ecg_text.recipes.initial import begin_encoder, init_facts
from ecg_text.recipes.loading import measurable, shared_loader
from ecg_text.recipes.pretrain_ecg import EcgRun
from ecg_text.recipes.pretrain_ecg_evaluation import HeldOutEcgs
from ecg_text.recipes.towers import ecg_config
from ecg_text.training.config import TrainingConfig
from ecg_text.training.run_folder import SaveModel


@dataclass(frozen=True, eq=False, kw_only=True)
class BuiltEcg:
    """A pre-training made ready for the training loop; taken is what its encoder began with, None for a new one."""

    method: Wav2vecCmsc
    loader: Loader
    processor: EcgFeatureExtractor
    evaluators: tuple[HeldOutEcgs, ...]
    training: TrainingConfig
    save_model: SaveModel
    taken: TakenWeights | None


def build_ecg(run: EcgRun, store: Store, facts: Mapping[str, Any]) -> BuiltEcg:
    """The objects of a pre-training; facts go into the provenance of its encoder.

    Raises ConfigError for sizes that cannot be, DataError for a store that cannot be trained on, and what take_encoder
    raises.
    """
    check_disjoint(store.catalogue)
    rows = store.catalogue.where_split("train")
    if len(rows) == 0:
        raise DataError(f"{store.folder} has no training record; give another split when you prepare it")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        model = EcgPretrainingModel(ecg_config(run.ecg, store.preprocess.leads), run.targets)
    _check_window(run, model, store)
    taken = begin_encoder(model.encoder, run.ecg, store.preprocess, group="ecg")
    extractor = EcgFeatureExtractor(store.preprocess.to_dict())
    evaluators = _evaluators(run, store)
    return BuiltEcg(
        method=Wav2vecCmsc(model, run.wav2vec),
        loader=shared_loader(
            store,
            rows,
            HalvesCollate(augment=run.data.augment),
            batch_size=run.data.batch_size,
            seed=run.seed,
        ),
        processor=extractor,
        evaluators=evaluators,
        training=measurable(run.training, evaluators),
        save_model=_saver(extractor, {"name": run.name, "seed": run.seed, **facts, **init_facts(taken)}),
        taken=taken,
    )


def _check_window(run: EcgRun, model: EcgPretrainingModel, store: Store) -> None:
    """Raises ConfigError where half a window has no room for a span, SignalError where it has none for a token."""
    tokens = model.encoder.stem.num_tokens(store.preprocess.num_samples // 2)
    if tokens <= run.wav2vec.spans.length:
        raise ConfigError(
            f"half of an ECG of {store.preprocess.num_samples} samples makes {tokens} tokens, and spans are "
            f"{run.wav2vec.spans.length} long: nothing can be hidden; give wav2vec.spans.length less than {tokens}, "
            "or prepare a store of longer windows"
        )


def _evaluators(run: EcgRun, store: Store) -> tuple[HeldOutEcgs, ...]:
    """One evaluation, on the validation split; none where the split has not an ECG for each process."""
    rows: np.ndarray = store.catalogue.where_split("val")
    if len(rows) < num_processes():
        return ()
    loader = shared_loader(
        store, rows, HalvesCollate(), batch_size=run.data.batch_size, seed=run.seed, is_training=False
    )
    return (HeldOutEcgs(loader=loader),)


def _saver(extractor: EcgFeatureExtractor, facts: Mapping[str, Any]) -> SaveModel:
    def save(method: Method, folder: Path, told: Mapping[str, Any]) -> None:
        if not isinstance(method, Wav2vecCmsc):
            raise ConfigError(f"method {type(method).__name__} holds no ECG encoder to save")
        save_ecg_encoder(folder, method.model, extractor, {**facts, **told})

    return save
