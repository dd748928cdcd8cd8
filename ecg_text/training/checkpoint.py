"""Everything a stopped training needs to go on bit for bit, in folders that are whole or not counted."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ecg_text.errors import CheckpointError, TrainingError
from ecg_text.training.files import new_folder, write_json
from ecg_text.training.progress import Tell
from ecg_text.training.tracking import Window

FORMAT = 1
_STATE, _SUMS = "state.json", "sha256.json"


@dataclass(frozen=True, kw_only=True)
class TrainState:
    """Where a training stands after `step` updates; `consumed` counts the batches each process has seen.

    metrics are those of the last evaluation, best_metrics those of the one at best_step.
    """

    step: int = 0
    consumed: int = 0
    batches_per_epoch: int
    num_processes: int
    seconds: float = 0.0
    best_step: int | None = None
    best_value: float | None = None
    best_metrics: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    window: Window = field(default_factory=Window)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def epoch(self) -> float:
        """Epochs seen so far."""
        return self.consumed / self.batches_per_epoch


def write_checkpoint(folder: Path, state: TrainState, tensors: Mapping[str, Mapping[str, Tensor]]) -> Path:
    """Writes folder/step-N with the state and one safetensors file for each group of tensors.

    Raises TrainingError where the disk refuses; earlier checkpoints are not touched.
    """
    target = folder / f"step-{state.step:08d}"
    try:
        with new_folder(target) as temporary:
            for name, group in tensors.items():
                save_file(_apart(group), temporary / f"{name}.safetensors")
            write_json(temporary / _STATE, {"format": FORMAT, **asdict(state)})
            write_json(temporary / _SUMS, {file.name: _sum(file) for file in sorted(temporary.iterdir())})
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"checkpoint {target} cannot be written ({_reason(error)}); earlier checkpoints are intact: "
            "free space, then resume"
        ) from error
    return target


def prune(folder: Path, keep_last: int, keep_step: int | None) -> None:
    """Deletes all checkpoints but the last few and the best."""
    for path in _candidates(folder)[keep_last:]:
        if path.name != f"step-{-1 if keep_step is None else keep_step:08d}":
            shutil.rmtree(path)


def find_checkpoint(folder: Path, tell: Tell) -> Path | None:
    """The newest whole checkpoint; a damaged one is passed over with a line."""
    for path in _candidates(folder):
        damage = _damage(path)
        if damage is None:
            return path
        tell(f"checkpoint {path} is damaged ({damage}) and is passed over")
    return None


def read_state(path: Path) -> TrainState:
    """The state of a checkpoint; raises CheckpointError for one of another format."""
    table = json.loads((path / _STATE).read_text(encoding="utf-8"))
    if (found := table.pop("format", None)) != FORMAT:
        raise CheckpointError(f"{path} has format {found}, this version reads {FORMAT}; start a new run folder")
    return TrainState(**{**table, "window": Window(**table["window"])})


def read_tensors(path: Path, name: str) -> dict[str, Tensor]:
    """One group of tensors, on the CPU; raises CheckpointError where the checkpoint has none of that name."""
    file = path / f"{name}.safetensors"
    if not file.exists():
        raise CheckpointError(f"{path} has no {file.name}; resume with the settings that started the run")
    return load_file(file)


def _candidates(folder: Path) -> list[Path]:
    names = [path for path in folder.glob("step-*") if path.name.removeprefix("step-").isdigit()]
    return sorted(names, key=lambda path: path.name, reverse=True)


def _damage(path: Path) -> str | None:
    try:
        sums = json.loads((path / _SUMS).read_text(encoding="utf-8"))
        wrong = [name for name, value in sums.items() if _sum(path / name) != value]
    except (OSError, json.JSONDecodeError, AttributeError) as error:
        return _reason(error)
    return f"{wrong[0]} is not what was written" if wrong else None


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with tied ones copied: safetensors stores no two names for one memory."""
    seen: set[int] = set()
    result = {}
    for name, tensor in tensors.items():
        shared = tensor.untyped_storage().data_ptr() in seen
        seen.add(tensor.untyped_storage().data_ptr())
        result[name] = tensor.contiguous().clone() if shared else tensor.contiguous()
    return result


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
