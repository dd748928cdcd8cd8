"""EcgTextModel: an ECG encoder and a text encoder that meet in one space of unit vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import nn
from transformers import AutoModel, PreTrainedModel

from ecg_text.errors import CheckpointError
from ecg_text.models.configs import EcgTextConfig
from ecg_text.models.towers import Towers


class EcgTextModel(Towers, PreTrainedModel):
    """The two towers (models/towers.py), which learn and are saved; what they are asked is made by EcgTextProcessor."""

    config: EcgTextConfig
    config_class = EcgTextConfig
    base_model_prefix = "ecg_text"
    main_input_name = "ecg"
    input_modalities = ["ecg", "text"]  # noqa: RUF012 - transformers wants a list
    _supports_sdpa = True

    def __init__(self, config: EcgTextConfig, text_encoder: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        self._put_up(
            config, lambda: AutoModel.from_config(config.text_config) if text_encoder is None else text_encoder
        )
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Every part of ours initialises itself where it is made; the text encoder has its own rule."""

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, pretrained_model_name_or_path: str | Path, *args: Any, **kwargs: Any
    ) -> Any:
        """Load a model folder or hub name; safetensors only, and every weight must be there and fit.

        Raises CheckpointError for a missing, unexpected or misshapen weight. The arguments are those of transformers.
        """
        wants_info = kwargs.pop("output_loading_info", False)
        # Misshapen weights are let through only to be listed by name with the missing ones, and refused.
        kwargs.update(use_safetensors=True, ignore_mismatched_sizes=True)
        try:
            loaded: Any = super().from_pretrained(
                pretrained_model_name_or_path, *args, output_loading_info=True, **kwargs
            )
        except (OSError, RuntimeError, ValueError, SafetensorError) as error:
            raise CheckpointError(f"{pretrained_model_name_or_path}: {_first_line(error)}") from error
        model, info = loaded
        wrong = {
            name: sorted(info[name]) for name in ("missing_keys", "unexpected_keys", "mismatched_keys") if info[name]
        }
        if wrong:
            told = "; ".join(
                f"{name.replace('_keys', '')}: {', '.join(map(str, keys[:3]))}" for name, keys in wrong.items()
            )
            raise CheckpointError(
                f"{pretrained_model_name_or_path} does not fit its own config ({told}); get a complete copy"
            )
        return (model, info) if wants_info else model


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
