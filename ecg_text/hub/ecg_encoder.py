"""The folder of an ECG encoder that was trained without texts: weights, sizes, preprocessing and where from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from ecg_text.hub.card import render_encoder_card
from ecg_text.hub.facts import plain_facts
from ecg_text.hub.parts import CARD, PROVENANCE, WEIGHTS, weights_revision
from ecg_text.hub.writing import write_json, written_whole
from ecg_text.models.ecg_pretraining import EcgPretrainingModel
from ecg_text.models.processor import EcgFeatureExtractor


def save_ecg_encoder(
    folder: Path, model: EcgPretrainingModel, extractor: EcgFeatureExtractor, provenance: Mapping[str, Any]
) -> str:
    """Write the folder, complete or not at all, and return its revision; an older one is replaced at the end.

    Its weights are the encoder's, under "encoder.", and those of what it learned with, which nobody else needs. What
    provenance tells is written without the folders of this disk. Raises CheckpointError where the folder holds
    something else, or the disk is full.
    """
    with written_whole(folder) as fresh:
        model.config.save_pretrained(fresh)
        extractor.save_pretrained(fresh)
        weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
        save_file(weights, fresh / WEIGHTS, metadata={"format": "pt"})
        revision = weights_revision(fresh)
        told = {**plain_facts(provenance), "revision": revision, "preprocess_fingerprint": extractor.fingerprint}
        write_json(fresh / PROVENANCE, told)
        (fresh / CARD).write_text(render_encoder_card(told), encoding="utf-8")
        return revision
