"""The folder of one run: log.jsonl, training.json, checkpoints/ and at the end model/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_model as save_weights

from ecg_text.errors import TrainingError
from ecg_text.methods.method import Method
from ecg_text.training.files import clear_leftovers, new_folder, whole_name, write_json

SaveModel = Callable[[Method, Path, Mapping[str, Any]], None]

# Written by whoever prepares the run, before training begins: perhaps at this moment, by the first of many processes.
_PREPARED = frozenset({"run.json", "processor"})


class RunFolder:
    """Names the places in a run's folder; nothing that is there is overwritten by a new run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.log = path / "log.jsonl"
        self.facts = path / "training.json"
        self.model = path / "model"

    def refuse_used(self) -> None:
        """Raises TrainingError where a run has already begun here."""
        found = sorted(file.name for file in self.path.iterdir()) if self.path.is_dir() else []
        if self.path.is_file() or {whole_name(name) for name in found} - _PREPARED:
            raise TrainingError(
                f"{self.path} is not an empty folder ({', '.join(found[:4]) or 'a file'}); "
                "resume the run that is there (resume=True, --resume) or name another folder"
            )

    def prepare(self) -> None:
        """Makes the folders, and clears away what an interrupted write left."""
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        for leftover in list(self.checkpoints.glob("step-*.*")):
            clear_leftovers(leftover.with_suffix(""))
        clear_leftovers(self.model)

    def write_model(self, method: Method, save_model: SaveModel | None, facts: Mapping[str, Any]) -> None:
        """Replaces model/ by these weights; raises TrainingError where the disk refuses."""
        try:
            with new_folder(self.model) as temporary:
                (save_model or save_method)(method, temporary, facts)
        except (OSError, SafetensorError) as error:
            raise TrainingError(
                f"the model {self.model} cannot be written ({getattr(error, 'strerror', None) or error}); "
                "the checkpoints are intact: free space, then resume"
            ) from error


def save_method(method: Method, folder: Path, facts: Mapping[str, Any]) -> None:
    """The plain way to save a model: the method's weights and a few facts about them."""
    save_weights(method, str(folder / "method.safetensors"))
    write_json(folder / "facts.json", facts)
