"""Recipes of MELP: three levels, as published for MIMIC-IV-ECG, and at sizes for PTB-XL on a GPU and on a CPU."""

from __future__ import annotations

from dataclasses import replace

from ecg_text.data.augment import RANDOM_LEADS
from ecg_text.methods.levels import Levels
from ecg_text.recipes.pretrain import clip_nano
from ecg_text.recipes.run import DataPlan, DecoderPlan, EcgTower, ModelPlan, Run, TextTower, melp_tower
from ecg_text.text.rendering import ENGLISH
from ecg_text.text.views import ReportViews
from ecg_text.training.config import TrainingConfig


def melp_nano_ptbxl() -> Run:
    """MELP on PTB-XL at 100 Hz with two CPU cores: clip_nano's data and pace, and all three levels.

    The text encoder is one of tune-text (model.text.pretrained). Texts are compared both ways, as it was tuned to read
    them, and read causally by the report decoder.
    """
    base = clip_nano()
    return replace(
        base,
        name="melp_nano_ptbxl",
        method="melp",
        levels=Levels(),
        model=replace(
            base.model,
            ecg=melp_tower("melp_nano"),
            ecg_head="beat_queries",
            decoder=DecoderPlan(num_queries=32, num_layers=2, num_heads=4, expansion=2, dropout=0.0),
        ),
        training=replace(base.training, epochs=12),
    )


def reference_ptbxl() -> Run:
    """The run of the model that ships, on PTB-XL at 100 Hz with two CPU cores: three levels over a wider clip_nano.

    A residual encoder learns faster than MELP's transformer from so few ECGs. Leads are missing more often than in
    melp_nano_ptbxl, gain and noise vary more, for a model that other hospitals' recordings are given to.
    """
    base = melp_nano_ptbxl()
    return replace(
        base,
        name="reference_ptbxl",
        model=replace(base.model, ecg=EcgTower(widths=(64, 128, 192, 256), dropout=0.0)),
        data=replace(
            base.data, augment=replace(base.data.augment, drop_share=0.7, drop_lead=0.5, gain=0.2, noise_mv=0.03)
        ),
        training=replace(base.training, epochs=16),
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

    The encoder and the pace of melp_small_mimic; texts, views and the choice of a checkpoint of melp_nano_ptbxl, for
    the data are few.
    """
    published, nano = melp_small_mimic(), melp_nano_ptbxl()
    return replace(
        nano,
        name="melp_small_ptbxl",
        model=replace(nano.model, ecg=published.model.ecg, decoder=DecoderPlan(num_queries=64, num_layers=3)),
        data=replace(published.data, views=nano.data.views),
        training=replace(
            published.training,
            epochs=60,
            cosine_cycles=1,
            ema_decay=0.998,
            evaluate_every=136,  # two epochs
            checkpoint_every=136,
            select_metric="zero_shot",
            patience=8,
        ),
    )
