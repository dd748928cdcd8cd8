"""A text encoder with a head that names hidden words: any masked-language model of transformers, whole or with LoRA."""

from __future__ import annotations

import warnings
from copy import copy, deepcopy
from typing import Any, TypeVar, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn
from transformers import AutoModelForMaskedLM, BertConfig, PreTrainedModel

from ecg_text.errors import ConfigError

Module = TypeVar("Module", bound=nn.Module)


def new_text_encoder(
    *,
    vocab_size: int,
    pad_id: int,
    width: int,
    num_layers: int,
    num_heads: int,
    dropout: float,
    num_positions: int,
) -> PreTrainedModel:
    """A small BERT that has learned nothing; its weights come from torch's generator. Raises ConfigError."""
    if width % num_heads:
        raise ConfigError(f"encoder.width {width} does not divide by encoder.num_heads {num_heads}")
    config = BertConfig(
        vocab_size=vocab_size,
        hidden_size=width,
        num_hidden_layers=num_layers,
        num_attention_heads=num_heads,
        intermediate_size=4 * width,
        max_position_embeddings=num_positions,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=pad_id,
    )
    return cast(PreTrainedModel, AutoModelForMaskedLM.from_config(config))


def check_special_pieces(tokenizer: Any, name: str) -> None:
    """Raises ConfigError where a tokenizer has no mask token or no padding, without which words cannot be hidden."""
    for part, number in (("mask", tokenizer.mask_token_id), ("padding", tokenizer.pad_token_id)):
        if number is None:
            raise ConfigError(f"the tokenizer of {name} has no {part} token, so it cannot be tuned; choose another")


def without_adapters(model: nn.Module) -> PreTrainedModel:
    """The masked-language model itself, inside its LoRA wrapper or bare; the adapters in it stay at work."""
    return cast(PreTrainedModel, model.get_base_model() if isinstance(model, PeftModel) else model)


def hidden_states(model: nn.Module, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
    """What the encoder, without the head, makes of texts: (R, L), (R, L) -> (R, L, D)."""
    encoder = without_adapters(model).base_model
    states: Tensor = encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    return states


def logits_at(model: nn.Module, input_ids: Tensor, attention_mask: Tensor, chosen: Tensor) -> Tensor:
    """Logits at the chosen places (M,) of the R * L pieces: (R, L), (R, L), (M,) -> (M, V).

    The head sees these places alone: at 15 % of them it would otherwise make seven times as many rows of V numbers as
    the loss reads. A hook between encoder and head does so for every architecture, whatever its head is called.
    """
    whole = without_adapters(model)

    def select(_module: nn.Module, _args: Any, output: Any) -> Any:
        output["last_hidden_state"] = output.last_hidden_state.flatten(0, 1)[chosen].unsqueeze(0)
        return output

    with whole.base_model.register_forward_hook(select):
        logits: Tensor = whole(input_ids=input_ids, attention_mask=attention_mask).logits
    return logits.squeeze(0)


def with_lora(model: PreTrainedModel, *, rank: int, alpha: float, dropout: float) -> PeftModel:
    """The model with low-rank adapters on every linear layer of its encoder (Hu et al., 2022), wrapped by peft.

    The encoder's own weights no longer learn; the head does, for most sentence encoders come without one.
    """
    inside = "" if model.base_model is model else f"{model.base_model_prefix}."
    targets = [inside + name for name, part in model.base_model.named_modules() if isinstance(part, nn.Linear)]
    with warnings.catch_warnings():
        # peft asks transformers by a name that it is about to drop; nobody here can do anything about it.
        warnings.simplefilter("ignore", FutureWarning)
        wrapped = get_peft_model(
            model,
            LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=targets),  # type: ignore[arg-type]
        )
    encoder = {id(parameter) for parameter in model.base_model.parameters()}
    for parameter in model.parameters():
        if id(parameter) not in encoder:
            parameter.requires_grad_(True)
    return cast(PeftModel, wrapped)


def merged(model: nn.Module) -> PreTrainedModel:
    """A model of the plain architecture with the adapters added into its weights; the one given is left as it is."""
    if not isinstance(model, PeftModel):
        return cast(PreTrainedModel, model)
    with torch.no_grad():
        return cast(PreTrainedModel, deepcopy(model).merge_and_unload())


def with_merged(model: Module, part: str) -> Module:
    """A module whose part of this name is merged, to be saved; the one given, and its other parts, stay as they are."""
    if not isinstance(getattr(model, part), PeftModel):
        return model
    whole = copy(model)
    whole._modules = {**model._modules, part: merged(getattr(model, part))}
    return whole


def num_weights(model: nn.Module) -> tuple[int, int]:
    """How many weights there are, and how many of them learn."""
    parameters = list(model.parameters())
    return sum(p.numel() for p in parameters), sum(p.numel() for p in parameters if p.requires_grad)
