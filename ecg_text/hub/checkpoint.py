"""A checkpoint folder: model, processor, prompt sets and provenance, complete in itself, written whole or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecg_text.errors import CheckpointError
from ecg_text.hub.card import render_card
from ecg_text.hub.facts import plain_facts
from ecg_text.hub.parts import (
    CARD,
    CONFIG,
    NEEDED,
    PROMPTS,
    PROVENANCE,
    WEIGHTS,
    check_fit,
    errors_of_tokenizers,
    load_model,
    load_processor,
    read_json,
    read_prompts,
    vocabulary_hash,
    weights_revision,
)
from ecg_text.hub.remote import fetch_folder
from ecg_text.hub.writing import write_json, written_whole
from ecg_text.models.auto import register
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.text.prompts import PromptSet


@dataclass(frozen=True, eq=False, kw_only=True)
class Checkpoint:
    """A loaded model with all that its scores depend on. revision tells its weights: 12 digits of their SHA-256."""

    model: EcgTextModel
    processor: EcgTextProcessor
    prompts: tuple[PromptSet, ...]
    provenance: Mapping[str, Any]
    revision: str

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the preprocessing."""
        return self.processor.feature_extractor.fingerprint


def save_checkpoint(
    folder: Path,
    model: EcgTextModel,
    processor: EcgTextProcessor,
    *,
    prompt_sets: Sequence[PromptSet] = (),
    provenance: Mapping[str, Any],
) -> str:
    """Write a checkpoint folder, complete or not at all, and return its revision; an older one is replaced at the end.

    What provenance tells is written without the folders of this disk. Raises CheckpointError where the folder holds
    something else, or the disk is full.
    """
    with written_whole(folder) as fresh:
        model.save_pretrained(fresh)
        with errors_of_tokenizers():
            processor.save_pretrained(fresh)
        return _write_facts(fresh, processor, prompt_sets, provenance)


def load_checkpoint(name_or_folder: str | Path, revision: str | None = None) -> Checkpoint:
    """Load a checkpoint, in float32, from a folder or a hub name with an optional revision (a commit, tag or branch).

    Raises CheckpointError where a part is missing, damaged or another model's, ConfigError for a configuration that
    this version does not know, FingerprintError for a changed preprocessing; nothing is guessed.
    """
    register()
    folder = fetch_folder(str(name_or_folder), revision)
    _refuse_encoder(folder)
    if missing := [name for name in NEEDED if not (folder / name).is_file()]:
        raise CheckpointError(f"{folder} has no {missing[0]}; give a whole checkpoint folder of ecg_text")
    provenance = checked_provenance(folder)
    model = load_model(folder)
    processor = load_processor(folder, provenance)
    check_fit(folder, model, processor, provenance)
    return Checkpoint(
        model=model.eval(),
        processor=processor,
        prompts=read_prompts(folder / PROMPTS, provenance),
        provenance=provenance,
        revision=provenance["revision"],
    )


def checked_provenance(folder: Path) -> Mapping[str, Any]:
    """What a folder of weights tells of itself. Raises CheckpointError where it tells of other weights."""
    provenance, weights = read_json(folder / PROVENANCE, dict), weights_revision(folder)
    if provenance.get("revision") != weights:
        raise CheckpointError(
            f"{folder / WEIGHTS} has revision {weights}, {PROVENANCE} tells of {provenance.get('revision')}; "
            "it is damaged or another model's: get a complete copy"
        )
    return provenance


def _refuse_encoder(folder: Path) -> None:
    path = folder / CONFIG
    if path.is_file() and read_json(path, dict).get("model_type") == EcgEncoderConfig.model_type:
        raise CheckpointError(
            f"{folder} is an ECG encoder alone, which reads no text; train a model with it (--set model.ecg.init=...)"
        )


def _write_facts(
    folder: Path, processor: EcgTextProcessor, prompt_sets: Sequence[PromptSet], provenance: Mapping[str, Any]
) -> str:
    revision = weights_revision(folder)
    told = {
        **plain_facts(provenance),
        "revision": revision,
        "preprocess_fingerprint": processor.feature_extractor.fingerprint,
        "vocabulary": vocabulary_hash(processor),
        "prompt_sets": {prompt_set.name: prompt_set.hash for prompt_set in prompt_sets},
    }
    write_json(folder / PROMPTS, [prompt_set.to_dict() for prompt_set in prompt_sets])
    write_json(folder / PROVENANCE, told)
    (folder / CARD).write_text(render_card(told), encoding="utf-8")
    return revision
