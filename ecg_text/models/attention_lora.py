"""Low-rank adapters on the attention layers of an ECG encoder."""

from __future__ import annotations

from typing import cast

from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from ecg_text.errors import ConfigError
from ecg_text.nn.transformer import SelfAttention


def with_attention_lora(encoder: nn.Module, *, rank: int, alpha: float, dropout: float) -> PeftModel:
    """The encoder with adapters on the projections of its attention layers (Hu et al., 2022), wrapped by peft.

    Nothing but the adapters learns. Raises ConfigError for an encoder without attention layers.
    """
    targets = [
        f"{name}.{inner}"
        for name, part in encoder.named_modules()
        if isinstance(part, SelfAttention)
        for inner, projection in part.named_modules()
        if isinstance(projection, nn.Linear)
    ]
    if not targets:
        raise ConfigError("lora.rank is above 0, but this ECG encoder has no attention layer; set it to 0")
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=targets)  # type: ignore[arg-type]
    return cast(PeftModel, get_peft_model(encoder, config))
