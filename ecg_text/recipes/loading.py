"""What every run that trains on a store shares: its batches, shared out, and a choice by what can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from ecg_text.data.loader import Collate, Loader
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError
from ecg_text.nn.gather import num_processes, process_rank
from ecg_text.training.config import TrainingConfig


class Measures(Protocol):
    """An evaluation that tells its metrics before it is made."""

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics it gives."""


def shared_loader(
    store: Store, rows: np.ndarray, collate: Collate, *, batch_size: int, seed: int, is_training: bool = True
) -> Loader:
    """Batches of batch_size rows on all processes together, each process its part; shuffled and full for training.

    That is the global batch: a contrast stays the same on one device and on eight. Raises ConfigError where it does not
    divide, DataError for fewer rows.
    """
    shards = num_processes()
    if batch_size % shards:
        raise ConfigError(f"data.batch_size {batch_size} does not divide by {shards} processes")
    return Loader(
        store,
        rows,
        batch_size // shards,
        collate,
        seed=seed,
        shuffle=is_training,
        drop_last=is_training,
        num_shards=shards,
        shard=process_rank(),
    )


def measurable(training: TrainingConfig, evaluators: Sequence[Measures]) -> TrainingConfig:
    """The configuration, where nothing is evaluated with nothing to select by.

    Raises ConfigError, before a step is made, for a metric that the evaluation will not give.
    """
    if not evaluators:
        return replace(training, select_metric=None)
    known = [name for evaluator in evaluators for name in evaluator.names]
    if training.select_metric is not None and training.select_metric not in known:
        raise ConfigError(
            f"training.select_metric is {training.select_metric!r}; the validation split can give "
            f"{', '.join(known)}: choose one of them, or null"
        )
    return training
