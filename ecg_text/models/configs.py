"""Configurations of the model and of its ECG tower, saved with the weights: their sizes are in models/sizes.py."""

# No `from __future__ import annotations` here: @strict checks values against types, and cannot against their names.
from copy import deepcopy
from pathlib import Path
from textwrap import shorten
from typing import Any, ClassVar, cast

from huggingface_hub.dataclasses import strict
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from ecg_text.errors import ConfigError
from ecg_text.models.config_checks import refuse_unknown, require
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.sizes import ECG_ENCODER, ECG_TEXT, EcgEncoderSizes, EcgTextSizes


@strict
class EcgEncoderConfig(EcgEncoderSizes, PreTrainedConfig):
    """The ECG tower's sizes, as transformers saves and loads them.

    Raises ConfigError for an unknown setting or an impossible size, LeadError for a lead that is unknown or given
    twice.
    """

    model_type: ClassVar[str] = ECG_ENCODER
    base_config_key: ClassVar[str] = "ecg_config"

    def __post_init__(self, **kwargs: Any) -> None:
        refuse_unknown(type(self), kwargs)
        super().__post_init__(**kwargs)


@strict
class EcgTextConfig(EcgTextSizes, PreTrainedConfig):
    """A two-tower model's sizes, as transformers saves and loads them; text_config is that of any text encoder.

    Raises ConfigError for an unknown setting or an impossible size.
    """

    model_type: ClassVar[str] = ECG_TEXT
    sub_configs_defaults: ClassVar[dict[str, SubConfigSpec]] = {
        "ecg_config": SubConfigSpec(config_class=EcgEncoderConfig),
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="bert"),
    }

    ecg_config: PreTrainedConfig | dict | None = None
    text_config: PreTrainedConfig | dict | None = None
    decoder_config: PreTrainedConfig | dict | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        refuse_unknown(type(self), kwargs)
        # A copy, for what follows resets which attention the text encoder runs with; one that already stands on this
        # very configuration would go on with an attention that ignores its mask.
        self.text_config = deepcopy(self.text_config)
        if isinstance(self.decoder_config, dict):
            written = {name: value for name, value in self.decoder_config.items() if name != "model_type"}
            self.decoder_config = DecoderConfig(**written)
        super().__post_init__(**kwargs)
        # It remembers the folder that its encoder came from, which is nobody else's business.
        text = cast(PreTrainedConfig, self.text_config)
        origin = Path(text.name_or_path or "")
        if origin.is_absolute():
            text.name_or_path = origin.name

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """The configuration in a config.json. Raises ConfigError where either tower's part is not one of this model."""
        kind = config_dict.get("model_type", cls.model_type)
        require(kind == cls.model_type, f"config.json is of a model {kind!r}, not {cls.model_type!r}; get another one")
        try:
            return super().from_dict(config_dict, **kwargs)
        except (StrictDataclassError, ValueError, TypeError) as error:
            raise ConfigError(f"config.json cannot be used ({shorten(str(error), 300)}); get a sound copy") from error
