"""The learning rate as a pure function of the step: a straight warm-up, then half cosines down to a floor."""

from __future__ import annotations

import math

from ecg_text.training.config import TrainingConfig


def num_steps(config: TrainingConfig, batches_per_epoch: int) -> int:
    """Updates in the whole run: config.steps, or as many as the epochs' batches make, the last one whole."""
    if config.steps is not None:
        return config.steps
    return math.ceil(config.epochs * batches_per_epoch / config.accumulation)


def num_warmup_steps(config: TrainingConfig, total_steps: int) -> int:
    """Updates during which the learning rate rises."""
    return config.warmup_steps if config.warmup_steps is not None else round(config.warmup_fraction * total_steps)


def learning_rate(config: TrainingConfig, step: int, total_steps: int) -> float:
    """Learning rate of the update number `step`, counted from 1 to total_steps.

    With more than one cycle it falls that often, from the top each time (Loshchilov and Hutter, 2017, SGDR).
    """
    warmup = num_warmup_steps(config, total_steps)
    if step <= warmup:
        return config.learning_rate * step / warmup
    past = min((step - warmup) / max(total_steps - warmup, 1), 1.0)
    done = min(math.ceil(past * config.cosine_cycles) - 1, config.cosine_cycles - 1)
    fall = 0.5 * (1.0 + math.cos(math.pi * (past * config.cosine_cycles - max(done, 0))))
    return config.learning_rate * (config.min_lr_ratio + (1.0 - config.min_lr_ratio) * fall)
