"""Configuration of the report decoder, a part of the model's."""

# No `from __future__ import annotations` here: @strict checks values against types, and cannot against their names.
from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import PreTrainedConfig

from ecg_text.models.config_checks import refuse_unknown, require


@strict
class DecoderConfig(PreTrainedConfig):
    """The report decoder: the queries that make its memory of an ECG, its layers, their heads, and its dropout.

    Its width is the text encoder's, and its inner layers are expansion times as wide. The defaults are MELP's, but for
    the dropout. Raises ConfigError for an unknown setting or an impossible size.
    """

    model_type: ClassVar[str] = "ecg_text_decoder"
    base_config_key: ClassVar[str] = "decoder_config"

    num_queries: int = 128
    num_layers: int = 6
    num_heads: int = 8
    expansion: int = 4
    dropout: float | int = 0.1

    def __post_init__(self, **kwargs: Any) -> None:
        refuse_unknown(type(self), kwargs)
        super().__post_init__(**kwargs)

    def validate_sizes(self) -> None:
        """Raises ConfigError where no network has these sizes."""
        sizes = (self.num_queries, self.num_layers, self.num_heads, self.expansion)
        require(min(sizes) > 0, "num_queries, num_layers, num_heads and expansion must be above 0")
        require(0 <= self.dropout < 1, f"dropout is {self.dropout}; give a number from 0 to below 1")
