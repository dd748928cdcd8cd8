"""The endless row of batches, epoch after epoch, from any place in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Protocol

from ecg_text.errors import TrainingError


class BatchLoader(Protocol):
    """What the loop asks of a loader: the batches of epoch n depend on n alone, and it can start at any of them."""

    @property
    def batch_size(self) -> int:
        """Examples of one batch on one process."""

    @property
    def batches_per_epoch(self) -> int:
        """Batches of one epoch on one process; equal on all processes."""

    def epoch(self, number: int, start: int = 0) -> Iterator[Any]:
        """Batches number `start` and after of an epoch; each has .to(device)."""


def batch_stream(loader: BatchLoader, consumed: int) -> Generator[Any, None, None]:
    """All batches after the first `consumed` ones; raises TrainingError where an epoch is not as long as it said."""
    while True:
        epoch, start = divmod(consumed, loader.batches_per_epoch)
        for batch in loader.epoch(epoch, start=start):
            consumed += 1
            yield batch
        if consumed != (epoch + 1) * loader.batches_per_epoch:
            raise TrainingError(
                f"epoch {epoch} ended after {consumed - epoch * loader.batches_per_epoch} batches, the loader "
                f"announced {loader.batches_per_epoch}; its batches_per_epoch is wrong"
            )


def check_loader(loader: BatchLoader) -> None:
    """Raises TrainingError for a loader without a batch."""
    if loader.batches_per_epoch < 1:
        raise TrainingError(
            f"there is no batch to train on: fewer records than the batch size {loader.batch_size}; "
            "lower the batch size or give more records"
        )
