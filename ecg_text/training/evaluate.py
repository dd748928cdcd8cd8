"""Scores taken in the middle of training, which leave no trace in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from ecg_text.errors import ConfigError
from ecg_text.methods.method import Method
from ecg_text.nn.gather import gather_objects
from ecg_text.training.config import TrainingConfig
from ecg_text.training.engine import Engine
from ecg_text.training.random_state import undisturbed_chance

Evaluator = Callable[[Method, int], Mapping[str, float]]


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Inside the block every part is in eval mode; afterwards each is as before, frozen parts included."""
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def run_evaluators(engine: Engine, evaluators: Sequence[Evaluator], step: int) -> dict[str, float]:
    """Metrics of the (averaged) weights by name.

    Every process runs them, so that none waits into a time-out; the first one's numbers count for all. An evaluator
    that writes files asks ecg_text.nn.gather.process_rank. Raises ConfigError where two give the same name.
    """
    metrics: dict[str, float] = {}
    with undisturbed_chance(), engine.averaged(), evaluation_mode(engine.method), torch.no_grad():
        for evaluator in evaluators:
            found = {name: float(value) for name, value in evaluator(engine.method, step).items()}
            if twice := sorted(metrics.keys() & found.keys()):
                raise ConfigError(f"two evaluators both give the metric {twice[0]!r}; name them apart")
            metrics.update(found)
    return gather_objects([metrics])[0]


def is_better(config: TrainingConfig, metrics: Mapping[str, float], best: float | None) -> bool:
    """Whether these metrics beat the best so far; False where nothing selects, or the metric is NaN."""
    if config.select_metric is None:
        return False
    if config.select_metric not in metrics:
        known = ", ".join(sorted(metrics)) or "none"
        raise ConfigError(f"training.select_metric is {config.select_metric!r}; the evaluators give {known}")
    value = metrics[config.select_metric]
    if math.isnan(value):
        return False
    return best is None or (value > best if config.select_mode == "max" else value < best)
