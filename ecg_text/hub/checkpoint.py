"""A checkpoint folder: model, processor, prompt sets and provenance, complete in itself, written whole or not."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ecg_text.errors import CheckpointError
from ecg_text.hub.card import render_card
from ecg_text.hub.remote import fetch_folder
from ecg_text.models.auto import register
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.text.prompts import PromptSet

WEIGHTS = "model.safetensors"
PROMPTS = "prompts.json"
PROVENANCE = "provenance.json"


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

    Raises CheckpointError where the folder holds something else, or the disk is full.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / WEIGHTS).exists() and any(folder.iterdir()):
        raise CheckpointError(f"{folder} is not empty and holds no checkpoint; choose another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        revision = _write(partial, model, processor, prompt_sets, provenance)
        _swap(partial, folder)
    except OSError as error:
        raise CheckpointError(f"cannot write {folder}: {error}; free some space and save again") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return revision


def load_checkpoint(name_or_folder: str | Path, revision: str | None = None) -> Checkpoint:
    """Load a checkpoint from a folder, or from a hub name with an optional revision ("org/name", commit or tag).

    Raises CheckpointError where a part is missing, damaged or unknown; nothing is guessed.
    """
    register()
    folder = fetch_folder(str(name_or_folder), revision)
    for name in ("config.json", WEIGHTS, "processor_config.json", PROVENANCE):
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} has no {name}; a checkpoint folder of ecg_text is needed, whole")
    model: EcgTextModel = EcgTextModel.from_pretrained(folder, local_files_only=True)
    try:
        processor = EcgTextProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{folder}: the processor does not load ({error}); get a complete copy") from error
    _check_vocabulary(folder, model, processor)
    return Checkpoint(
        model=model.eval(),
        processor=processor,
        prompts=_read_prompts(folder / PROMPTS),
        provenance=_read_json(folder / PROVENANCE),
        revision=weights_revision(folder),
    )


def weights_revision(folder: Path) -> str:
    """12 hexadecimal digits of the SHA-256 of the weights file."""
    with (folder / WEIGHTS).open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:12]


def _write(
    folder: Path,
    model: EcgTextModel,
    processor: EcgTextProcessor,
    prompt_sets: Sequence[PromptSet],
    provenance: Mapping[str, Any],
) -> str:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    prompts = [prompt_set.to_dict() for prompt_set in prompt_sets]
    (folder / PROMPTS).write_text(json.dumps(prompts, indent=1, ensure_ascii=False), encoding="utf-8")
    revision = weights_revision(folder)
    told = {
        **provenance,
        "revision": revision,
        "preprocess_fingerprint": processor.feature_extractor.fingerprint,
        "prompt_sets": {prompt_set.name: prompt_set.hash for prompt_set in prompt_sets},
    }
    (folder / PROVENANCE).write_text(json.dumps(told, indent=1, ensure_ascii=False, default=str), encoding="utf-8")
    (folder / "README.md").write_text(render_card(told), encoding="utf-8")
    return revision


def _swap(partial: Path, folder: Path) -> None:
    """Put the finished folder in place; the old one is only removed once the new one is there."""
    partial.chmod(0o755)  # mkdtemp makes folders that only their owner can read
    old = None
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
        folder.replace(old / folder.name)
    partial.replace(folder)
    if old is not None:
        shutil.rmtree(old)


def _check_vocabulary(folder: Path, model: EcgTextModel, processor: EcgTextProcessor) -> None:
    known, made = model.text_encoder.config.vocab_size, len(processor.tokenizer)
    if made > known:
        raise CheckpointError(
            f"{folder}: the tokenizer makes {made} word pieces, the text encoder knows {known}; "
            "the tokenizer is another model's"
        )


def _read_prompts(path: Path) -> tuple[PromptSet, ...]:
    if not path.is_file():
        return ()
    return tuple(PromptSet.from_dict(written) for written in _read_json(path))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); get a complete copy of the folder") from error
