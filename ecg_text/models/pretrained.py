"""What must hold of a text encoder that was made elsewhere: its tokenizer is its own, and its positions are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from torch import nn

from ecg_text.errors import ConfigError
from ecg_text.models.causal_text import text_window

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

# Some models have more embeddings than word pieces, for the sake of round numbers; never as many as this.
SPARE_EMBEDDINGS = 128
# RoBERTa and its kin number their positions from 2; these use every one.
_COUNTED_FROM_ZERO = ("bert", "distilbert", "electra")
_RESERVED_POSITIONS = 2


def usable_positions(config: PreTrainedConfig) -> int | None:
    """How many word pieces of a text an encoder has positions for; None where it counts none."""
    if getattr(config, "is_decoder", False):
        return text_window(config)
    positions = getattr(config, "max_position_embeddings", None)
    if positions is None:
        return None
    return int(positions) - (0 if config.model_type in _COUNTED_FROM_ZERO else _RESERVED_POSITIONS)


def check_tokenizer_fits(model: PreTrainedModel, tokenizer: Any, name: str) -> None:
    """Raises ConfigError where the tokenizer makes pieces that the model has no embedding for, or another number.

    A few embeddings more than pieces, up to a round number, are how some models are published, and pass.
    """
    made = 1 + max(tokenizer.get_vocab().values())
    known = cast(nn.Embedding, model.get_input_embeddings()).num_embeddings
    if made > known or (made < known and (known - made >= SPARE_EMBEDDINGS or known % 8)):
        raise ConfigError(
            f"the tokenizer of {name} makes {made} word pieces, its model has embeddings for {known}; "
            "they are of two different models: give a folder whose tokenizer belongs to its weights"
        )
