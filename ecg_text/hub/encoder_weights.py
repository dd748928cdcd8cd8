"""The weights of an ECG encoder taken from where one was trained: alone, in a model, or in the folder of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from types import MappingProxyType
from typing import Any, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ecg_text.errors import CheckpointError, ConfigError, FingerprintError
from ecg_text.hub.encoder_fit import refuse_misfit, refuse_other_leads
from ecg_text.hub.parts import CONFIG, PROVENANCE, WEIGHTS, checked_provenance, read_json
from ecg_text.hub.remote import fetch_folder, origin_of
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig

# What a weight of the encoder is called in the files of an encoder alone, and of a whole model.
PREFIXES: Mapping[str, str] = MappingProxyType(
    {EcgEncoderConfig.model_type: "encoder.", EcgTextConfig.model_type: "ecg_encoder."}
)
_PART = re.compile(r"[^.]+(\.\d+)?")  # "layers.3" of "layers.3.mlp.0.weight"


@dataclass(frozen=True, kw_only=True)
class TakenWeights:
    """Which weights were taken, which of the file were left there, and which of the encoder begin new."""

    place: str
    revision: str
    taken: tuple[str, ...]
    left: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, str]:
        """What a person is told."""
        total = len(self.taken) + len(self.new)
        return (
            f"ECG encoder from {self.place} (revision {self.revision}): {len(self.taken)} of {total} weights taken",
            f"left there: {_parts(self.left)}; new: {_parts(self.new)}",
        )

    @property
    def facts(self) -> dict[str, Any]:
        """Every weight by name, and where from."""
        return {
            "place": self.place,
            "revision": self.revision,
            "taken": list(self.taken),
            "left": list(self.left),
            "new": list(self.new),
        }

    @property
    def summary(self) -> dict[str, Any]:
        """What the model's provenance tells."""
        return {"revision": self.revision, "taken": len(self.taken), "new": _parts(self.new)}


def take_encoder(
    encoder: nn.Module, config: EcgEncoderConfig, place: str, fingerprint: str, *, group: str = "model.ecg"
) -> TakenWeights:
    """Give an encoder, made by config, the weights that fit it by name from a folder, the folder of a run, or a hub.

    fingerprint is that of the preprocessing the encoder will see; group is where its settings are in a run. Raises
    CheckpointError for a folder that is incomplete or damaged, FingerprintError for ECGs prepared otherwise, and
    ConfigError for an encoder of other leads or sizes, and where nothing fits.
    """
    folder = model_folder(place)
    prefix, theirs = encoder_config(folder)
    provenance = checked_provenance(folder)
    refuse_other_leads(folder, theirs, config)
    told = provenance.get("preprocess_fingerprint")
    if told != fingerprint:
        raise FingerprintError(
            f"{folder} learned from ECGs preprocessed as {told}, this run's are preprocessed as {fingerprint}; "
            "take an encoder that was trained on a store prepared as this one"
        )
    own, file = encoder.state_dict(), folder / WEIGHTS
    try:
        with safe_open(file, framework="pt") as weights:
            names = {name.removeprefix(prefix): name for name in weights.keys() if name.startswith(prefix)}  # noqa: SIM118
            fitting = [name for name in own if name in names]
            shapes = {name: tuple(weights.get_slice(names[name]).get_shape()) for name in fitting}
            refuse_misfit(folder, own, shapes, theirs, config, group)
            taken = {name: weights.get_tensor(names[name]) for name in fitting}
            left = sorted(set(weights.keys()) - {names[name] for name in fitting})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file} does not load ({error}); get a complete copy") from error
    _fill(own, taken)
    return TakenWeights(
        place=origin_of(folder) or place,
        revision=str(provenance["revision"]),
        taken=tuple(taken),
        left=tuple(name.removeprefix(prefix) for name in left),
        new=tuple(name for name in own if name not in taken),
    )


@torch.no_grad()
def _fill(own: Mapping[str, Tensor], taken: Mapping[str, Tensor]) -> None:
    for name, tensor in taken.items():
        own[name].copy_(tensor)


def model_folder(place: str) -> Path:
    """Where the model is: the folder itself, or that in the folder of a run. Raises CheckpointError where none is."""
    folder = fetch_folder(place)
    if not (folder / CONFIG).is_file() and (folder / "run.json").is_file():
        folder = folder / "model"
        if not folder.is_dir():
            raise CheckpointError(f"the run in {place} has no model yet; go on with it to its end (--resume)")
    if missing := [name for name in (CONFIG, WEIGHTS, PROVENANCE) if not (folder / name).is_file()]:
        raise CheckpointError(f"{folder} has no {missing[0]}; give a run or a whole checkpoint folder of ecg_text")
    return folder


def encoder_config(folder: Path) -> tuple[str, EcgEncoderConfig]:
    """What the encoder's weights are called in a folder, and its configuration. Raises CheckpointError, ConfigError."""
    table = read_json(folder / CONFIG, dict)
    kind = str(table.get("model_type"))
    if kind not in PREFIXES:
        raise ConfigError(f"{folder} holds a model {kind!r} and no ECG encoder; give one that was trained on ECGs")
    if kind == EcgTextConfig.model_type:
        return PREFIXES[kind], cast(EcgEncoderConfig, EcgTextConfig.from_dict(table).ecg_config)
    try:
        return PREFIXES[kind], EcgEncoderConfig.from_dict(table)
    except (StrictDataclassError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{folder / CONFIG} cannot be used ({shorten(str(error), 300)}); get a complete copy"
        ) from error


def _parts(names: Iterable[str]) -> str:
    """The parts that weights belong to, in order."""
    parts = dict.fromkeys(found[0] for name in names if (found := _PART.match(name)))
    return ", ".join(parts) or "none"
