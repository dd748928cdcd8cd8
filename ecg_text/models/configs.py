"""Configurations of the model and of its ECG tower, saved with the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from ecg_text.errors import ConfigError
from ecg_text.leads import STANDARD_12

# What transformers itself may add to a configuration, besides its own private keys.
_OF_TRANSFORMERS = frozenset({"attn_implementation", "auto_map", "quantization_config", "torch_dtype"})


@strict
class EcgEncoderConfig(PreTrainedConfig):
    """The ECG tower: encoder name, the leads it reads in order, and its sizes.

    widths and depths are those of resnet1d's stages; of conv_transformer, widths[-1] is the width of the trunk and
    depths[-1] its number of layers.
    """

    model_type: ClassVar[str] = "ecg_text_ecg_encoder"
    base_config_key: ClassVar[str] = "ecg_config"

    encoder: str = "resnet1d"
    leads: tuple[str, ...] | list[str] = STANDARD_12
    widths: tuple[int, ...] | list[int] = (64, 96, 160, 256)
    depths: tuple[int, ...] | list[int] = (2, 2, 2, 2)
    kernel: int = 5
    num_layers: int = 1
    num_heads: int = 4
    dropout: float = 0.1


@strict
class EcgTextConfig(PreTrainedConfig):
    """A two-tower model: an ECG encoder, any transformers encoder for text, and the width they meet in."""

    model_type: ClassVar[str] = "ecg_text"
    sub_configs_defaults: ClassVar[dict[str, SubConfigSpec]] = {
        "ecg_config": SubConfigSpec(config_class=EcgEncoderConfig),
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="bert"),
    }

    ecg_config: PreTrainedConfig | dict | None = None
    text_config: PreTrainedConfig | dict | None = None
    embedding_width: int = 256
    initial_scale: float = 14.285714285714286
    max_scale: float = 100.0

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """The configuration in a config.json. Raises ConfigError for a key that nothing here knows, in either part."""
        _refuse_unknown(cls, config_dict)
        ecg = config_dict.get("ecg_config")
        if isinstance(ecg, Mapping):
            _refuse_unknown(EcgEncoderConfig, ecg)
        return super().from_dict(config_dict, **kwargs)


def _refuse_unknown(kind: type[PreTrainedConfig], written: Mapping[str, Any]) -> None:
    known = kind().to_dict().keys() | _OF_TRANSFORMERS
    unknown = sorted(key for key in written if key not in known and not key.startswith("_"))
    if unknown:
        raise ConfigError(
            f"{kind.__name__} has no setting {unknown[0]!r}; a newer ecg_text may have written it: update, "
            "or get an unchanged copy of config.json"
        )
