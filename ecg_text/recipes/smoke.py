"""smoke: a minute on a laptop, on synthetic ECGs; small enough for a demonstration, real in every part."""

from __future__ import annotations

from ecg_text.data.augment import Augment
from ecg_text.recipes.run import DataPlan, EcgTower, ModelPlan, Run, TextTower
from ecg_text.text.rendering import ENGLISH
from ecg_text.text.views import ReportViews
from ecg_text.training.config import TrainingConfig


def smoke() -> Run:
    """A two-tower of 0.3 million weights for some two hundred synthetic records.

    With so few, the augmentation decides: on 720 further records the macro AUROC is 0.95 without, 0.99 with it.
    """
    return Run(
        name="smoke",
        model=ModelPlan(
            ecg=EcgTower(widths=(32, 48, 64, 96), depths=(1, 1, 1, 1), num_layers=1),
            text=TextTower(vocab_size=600, width=64, num_layers=1, num_heads=2),
            embedding_width=64,
        ),
        data=DataPlan(
            batch_size=32,
            rendering=ENGLISH,
            augment=Augment(drop_share=0.5, shift=0.2, gain=0.2, noise_mv=0.03),
            views=ReportViews(whole=0.4),
        ),
        training=TrainingConfig(
            steps=360, learning_rate=2e-3, warmup_fraction=0.1, checkpoint_every=100, log_every=5, ema_decay=0.98
        ),
        prompts=("synthetic",),
    )
