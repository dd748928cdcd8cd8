"""Configuration of the report decoder, a part of the model's."""

# No `from __future__ import annotations` here: @strict checks values against types, and cannot against their names.
from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import PreTrainedConfig

from ecg_text.models.config_checks import refuse_unknown
from ecg_text.models.sizes import REPORT_DECODER, DecoderSizes


@strict
class DecoderConfig(DecoderSizes, PreTrainedConfig):
    """The report decoder's sizes, as transformers saves and loads them.

    Raises ConfigError for an unknown setting or an impossible size.
    """

    model_type: ClassVar[str] = REPORT_DECODER
    base_config_key: ClassVar[str] = "decoder_config"

    def __post_init__(self, **kwargs: Any) -> None:
        refuse_unknown(type(self), kwargs)
        super().__post_init__(**kwargs)
