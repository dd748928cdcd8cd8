"""A masked-language model's folder: weights, configuration and tokenizer as transformers has them, and where from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForMaskedLM, PreTrainedModel, PreTrainedTokenizerFast

from ecg_text.data.replace import replaced_folder
from ecg_text.errors import CheckpointError, ConfigError
from ecg_text.hub.encoder_places import load_auto, load_tokenizer
from ecg_text.hub.facts import plain_facts
from ecg_text.hub.parts import PROVENANCE, errors_of_tokenizers, weights_revision
from ecg_text.models.pretrained import check_tokenizer_fits
from ecg_text.models.processor import as_new
from ecg_text.models.text_encoder import check_special_pieces


def save_masked_language(
    folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, provenance: Mapping[str, Any]
) -> str:
    """Write a folder that AutoModel and AutoTokenizer load, complete or not at all; return its revision.

    What provenance tells is written without the folders of this disk. Raises CheckpointError for a full disk.
    """
    try:
        with replaced_folder(Path(folder)) as fresh:
            model.save_pretrained(fresh)
            save_tokenizer(fresh, tokenizer)
            revision = weights_revision(fresh)
            told = {**plain_facts(provenance), "revision": revision}
            text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
            (fresh / PROVENANCE).write_text(text, encoding="utf-8")
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{folder} cannot be written ({getattr(error, 'strerror', None) or error}); free some space, and save again"
        ) from error
    return revision


def save_tokenizer(folder: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    """Write the tokenizer's files, the same bytes however it was used before. Raises OSError for a full disk."""
    with errors_of_tokenizers():
        as_new(tokenizer).save_pretrained(folder)


def load_masked_language(name: str) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A masked-language model in float32 and its tokenizer, by folder, hub name or package.

    A head that the folder does not hold is new, its weights from torch's generator. Raises ConfigError where they
    cannot be loaded or do not fit together.
    """
    tokenizer = load_tokenizer(name)
    options = {"use_safetensors": True, "dtype": torch.float32, "output_loading_info": True}
    model, info = load_auto(AutoModelForMaskedLM, name, **options)
    inside = f"{model.base_model_prefix}."
    if missing := sorted(weight for weight in info["missing_keys"] if weight.startswith(inside)):
        raise ConfigError(f"text encoder {name!r} lacks {', '.join(missing[:3])}; get a complete copy")
    check_tokenizer_fits(model, tokenizer, name)
    check_special_pieces(tokenizer, name)
    return model, tokenizer
