"""Recipes that train a model from a store of ECGs with reports."""

from __future__ import annotations

from ecg_text.data.augment import Augment
from ecg_text.recipes.run import DataPlan, ModelPlan, Run, TextTower
from ecg_text.text.rendering import ENGLISH
from ecg_text.text.views import ReportViews
from ecg_text.training.config import TrainingConfig


def clip_nano() -> Run:
    """PTB-XL's reports in English on two CPU cores: rhythm-level alignment with report views, in about an hour.

    With a text encoder of tune-text (model.text.pretrained), its two lower layers stay as they are. The checkpoint of
    the best zero-shot answers on the validation fold is kept, so nothing is chosen on the test fold.
    """
    return Run(
        name="clip_nano",
        model=ModelPlan(text=TextTower(frozen_layers=2, pace=0.3), opposite_share=0.1),
        data=DataPlan(
            batch_size=128,
            rendering=ENGLISH,
            augment=Augment(shift=0.0),
            views=ReportViews(whole=0.5),
        ),
        training=TrainingConfig(
            epochs=16,
            learning_rate=1e-3,
            weight_decay=0.05,
            ema_decay=0.995,
            evaluate_every=266,  # two epochs
            checkpoint_every=133,
            select_metric="zero_shot",
        ),
        prompts=("ptbxl-superclass", "ptbxl-subclass", "ptbxl-form", "ptbxl-rhythm"),
    )
