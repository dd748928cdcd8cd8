"""A checkpoint folder: model, processor, prompt sets and provenance, complete in itself, written whole or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecg_text.errors import CheckpointError
from ecg_text.hub.calibration import Calibration
from ecg_text.hub.calibration_file import CALIBRATION, read_calibration, write_calibration
from ecg_text.hub.card import render_card
from ecg_text.hub.facts import plain_facts
from ecg_text.hub.parts import (
    CARD,
    HEAD,
    NEEDED,
    PROMPTS,
    PROVENANCE,
    check_fit,
    checked_provenance,
    errors_of_tokenizers,
    holds_ecg_encoder,
    load_model,
    load_processor,
    read_prompts,
    vocabulary_hash,
    weights_revision,
)
from ecg_text.hub.remote import fetch_folder, origin_of
from ecg_text.hub.writing import halve_weights, write_json, written_whole
from ecg_text.models.auto import register
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.text.prompts import PromptSet


@dataclass(frozen=True, eq=False, kw_only=True)
class Checkpoint:
    """A loaded model with all that its scores depend on.

    revision tells its weights, 12 digits of their SHA-256; origin where on a hub it is from, org/name@commit, if it is.
    """

    model: EcgTextModel
    processor: EcgTextProcessor
    prompts: tuple[PromptSet, ...]
    provenance: Mapping[str, Any]
    revision: str
    origin: str
    calibration: Calibration | None

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
    calibration: Calibration | None = None,
    half: bool = False,
) -> str:
    """Write a checkpoint folder, complete or not at all, and return its revision; an older one is replaced at the end.

    half keeps the weights in float16, in half the space; a model computes in float32 all the same. What provenance
    tells is written without the folders of this disk. Raises CheckpointError where the folder holds something else, the
    calibration is another model's, or the disk is full.
    """
    with written_whole(folder) as fresh:
        model.save_pretrained(fresh)
        if half:
            halve_weights(fresh)
        with errors_of_tokenizers():
            processor.save_pretrained(fresh)
        revision = _write_facts(fresh, processor, prompt_sets, provenance)
        if calibration is not None:
            require_own_calibration(folder, calibration, model, processor, revision)
            write_calibration(fresh, calibration)
        return revision


def load_checkpoint(name_or_folder: str | Path, revision: str | None = None) -> Checkpoint:
    """Load a checkpoint, in float32, from a folder or a hub name with an optional revision (a commit, tag or branch).

    Raises CheckpointError where a part is missing, damaged or another model's, ConfigError for a configuration that
    this version does not know, FingerprintError for a changed preprocessing; nothing is guessed. A calibration that was
    fitted for another model is loaded, and not used: Embedder.own_calibration says so.
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
        origin=origin_of(folder),
        calibration=read_calibration(folder),
    )


def require_own_calibration(
    folder: Path, calibration: Calibration, model: EcgTextModel, processor: EcgTextProcessor, revision: str
) -> None:
    """Raises CheckpointError where a calibration is another model's: such a folder is neither written nor sent."""
    fingerprint = processor.feature_extractor.fingerprint
    if foreign := calibration.why_foreign(revision, fingerprint, float(model.config.opposite_share)):
        raise CheckpointError(
            f"{folder / CALIBRATION} {foreign}; take it away, and fit one for this model: ecg-text calibrate"
        )


def _refuse_encoder(folder: Path) -> None:
    if holds_ecg_encoder(folder):
        kind, do = "an ECG encoder alone", "train a model with it (--set model.ecg.init=...)"
        if (folder / HEAD).is_file():
            kind, do = "a classifier of ECGs", "ask it for the labels it learned: ecg-text evaluate --task fine-tune"
        raise CheckpointError(f"{folder} is {kind}, which reads no text; {do}")


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
