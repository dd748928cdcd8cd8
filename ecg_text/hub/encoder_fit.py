"""Whether the weights of one ECG encoder mean the same in another, and which settings would make the two alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor

from ecg_text.errors import ConfigError
from ecg_text.models.configs import EcgEncoderConfig

# Weights mean the same only where these settings are. The number of layers, and what is for training alone, may differ.
_OF_ALL = ("widths", "kernel", "num_heads")
_OF_ONE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "resnet1d": ("depths",),
        "conv_transformer": ("trunk_width", "expansion", "position_kernel", "position_groups"),
    }
)


def refuse_other_leads(folder: Path, theirs: EcgEncoderConfig, ours: EcgEncoderConfig) -> None:
    """Raises ConfigError where the encoder in the folder reads other leads, or in another order."""
    if list(theirs.leads) != list(ours.leads):
        raise ConfigError(
            f"{folder} reads the leads {' '.join(theirs.leads)}, this run has {' '.join(ours.leads)}; "
            "prepare a store with its leads, or take an encoder of these"
        )


def refuse_misfit(
    folder: Path,
    own: Mapping[str, Tensor],
    shapes: Mapping[str, tuple[int, ...]],
    theirs: EcgEncoderConfig,
    ours: EcgEncoderConfig,
    group: str,
) -> None:
    """Raises ConfigError where two encoders are of different kinds or sizes, or no weight has a name in common.

    shapes are those of the weights in the folder that own, the weights to be filled, has too; group is where the
    settings of the encoder are in a run.
    """
    if theirs.encoder != ours.encoder:
        raise ConfigError(
            f"{folder} holds a {theirs.encoder}, this run's ECG encoder is {ours.encoder}; make it the same: "
            f"--set {group}.encoder={theirs.encoder}"
        )
    if not shapes:
        raise ConfigError(f"{folder} holds no weight of this run's ECG encoder; take one of its kind")
    unlike = {name: (shape, tuple(own[name].shape)) for name, shape in shapes.items() if shape != own[name].shape}
    names = (*_OF_ALL, *_OF_ONE.get(ours.encoder, ()))
    settings = {name: (_plain(theirs, name), _plain(ours, name)) for name in names}
    settings = {name: (there, here) for name, (there, here) in settings.items() if there != here}
    for name, (there, here) in [*unlike.items(), *settings.items()][:1]:
        alike = [f"--set {group}.{setting}={_written(value)}" for setting, (value, _) in settings.items()]
        advice = f"make the encoder alike: {' '.join(alike)}" if alike else "it is damaged: get a complete copy"
        raise ConfigError(f"{folder}: {name} is {there} there and {here} here; {advice}")


def _plain(config: EcgEncoderConfig, name: str) -> Any:
    value = getattr(config, name)
    return list(value) if isinstance(value, tuple | list) else value


def _written(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
