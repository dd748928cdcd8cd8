"""Where the names in a SupervisedRun become objects: labels, classifier, loader, validation, and the way to save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ecg_text.data.crops import Crops
from ecg_text.data.label_set import LabelSet
from ecg_text.data.labelled import LabelledCollate
from ecg_text.data.loader import Loader
from ecg_text.data.splits import check_disjoint
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.metrics import has_both_values
from ecg_text.evaluation.ptbxl_benchmark import label_set
from ecg_text.hub.ecg_classifier import Classifier, save_classifier, take_head
from ecg_text.hub.encoder_weights import TakenWeights, encoder_config, model_folder
from ecg_text.methods.method import Method
from ecg_text.methods.supervised import Supervised
from ecg_text.models.attention_lora import with_attention_lora
from ecg_text.models.ecg_classifier import EcgClassifier
from ecg_text.models.processor import EcgFeatureExtractor
from ecg_text.models.text_encoder import with_merged
from ecg_text.recipes.initial import begin_encoder, init_facts, tower_of
from ecg_text.recipes.loading import measurable, shared_loader
from ecg_text.recipes.supervised import SupervisedRun
from ecg_text.recipes.supervised_evaluation import LabelValidation
from ecg_text.recipes.towers import ecg_config
from ecg_text.training.config import TrainingConfig
from ecg_text.training.run_folder import SaveModel

ENCODER = "encoder."  # part of the names of its parameters


@dataclass(frozen=True, eq=False, kw_only=True)
class BuiltSupervised:
    """A training on labels made ready for the training loop; taken is what its encoder began with, None for a new one.

    unlearned are the labels without a positive among the training records.
    """

    method: Supervised
    loader: Loader
    processor: EcgFeatureExtractor
    evaluators: tuple[LabelValidation, ...]
    training: TrainingConfig
    save_model: SaveModel
    taken: TakenWeights | None
    labels: LabelSet
    unlearned: tuple[str, ...]


def build_supervised(run: SupervisedRun, store: Store, facts: Mapping[str, Any]) -> BuiltSupervised:
    """The objects of a training on labels; facts go into the provenance of its classifier.

    Raises ConfigError for sizes that cannot be, PromptError for labels that are unknown, DataError for a store that
    cannot be trained on, and what take_encoder raises.
    """
    check_disjoint(store.catalogue)
    labels = label_set(run.labels)
    rows = labels.asked(store.catalogue, store.catalogue.where_split("train"))
    if not len(rows):
        raise DataError(f"{store.folder} has no training record with a label of {labels.name}; choose other labels")
    run = _with_sizes(run)
    crops = _crops(run, store)
    matrix = labels.matrix(store.catalogue.select(rows))
    model, taken, has_head = _classifier(run, store, labels, matrix)
    evaluators = _evaluators(store, labels, crops)
    extractor = EcgFeatureExtractor(store.preprocess.to_dict())
    told = {"name": run.name, "seed": run.seed, "label_set": labels.name, "head_taken": has_head}
    whole = Classifier(model=model, extractor=extractor, labels=labels, crops=crops)
    return BuiltSupervised(
        method=Supervised(model),
        loader=shared_loader(
            store,
            rows,
            LabelledCollate(labels=labels, augment=run.data.augment, crops=crops),
            batch_size=run.data.batch_size,
            seed=run.seed,
        ),
        processor=extractor,
        evaluators=evaluators,
        training=measurable(_paced(run), evaluators),
        save_model=_saver(whole, {**told, **facts, **init_facts(taken)}),
        taken=taken,
        labels=labels,
        unlearned=tuple(labels.names[k] for k in np.flatnonzero(matrix.sum(axis=0) == 0)),
    )


def _with_sizes(run: SupervisedRun) -> SupervisedRun:
    """The run with the sizes of the encoder that it begins with, where it is to have them."""
    if not run.like_init:
        return run
    if run.ecg.init is None:
        raise ConfigError(f"{run.name} goes on with a model's ECG encoder: name it with --set ecg.init=MODEL")
    _, config = encoder_config(model_folder(run.ecg.init))
    return replace(run, ecg=tower_of(config, run.ecg.init))


def _classifier(
    run: SupervisedRun, store: Store, labels: LabelSet, matrix: np.ndarray
) -> tuple[EcgClassifier, TakenWeights | None, bool]:
    """The model, what its encoder took from elsewhere, and whether its head was taken, too.

    A new head begins with the share of each label among the training records (Lin et al., 2017, section 4.1): most
    labels are rare, and a hundred steps would be spent on learning that.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        model = EcgClassifier(ecg_config(run.ecg, store.preprocess.leads), len(labels), run.dropout)
        taken = begin_encoder(model.encoder, run.ecg, store.preprocess, group="ecg")
        has_head = run.ecg.init is not None and take_head(model, labels, model_folder(run.ecg.init))
        if not has_head:
            share = torch.from_numpy((matrix.sum(axis=0) + 1) / (len(matrix) + 2))
            with torch.no_grad():
                model.head.bias.copy_(share.logit())
        if run.frozen:
            model.encoder.requires_grad_(False)
        if run.lora.rank:
            plan = run.lora
            model.encoder = with_attention_lora(model.encoder, rank=plan.rank, alpha=plan.alpha, dropout=plan.dropout)
    return model, taken, has_head


def _crops(run: SupervisedRun, store: Store) -> Crops | None:
    if run.data.crop_s is None:
        return None
    num = round(run.data.crop_s * store.preprocess.rate_hz)
    if num > store.preprocess.num_samples:
        raise ConfigError(
            f"data.crop_s is {run.data.crop_s}, but the store's ECGs last "
            f"{store.preprocess.num_samples / store.preprocess.rate_hz:g} s; give at most that"
        )
    return Crops(num_samples=num, aggregate=run.data.aggregate)


def _evaluators(store: Store, labels: LabelSet, crops: Crops | None) -> tuple[LabelValidation, ...]:
    """One validation, on the validation records that bear a label; none where no label has both values there."""
    rows = labels.asked(store.catalogue, store.catalogue.where_split("val"))
    matrix = labels.matrix(store.catalogue.select(rows))
    if not has_both_values(matrix).any():
        return ()
    return (LabelValidation(store=store, rows=rows, labels=matrix, crops=crops),)


def _paced(run: SupervisedRun) -> TrainingConfig:
    """The run's training, in which a whole encoder learns at its own pace, unless slow parts are named."""
    if run.pace == 1.0 or run.frozen or run.lora.rank or run.training.slow_parts:
        return run.training
    return replace(run.training, slow_parts=(ENCODER,), slow_ratio=run.pace)


def _saver(classifier: Classifier, facts: Mapping[str, Any]) -> SaveModel:
    def save(method: Method, folder: Path, told: Mapping[str, Any]) -> None:
        if not isinstance(method, Supervised):
            raise ConfigError(f"method {type(method).__name__} holds no classifier to save")
        save_classifier(folder, replace(classifier, model=with_merged(method.model, "encoder")), {**facts, **told})

    return save
