"""How a folder of weights is written: over nothing that would be lost, and whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ecg_text.data.replace import replaced_folder
from ecg_text.errors import CheckpointError
from ecg_text.hub.parts import CONFIG, PROVENANCE, WEIGHTS


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """A new folder for the block to fill, which takes the place of the wanted one, or of an older one, at its end.

    Raises CheckpointError where the wanted folder holds something else, or the disk is full.
    """
    folder = Path(folder)
    refuse_foreign(folder)
    try:
        with replaced_folder(folder) as fresh:
            yield fresh
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{folder} cannot be written ({getattr(error, 'strerror', None) or error}); free some space, or choose "
            "another folder, and save again"
        ) from error


def refuse_foreign(folder: Path) -> None:
    """Raises CheckpointError where something would be lost: what is no checkpoint, or a folder inside (.git, say)."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is a file; choose another name for the checkpoint's folder")
    names = {path.name for path in folder.iterdir()}
    folders = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if names and (folders or not {CONFIG, WEIGHTS, PROVENANCE} <= names):
        what = f"the folder {folders[0]}" if folders else "no checkpoint"
        raise CheckpointError(f"{folder} is not empty and holds {what}; choose another folder")


def halve_weights(folder: Path) -> None:
    """Keep a folder's floating weights in float16. Raises CheckpointError for one that float16 cannot hold.

    The configuration goes on saying float32, in which transformers then loads them, as we do.
    """
    halved = {}
    for name, weight in load_file(folder / WEIGHTS).items():
        halved[name] = weight.half() if weight.is_floating_point() else weight
        if not torch.isfinite(halved[name]).all():
            raise CheckpointError(f"{name} holds {weight.abs().max():g}, which float16 cannot; keep it in float32")
    save_file(halved, folder / WEIGHTS, metadata={"format": "pt"})


def write_json(path: Path, value: Any) -> None:
    """A value as indented JSON, its letters as they are, and a newline."""
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
