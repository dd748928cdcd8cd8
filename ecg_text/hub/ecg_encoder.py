"""The folder of an ECG encoder that was trained without texts: weights, sizes, preprocessing and where from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from ecg_text.hub.card import render_encoder_card
from ecg_text.hub.facts import plain_facts
from ecg_text.hub.parts import CARD, PROVENANCE, WEIGHTS, weights_revision
from ecg_text.hub.writing import write_json, written_whole
from ecg_text.models.configs import EcgEncoderConfig
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
        told = write_encoder(fresh, model.config, extractor, model.state_dict(), provenance)
        (fresh / CARD).write_text(render_encoder_card(told), encoding="utf-8")
        return str(told["revision"])


def write_encoder(
    folder: Path,
    config: EcgEncoderConfig,
    extractor: EcgFeatureExtractor,
    weights: Mapping[str, Tensor],
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """The files of a model whose encoder others may begin with, but for its card; what its provenance tells."""
    config.save_pretrained(folder)
    extractor.save_pretrained(folder)
    whole = {name: tensor.contiguous() for name, tensor in weights.items()}
    save_file(whole, folder / WEIGHTS, metadata={"format": "pt"})
    told = {
        **plain_facts(provenance),
        "revision": weights_revision(folder),
        "preprocess_fingerprint": extractor.fingerprint,
    }
    write_json(folder / PROVENANCE, told)
    return told
