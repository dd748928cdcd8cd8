"""Recipes of MELP: three levels, as published for MIMIC-IV-ECG, and at sizes for PTB-XL on a GPU and on a CPU."""

from __future__ import annotations

from ecg_text.data.augment import Augment
from ecg_text.methods.levels import Levels
from ecg_text.recipes.run import DataPlan, DecoderPlan, ModelPlan, Run, TextTower, melp_tower
from ecg_text.text.rendering import ENGLISH
from ecg_text.text.views import ReportViews
from ecg_text.training.config import TrainingConfig

# Random lead masking as in MELP: every lead of every record is away with a probability of a half, and nothing else.
RANDOM_LEADS = Augment(drop_share=1.0, drop_lead=0.5, shift=0.0, gain=0.0)
PTBXL_SETS = ("ptbxl-superclass", "ptbxl-subclass", "ptbxl-form", "ptbxl-rhythm")


def melp_nano_ptbxl() -> Run:
    """MELP on PTB-XL at 100 Hz with two CPU cores: three levels, reports in English, views of them at the rhythm level.

    The text encoder is one of tune-text (model.text.pretrained). Texts are compared both ways, as it was tuned to read
    them, and read causally by the report decoder. The checkpoint of the best zero-shot answers on the validation fold
    is kept, so nothing is chosen on the test fold.
    """
    return Run(
        name="melp_nano_ptbxl",
        method="melp",
        levels=Levels(),
        model=ModelPlan(
            ecg=melp_tower("melp_nano"),
            ecg_head="beat_queries",
            text=TextTower(frozen_layers=2, pace=0.3),
            decoder=DecoderPlan(num_queries=32, num_layers=2, num_heads=4, expansion=2, dropout=0.0),
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


def melp_small_mimic() -> Run:
    """MELP as published, on MIMIC-IV-ECG at 500 Hz (prepare --rate-hz 500) with four GPUs: a global batch of 256.

    model.text.pretrained is to be MedCPT's query encoder tuned on reports (tune-text text_medcpt); its lower six layers
    stay as they are. MELP ends after five epochs without a better zero-shot answer on six other data sets. The records
    of MIMIC-IV-ECG bear no labels to ask for: with prompts and labels of your own add training.evaluate_every,
    training.select_metric=zero_shot and training.patience=5.
    """
    return Run(
        name="melp_small_mimic",
        method="melp",
        levels=Levels(),
        model=ModelPlan(
            ecg=melp_tower("melp_small"),
            ecg_head="beat_queries",
            text=TextTower(pretrained="ncbi/MedCPT-Query-Encoder", reading="causal", frozen_layers=6),
            opposite_share=1.0,
        ),
        data=DataPlan(batch_size=256, rendering=ENGLISH, augment=RANDOM_LEADS, views=ReportViews(whole=1.0)),
        training=TrainingConfig(
            epochs=100,
            learning_rate=2e-4,
            weight_decay=0.2,
            betas=(0.9, 0.95),
            cosine_cycles=2,
            checkpoint_every=1000,
        ),
    )


def melp_small_ptbxl() -> Run:
    """MELP's small encoder on PTB-XL at 500 Hz (prepare --rate-hz 500) with one GPU.

    As melp_nano_ptbxl where the data are few: views of the reports, parts of them as often as the whole, and the
    checkpoint of the best zero-shot answers on the validation fold.
    """
    return Run(
        name="melp_small_ptbxl",
        method="melp",
        levels=Levels(),
        model=ModelPlan(
            ecg=melp_tower("melp_small"),
            ecg_head="beat_queries",
            text=TextTower(frozen_layers=2, pace=0.3),
            decoder=DecoderPlan(num_queries=64, num_layers=3),
            opposite_share=0.1,
        ),
        data=DataPlan(batch_size=256, rendering=ENGLISH, augment=RANDOM_LEADS, views=ReportViews(whole=0.5)),
        training=TrainingConfig(
            epochs=60,
            learning_rate=2e-4,
            weight_decay=0.2,
            betas=(0.9, 0.95),
            ema_decay=0.998,
            evaluate_every=136,  # two epochs
            checkpoint_every=136,
            select_metric="zero_shot",
            patience=8,
        ),
        prompts=PTBXL_SETS,
    )
