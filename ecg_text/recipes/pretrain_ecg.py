"""Runs that train an ECG encoder on ECGs alone (W2V + CMSC + RLM): the tree of their numbers, and the recipes."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecg_text.data.augment import RANDOM_LEADS, Augment
from ecg_text.errors import ConfigError
from ecg_text.methods.wav2vec_cmsc import Wav2vecPlan
from ecg_text.models.ecg_pretraining import TargetPlan
from ecg_text.nn.span_masks import SpanMasking
from ecg_text.recipes.run import EcgTower, melp_tower
from ecg_text.training.config import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class EcgDataPlan:
    """Batches of ECGs of the training split, with or without reports; each half is changed by its own chance.

    Random lead masking hides each lead with probability one half (Oh et al., 2022). batch_size counts ECGs, on all
    processes together.
    """

    batch_size: int = 256
    augment: Augment = RANDOM_LEADS


@dataclass(frozen=True, kw_only=True)
class EcgRun:
    """A training of an ECG encoder by name: encoder, targets, objective, data, numbers, as published where left out.

    Batches of 512 ECGs by accumulation, and a constant rate without a warm-up. The model folder of such a run is where
    a model's ECG encoder may begin (model.ecg.init).
    """

    name: str
    ecg: EcgTower = field(default_factory=lambda: melp_tower("melp_small"))
    targets: TargetPlan = field(default_factory=TargetPlan)
    wav2vec: Wav2vecPlan = field(default_factory=Wav2vecPlan)
    data: EcgDataPlan = field(default_factory=EcgDataPlan)
    training: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(
            epochs=200,
            learning_rate=5e-5,
            weight_decay=0.01,
            no_decay=(),
            warmup_steps=0,
            min_lr_ratio=1.0,
            clip_norm=0.0,
            accumulation=2,
            precision="fp32",
        )
    )

    def __post_init__(self) -> None:
        if self.data.batch_size < 2:
            raise ConfigError(
                f"data.batch_size is {self.data.batch_size}; halves are told from others: give at least 2"
            )

    @property
    def seed(self) -> int:
        """The one seed of a run: of its first weights, its batches and its chance."""
        return self.training.seed


def wav2vec_small_mimic() -> EcgRun:
    """MELP's encoder on MIMIC-IV-ECG at 500 Hz (prepare --rate-hz 500), as published for four GPUs of 64 ECGs each.

    Published otherwise: the ECGs are not filtered, and halves are told from those on one GPU alone, here from all.
    """
    return EcgRun(name="wav2vec_small_mimic")


def wav2vec_nano_ptbxl() -> EcgRun:
    """The encoder of melp_nano_ptbxl on PTB-XL at 100 Hz with two CPU cores, in less than half an hour.

    A span lasts as long as a published one, 320 ms: 10 tokens of 32 ms there, 2 of 160 ms here. Short spans overlap
    less, and with a budget of a half they leave as many tokens hidden as published: 35 %.
    """
    return EcgRun(
        name="wav2vec_nano_ptbxl",
        ecg=melp_tower("melp_nano"),
        # The published temperatures, over as large a part of the run: to the end at 2,310 of 2,720 updates.
        wav2vec=Wav2vecPlan(spans=SpanMasking(length=2, budget=0.5), quantiser_decay=0.9994),
        data=EcgDataPlan(batch_size=32),
        training=TrainingConfig(
            epochs=5,
            learning_rate=1e-3,
            weight_decay=0.01,
            warmup_fraction=0.1,
            evaluate_every=544,  # an epoch
            checkpoint_every=136,
        ),
    )
