"""A model that is asked one question by a new process: loaded with torch and the tokenizers, and without transformers.

Importing the model classes of transformers takes longer than importing torch and answering together. A folder is read
here where all of it is known and sound: a text encoder that is a BERT, a tokenizer of ours. Any other is left to
load(), which loads more, and tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer

from ecg_text.errors import EcgTextError
from ecg_text.hub.calibration_file import read_calibration
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.parts import (
    CONFIG,
    NEEDED,
    PROCESSOR,
    PROMPTS,
    TOKENIZER,
    TOKENIZER_CONFIG,
    WEIGHTS,
    check_fit,
    checked_provenance,
    errors_of_tokenizers,
    read_json,
    read_prompts,
)
from ecg_text.hub.remote import fetch_folder, origin_of
from ecg_text.models.plain_sizes import plain_sizes
from ecg_text.models.reading import PADDING, AskedProcessor
from ecg_text.models.sizes import EcgTextSizes
from ecg_text.models.towers import AskedTowers
from ecg_text.signal.preprocess import Preprocess
from ecg_text.text.rendering import ORIGINAL

# How transformers describes a tokenizer of ours, but for model_max_length.
_TOKENIZER = {
    "backend": "tokenizers",
    "processor_class": "EcgTextProcessor",
    "tokenizer_class": "TokenizersBackend",
    **{f"{name.lower()}_token": f"[{name}]" for name in ("CLS", "MASK", "PAD", "SEP", "UNK")},
}


def load_at_once(name_or_folder: str | Path) -> Embedder | None:
    """A model that classifies and embeds, and neither describes nor learns; None where only load() can tell.

    Raises CheckpointError where there is no such folder or hub name.
    """
    folder = fetch_folder(str(name_or_folder))
    if not all((folder / name).is_file() for name in NEEDED):
        return None
    try:
        return _read(folder)
    except (EcgTextError, SafetensorError, OSError, RuntimeError, ValueError, TypeError, KeyError):
        return None  # load() meets the same, and says which and what to do


def _read(folder: Path) -> Embedder | None:
    provenance = checked_provenance(folder)
    sizes = plain_sizes(read_json(folder / CONFIG, dict))
    processor = _processor(folder, provenance)
    model = None if sizes is None else _towers(folder, sizes)
    if model is None or processor is None:
        return None
    check_fit(folder, model, processor, provenance)
    return Embedder(  # to ask, it needs of the two what the whole ones share: Towers and Reading
        model,  # type: ignore[arg-type]
        processor,  # type: ignore[arg-type]
        revision=provenance["revision"],
        origin=origin_of(folder),
        prompts=read_prompts(folder / PROMPTS, provenance),
        provenance=provenance,
        calibration=read_calibration(folder),
    )


def _towers(folder: Path, sizes: EcgTextSizes) -> AskedTowers | None:
    """The towers with the file's weights, in float32; None where a weight is missing, misshapen or one too many."""
    with torch.random.fork_rng(devices=[]):
        model = AskedTowers(sizes)
    weights = load_file(folder / WEIGHTS)
    if _shapes(model.state_dict()) != _shapes(weights):
        return None
    model.load_state_dict(weights)
    return model


def _shapes(weights: Mapping[str, torch.Tensor]) -> dict[str, tuple[bool, torch.Size]]:
    return {name: (weight.is_floating_point(), weight.shape) for name, weight in weights.items()}


def _processor(folder: Path, provenance: Mapping[str, Any]) -> AskedProcessor | None:
    """The processor; None where it is not written as EcgTextProcessor writes one with a tokenizer of ours."""
    written, of_tokenizer = read_json(folder / PROCESSOR, dict), read_json(folder / TOKENIZER_CONFIG, dict)
    longest = of_tokenizer.pop("model_max_length", None)
    extractor = written.get("feature_extractor")
    if of_tokenizer != _TOKENIZER or not isinstance(longest, int) or not isinstance(extractor, dict):
        return None
    preprocess = Preprocess.from_dict(extractor.get("preprocess", {}))
    if not preprocess.fingerprint == extractor.get("fingerprint") == provenance.get("preprocess_fingerprint"):
        return None
    with errors_of_tokenizers():
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    if tokenizer.token_to_id(PADDING) is None:
        return None
    return AskedProcessor(preprocess, tokenizer, written.get("rendering", ORIGINAL), longest)
