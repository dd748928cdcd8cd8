"""The recipes by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ecg_text.errors import ConfigError
from ecg_text.recipes.pretrain import clip_nano
from ecg_text.recipes.run import Run
from ecg_text.recipes.smoke import smoke

RECIPES: Mapping[str, Callable[[], Run]] = MappingProxyType({"smoke": smoke, "clip_nano": clip_nano})


def recipe(name: str) -> Run:
    """The run of this name. Raises ConfigError, with the names there are, for another."""
    try:
        return RECIPES[name]()
    except KeyError:
        raise ConfigError(f"no recipe {name!r}; choose one of {', '.join(sorted(RECIPES))}") from None
