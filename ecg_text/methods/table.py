"""The methods by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ecg_text.errors import ConfigError
from ecg_text.methods.clip import Clip
from ecg_text.methods.levels import Levels
from ecg_text.methods.melp import Melp
from ecg_text.methods.method import Method
from ecg_text.models.two_tower import EcgTextModel

METHODS: Mapping[str, Callable[[EcgTextModel, Levels], Method]] = MappingProxyType(
    {"clip": lambda model, _levels: Clip(model), "melp": Melp}
)


def model_of(method: Method) -> EcgTextModel:
    """The two-tower model inside a method. Raises ConfigError where the method has none to publish."""
    model = getattr(method, "model", None)
    if not isinstance(model, EcgTextModel):
        raise ConfigError(f"method {type(method).__name__} holds no EcgTextModel to save")
    return model
