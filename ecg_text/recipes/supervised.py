"""Runs that learn labels: the tree of their numbers, and the recipes, from nothing or from a model's ECG encoder."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ecg_text.data.augment import Augment
from ecg_text.data.crops import AGGREGATES
from ecg_text.errors import ConfigError
from ecg_text.recipes.lora import LoraPlan
from ecg_text.recipes.run import EcgTower
from ecg_text.training.config import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class LabelDataPlan:
    """Batches of the training records that bear a label, whole or, with crop_s, so many seconds of each by chance.

    With crop_s a record is asked in windows half a crop apart, and aggregate tells which answer is the record's
    (data/crops.py). Raises ConfigError for a crop that is not above 0, or an unknown aggregate.
    """

    batch_size: int = 128
    crop_s: float | None = None
    aggregate: str = "max"
    augment: Augment = field(default_factory=lambda: Augment(drop_share=0.0, shift=0.0, gain=0.1))

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigError(f"data.batch_size is {self.batch_size}; give at least 1")
        if self.crop_s is not None and not self.crop_s > 0:
            raise ConfigError(f"data.crop_s is {self.crop_s}; give seconds, or null for whole ECGs")
        if self.aggregate not in AGGREGATES:
            raise ConfigError(f"data.aggregate is {self.aggregate!r}; choose one of {', '.join(AGGREGATES)}")


@dataclass(frozen=True, kw_only=True)
class SupervisedRun:
    """A training on labels by name: a task of the PTB-XL benchmark or a prompt set, encoder, data, numbers.

    The encoder begins new, or with the weights of ecg.init; with like_init it has the sizes of that one, whatever ecg
    says else. It learns at pace times the learning rate, not at all where it is frozen, and only in adapters on its
    attention layers with lora.rank above 0. A classifier of the same labels in ecg.init gives its head, too: frozen
    first, then all (Kumar et al., 2022), is a run that begins with another. dropout is that before the last layer.
    """

    name: str
    labels: str = "all"
    ecg: EcgTower = field(default_factory=EcgTower)
    like_init: bool = False
    frozen: bool = False
    pace: float = 1.0
    lora: LoraPlan = field(default_factory=LoraPlan)
    dropout: float = 0.2
    data: LabelDataPlan = field(default_factory=LabelDataPlan)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        if self.frozen and self.lora.rank:
            raise ConfigError(f"frozen is true and lora.rank {self.lora.rank}: give one or the other")
        if not 0 < self.pace <= 1:
            raise ConfigError(f"pace is {self.pace}; give a share of the learning rate above 0, at most 1")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout is {self.dropout}; give a fraction from 0 to below 1")

    @property
    def seed(self) -> int:
        """The one seed of a run: of its first weights, its batches and its dropout."""
        return self.training.seed


def supervised_nano_ptbxl() -> SupervisedRun:
    """The base line of every table: a resnet1d of clip_nano's size that learns the labels of PTB-XL from nothing.

    As the benchmark trains: windows of 2.5 s, binary cross-entropy, the largest answer of a record's windows. On one
    CPU core it takes some 20 minutes.
    """
    return SupervisedRun(
        name="supervised_nano_ptbxl",
        data=LabelDataPlan(crop_s=2.5),
        training=TrainingConfig(
            epochs=18,
            learning_rate=2e-3,
            weight_decay=0.05,
            warmup_fraction=0.2,
            ema_decay=0.995,
            evaluate_every=272,  # two epochs
            checkpoint_every=136,
            select_metric="macro_auroc",
        ),
    )


def finetune_nano_ptbxl() -> SupervisedRun:
    """A model's ECG encoder goes on to learn the labels of PTB-XL: --set ecg.init=MODEL, a folder or a hub name.

    ECGs are whole, as the encoder knows them, and it learns at a fifth of the rate of its new head. On one CPU core an
    encoder of clip_nano's or melp_nano's size takes some 25 minutes.
    """
    base = supervised_nano_ptbxl()
    return replace(
        base,
        name="finetune_nano_ptbxl",
        like_init=True,
        pace=0.2,
        data=LabelDataPlan(augment=Augment(drop_share=0.3, shift=0.1, gain=0.1)),
        training=replace(base.training, epochs=5, warmup_fraction=0.1, evaluate_every=136),  # an epoch
    )
