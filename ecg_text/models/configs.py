"""Configurations of the model and of its ECG tower, saved with the weights."""

from __future__ import annotations

from typing import ClassVar

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from ecg_text.leads import STANDARD_12


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
