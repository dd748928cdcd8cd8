"""AdamW whose weight decay spares what has no direction to shrink: biases, norms, scales, positions, embeddings."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ecg_text.errors import CheckpointError, ConfigError
from ecg_text.training.config import TrainingConfig


def parameter_groups(module: nn.Module, config: TrainingConfig) -> list[dict[str, Any]]:
    """Trainable parameters by decay and by pace: "rate_ratio" is what the learning rate of a group is multiplied by.

    Raises ConfigError where nothing is trainable, or nothing bears the name of a slow part.
    """
    # Rows of rare word pieces get no gradient for thousands of steps; decay alone would wash them out.
    embeddings = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding)}
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            spare = parameter.ndim < 2 or id(parameter) in embeddings or any(word in name for word in config.no_decay)
            slow = any(word in name for word in config.slow_parts)
            key = (config.slow_ratio if slow else 1.0, 0.0 if spare else config.weight_decay)
            groups.setdefault(key, []).append(parameter)
    if not groups:
        raise ConfigError(f"{type(module).__name__} has no trainable parameter; unfreeze a part of it")
    if config.slow_parts and all(ratio == 1.0 for ratio, _ in groups) and config.slow_ratio < 1:
        raise ConfigError(f"training.slow_parts {config.slow_parts} are in no trainable parameter's name; check them")
    # The order of the groups is that of a checkpoint's optimizer: decayed before spared, fast before slow.
    return [
        {"params": groups[key], "weight_decay": key[1], "rate_ratio": key[0]}
        for key in sorted(groups, key=lambda key: (-key[0], -key[1]))
    ]


def build_optimizer(module: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW in its fused form, one pass over memory, where the device has it."""
    groups = parameter_groups(module, config)
    fused = all(p.device.type in ("cpu", "cuda") for group in groups for p in group["params"])
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, fused=fused)


def optimizer_tensors(module: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's memory as tensors named `<parameter>:<quantity>`."""
    return {
        f"{name}:{key}": value
        for name, parameter in module.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
    }


def load_optimizer_tensors(module: nn.Module, optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Gives the optimizer back its memory; raises CheckpointError where it belongs to other parameters."""
    state: dict[str, dict[str, Tensor]] = {}
    for full_name, tensor in tensors.items():
        name, _, key = full_name.rpartition(":")
        state.setdefault(name, {})[key] = tensor
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    order = [names[id(parameter)] for group in optimizer.param_groups for parameter in group["params"]]
    if unknown := sorted(state.keys() - set(order)):
        raise CheckpointError(
            f"the checkpoint's optimizer knows {unknown[0]!r}, which this run does not train; "
            "resume with the recipe that started the run"
        )
    # load_state_dict casts each tensor to its parameter's device, and keeps step counters where the optimizer wants.
    numbered = {number: state[name] for number, name in enumerate(order) if name in state}
    optimizer.load_state_dict({"state": numbered, "param_groups": optimizer.state_dict()["param_groups"]})
