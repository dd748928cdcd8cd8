"""The parts of a checkpoint folder: their names, how each is read, and whether they fit together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, cast

import torch
from safetensors import SafetensorError

from ecg_text.errors import CheckpointError, FingerprintError, PromptError
from ecg_text.models.pretrained import usable_positions
from ecg_text.models.sizes import ECG_ENCODER, EcgEncoderSizes
from ecg_text.text.prompts import PromptSet

if TYPE_CHECKING:
    from ecg_text.models.processor import EcgTextProcessor
    from ecg_text.models.reading import AskedProcessor
    from ecg_text.models.towers import Towers
    from ecg_text.models.two_tower import EcgTextModel

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
PROCESSOR = "processor_config.json"
TOKENIZER = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
PROMPTS = "prompts.json"
PROVENANCE = "provenance.json"
EXTRACTOR = "preprocessor_config.json"  # of a model that reads no text
HEAD = "head.json"  # of a classifier of ECGs
CARD = "README.md"
NEEDED = (CONFIG, WEIGHTS, PROCESSOR, TOKENIZER, TOKENIZER_CONFIG, PROMPTS, PROVENANCE)


def holds_ecg_encoder(folder: Path) -> bool:
    """Whether a folder holds an ECG encoder alone. Raises CheckpointError where its configuration cannot be read."""
    path = folder / CONFIG
    return path.is_file() and read_json(path, dict).get("model_type") == ECG_ENCODER


def weights_revision(folder: Path) -> str:
    """12 hexadecimal digits of the SHA-256 of the weights file."""
    with (folder / WEIGHTS).open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:12]


def checked_provenance(folder: Path) -> Mapping[str, Any]:
    """What a folder of weights tells of itself. Raises CheckpointError where it tells of other weights."""
    provenance, weights = read_json(folder / PROVENANCE, dict), weights_revision(folder)
    if provenance.get("revision") != weights:
        raise CheckpointError(
            f"{folder / WEIGHTS} has revision {weights}, {PROVENANCE} tells of {provenance.get('revision')}; "
            "it is damaged or another model's: get a complete copy"
        )
    return provenance


def load_model(folder: Path) -> EcgTextModel:
    """The model in float32. Raises CheckpointError, or ConfigError for a configuration that is not known."""
    from ecg_text.models.two_tower import EcgTextModel

    read_json(folder / CONFIG, dict)
    try:
        model: EcgTextModel = EcgTextModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    except (SafetensorError, OSError, RuntimeError, ValueError, TypeError) as error:
        raise CheckpointError(f"{folder}: the model does not load ({_told(error)}); get a complete copy") from error
    return model


def load_processor(folder: Path, provenance: Mapping[str, Any]) -> EcgTextProcessor:
    """The processor. Raises CheckpointError, or FingerprintError where its preprocessing is not the model's."""
    from ecg_text.models.processor import EcgTextProcessor

    read_json(folder / PROCESSOR, dict)
    read_json(folder / TOKENIZER_CONFIG, dict)
    read_json(folder / TOKENIZER, dict)
    try:
        with errors_of_tokenizers():
            processor: EcgTextProcessor = EcgTextProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{folder}: the processor does not load ({_told(error)}); get a complete copy") from error
    found, told = processor.feature_extractor.fingerprint, provenance.get("preprocess_fingerprint")
    if found != told:
        raise FingerprintError(
            f"{folder / PROCESSOR} has fingerprint {found}, {PROVENANCE} tells of {told}; get an unchanged copy"
        )
    return processor


def vocabulary_hash(processor: EcgTextProcessor | AskedProcessor) -> str:
    """12 hexadecimal digits of the SHA-256 of the word pieces and their numbers."""
    pieces = json.dumps(processor.tokenizer.get_vocab(), sort_keys=True)
    return sha256(pieces.encode()).hexdigest()[:12]


def check_fit(
    folder: Path, model: Towers, processor: EcgTextProcessor | AskedProcessor, provenance: Mapping[str, Any]
) -> None:
    """Raises CheckpointError where the processor makes what the model does not know, or knows as something else."""
    text = model.text_encoder.config
    pieces = 1 + max(processor.tokenizer.get_vocab().values())
    if pieces > text.vocab_size:
        raise CheckpointError(
            f"{folder}: the tokenizer makes {pieces} word pieces, the text encoder knows {text.vocab_size}; "
            "the tokenizer is another model's"
        )
    ours, told = vocabulary_hash(processor), provenance.get("vocabulary")
    if told is not None and ours != told:  # of a size that fits, and yet every text would be read as other words
        raise CheckpointError(
            f"{folder / TOKENIZER} has vocabulary {ours}, {PROVENANCE} tells of {told}; "
            "the tokenizer is another model's: get a complete copy"
        )
    positions = usable_positions(text)
    if positions is not None and processor.max_word_pieces > positions:
        raise CheckpointError(
            f"{folder}: texts have up to {processor.max_word_pieces} word pieces, the text encoder reads {positions}; "
            f"set model_max_length in {TOKENIZER_CONFIG} to what it reads"
        )
    made, read = processor.preprocess.leads, tuple(cast(EcgEncoderSizes, model.config.ecg_config).leads)
    if made != read:
        raise CheckpointError(
            f"{folder}: the preprocessing makes the leads {' '.join(made)}, the model reads {' '.join(read)}; "
            f"{PROCESSOR} is another model's"
        )
    rate = model.config.rate_hz
    if rate is not None and rate != processor.preprocess.rate_hz:
        raise CheckpointError(
            f"{folder}: the preprocessing gives {processor.preprocess.rate_hz:g} samples a second, the model finds "
            f"beats at {rate:g}; {PROCESSOR} is another model's"
        )


def read_prompts(path: Path, provenance: Mapping[str, Any]) -> tuple[PromptSet, ...]:
    """The prompt sets in prompts.json. Raises CheckpointError, too where they are not those the provenance tells of."""
    try:
        prompts = tuple(PromptSet.from_dict(written) for written in read_json(path, list))
    except (PromptError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} holds no prompt sets ({_told(error)}); get a complete copy") from error
    _check_prompts(path, prompts, provenance)
    return prompts


def _check_prompts(path: Path, prompts: Sequence[PromptSet], provenance: Mapping[str, Any]) -> None:
    told = provenance.get("prompt_sets")
    if not isinstance(told, Mapping):  # older checkpoints do not tell of them
        return
    found = {prompt_set.name: prompt_set.hash for prompt_set in prompts}
    for name in [*found, *told]:
        if found.get(name) != told.get(name):
            raise CheckpointError(
                f"{path} has the prompt set {name} as {found.get(name)}, {PROVENANCE} tells of {told.get(name)}; "
                "get an unchanged copy, and give other prompts by their own file"
            )


def read_json(path: Path, kind: type[dict] | type[list]) -> Any:
    """The JSON object or list in a file. Raises CheckpointError."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); get a complete copy of the folder") from error
    if not isinstance(value, kind):
        raise CheckpointError(f"{path} holds a {type(value).__name__}, not a {kind.__name__}; get a complete copy")
    return value


@contextmanager
def errors_of_tokenizers() -> Iterator[None]:
    """Makes an OSError of what the tokenizers library raises for a full disk or a damaged file: a bare Exception."""
    try:
        yield
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise OSError(str(error)) from error


def _told(error: Exception) -> str:
    return shorten(str(error), 300) or type(error).__name__
