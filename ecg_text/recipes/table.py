"""The recipes by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from ecg_text.errors import ConfigError
from ecg_text.recipes.melp import melp_nano_ptbxl, melp_small_mimic, melp_small_ptbxl, reference_ptbxl
from ecg_text.recipes.pretrain import clip_nano
from ecg_text.recipes.pretrain_ecg import EcgRun, wav2vec_nano_ptbxl, wav2vec_small_mimic
from ecg_text.recipes.run import EcgTower, Run
from ecg_text.recipes.smoke import smoke
from ecg_text.recipes.supervised import SupervisedRun, finetune_nano_ptbxl, supervised_nano_ptbxl

RECIPES: Mapping[str, Callable[[], Run]] = MappingProxyType(
    {
        "smoke": smoke,
        "clip_nano": clip_nano,
        "melp_nano_ptbxl": melp_nano_ptbxl,
        "reference_ptbxl": reference_ptbxl,
        "melp_small_ptbxl": melp_small_ptbxl,
        "melp_small_mimic": melp_small_mimic,
    }
)

# These train an ECG encoder alone, in which a run of the others may begin.
ENCODER_RECIPES: Mapping[str, Callable[[], EcgRun]] = MappingProxyType(
    {"wav2vec_nano_ptbxl": wav2vec_nano_ptbxl, "wav2vec_small_mimic": wav2vec_small_mimic}
)

# These learn labels: what reports teach is held against them, and models are fine-tuned by them.
LABEL_RECIPES: Mapping[str, Callable[[], SupervisedRun]] = MappingProxyType(
    {"supervised_nano_ptbxl": supervised_nano_ptbxl, "finetune_nano_ptbxl": finetune_nano_ptbxl}
)


def any_recipe(name: str) -> Run | EcgRun | SupervisedRun:
    """The run of this name, of any kind. Raises ConfigError, with the names there are, for another."""
    others: Mapping[str, Callable[[], EcgRun | SupervisedRun]] = {**ENCODER_RECIPES, **LABEL_RECIPES}
    return others[name]() if name in others else recipe(name)


def recipes_with(tower: EcgTower) -> tuple[str, ...]:
    """The recipes of models with such an ECG encoder, wherever it begins."""
    return tuple(name for name, make in RECIPES.items() if replace(tower, init=None) == make().model.ecg)


def recipe(name: str) -> Run:
    """The run of a model of this name. Raises ConfigError, with all names there are, for another."""
    try:
        return RECIPES[name]()
    except KeyError:
        known = ", ".join(sorted({**RECIPES, **ENCODER_RECIPES, **LABEL_RECIPES}))
        raise ConfigError(f"no recipe {name!r}; choose one of {known}") from None
