"""The table of ECG encoders: a name becomes a network here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecg_text.errors import ConfigError
from ecg_text.models.conv_transformer import ConvTransformer
from ecg_text.models.resnet1d import ResNet1d
from ecg_text.models.sizes import EcgEncoderSizes

ECG_ENCODERS: Mapping[str, type[ResNet1d] | type[ConvTransformer]] = MappingProxyType(
    {"resnet1d": ResNet1d, "conv_transformer": ConvTransformer}
)


def build_ecg_encoder(config: EcgEncoderSizes) -> ResNet1d | ConvTransformer:
    """The encoder a configuration names. Raises ConfigError where there is none of that name."""
    try:
        return ECG_ENCODERS[config.encoder](config)
    except KeyError:
        raise ConfigError(f"no ECG encoder {config.encoder!r}; choose one of {sorted(ECG_ENCODERS)}") from None
