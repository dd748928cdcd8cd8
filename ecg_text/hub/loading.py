"""A model ready to be asked, by the name of one that ships with the package, by its folder, or by its name on a hub."""

from __future__ import annotations

from pathlib import Path

import torch

from ecg_text.errors import ConfigError
from ecg_text.hub.bundled import REFERENCE
from ecg_text.hub.checkpoint import load_checkpoint
from ecg_text.hub.embedding import Embedder
from ecg_text.models.two_tower import EcgTextModel


def load(name_or_folder: str | Path = REFERENCE, revision: str | None = None, device: str = "cpu") -> Embedder:
    """A model ready to be asked: a bundled one (the reference model by default), a checkpoint folder, or a hub name.

    Raises CheckpointError, ConfigError or FingerprintError as load_checkpoint does, and ConfigError for a device that
    is not there.
    """
    place = _device(device)
    checkpoint = load_checkpoint(name_or_folder, revision)
    model: EcgTextModel = checkpoint.model.to(place)  # type: ignore[arg-type]
    return Embedder(
        model,
        checkpoint.processor,
        revision=checkpoint.revision,
        origin=checkpoint.origin,
        prompts=checkpoint.prompts,
        provenance=checkpoint.provenance,
        calibration=checkpoint.calibration,
    )


def _device(name: str) -> torch.device:
    """The device of this name, tried out. Raises ConfigError."""
    try:
        return torch.empty(0, device=torch.device(name)).device
    except (RuntimeError, AssertionError) as error:  # torch says with an AssertionError that it was built without CUDA
        reason = str(error).strip().splitlines()[0]
        raise ConfigError(f"device {name!r} cannot be used ({reason}); leave it out, or give 'cpu'") from error
