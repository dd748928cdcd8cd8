"""Recipes of MELP: three levels, as published for MIMIC-IV-ECG, and at sizes for PTB-XL on a GPU and on a CPU."""

from __future__ import annotations

from ecg_text.data.augment import Augment
from ecg_text.methods.levels import Levels
from ecg_text.recipes.run import DataPlan, DecoderPlan, ModelPlan, Run, TextTower, melp_tower
from ecg_text.text.rendering import ENGLISH
from ecg_text.text.views import ReportViews
from ecg_text.training.config import TrainingConfig

# Random lead masking: each lead of each record is away in half of the epochs (MELP, section 4.1).
RANDOM_LEADS = Augment(drop_share=1.0, drop_lead=0.5, shift=0.0, gain=0.0)
PTBXL_SETS = ("ptbxl-superclass", "ptbxl-subclass", "ptbxl-form", "ptbxl-rhythm")


def melp_nano_ptbxl() -> Run:
    """MELP on PTB-XL at 100 Hz with two CPU cores: three levels, reports in English, views of them at the rhythm level.

    The text encoder is one of tune-text (model.text.pretrained), read causally. The checkpoint of the best zero-shot
    answers on the validation fold is kept, so nothing is chosen on the test fold.
    """
    return Run(
        name="melp_nano_ptbxl",
        method="melp",
        levels=Levels(),
        model=ModelPlan(
            ecg=melp_tower("melp_nano"),
            ecg_head="beat_queries",
            text=TextTower(causal=True, frozen_layers=2, pace=0.3),
            decoder=DecoderPlan(num_queries=32, num_layers=2, num_heads=4, expansion=2),
            opposite_share=0.1,
        ),
        data=DataPlan(
            batch_size=128,
            rendering=ENGLISH,
            augment=Augment(shift=0.0),
            views=ReportViews(whole=0.5),
        ),
        training=TrainingConfig(
            epochs=12,
            learning_rate=1e-3,
            weight_decay=0.05,
            ema_decay=0.995,
            evaluate_every=266,  # two epochs
            checkpoint_every=133,
            select_metric="zero_shot",
        ),
        prompts=PTBXL_SETS,
    )
