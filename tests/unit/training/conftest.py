"""A toy method with dropout and a toy loader, small enough to train in milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from ecg_text.methods.method import Losses, Method
from ecg_text.training.config import TrainingConfig

WIDTH = 5


@dataclass(frozen=True)
class ToyBatch:
    x: Tensor

    def to(self, device: torch.device) -> ToyBatch:
        return ToyBatch(self.x.to(device))


class ToyLoader:
    """Batches that depend only on the epoch and their number."""

    def __init__(self, batches_per_epoch: int = 4, batch_size: int = 3) -> None:
        self.batches_per_epoch = batches_per_epoch
        self.batch_size = batch_size

    def epoch(self, epoch: int, start: int = 0) -> Iterator[ToyBatch]:
        for number in range(start, self.batches_per_epoch):
            chance = torch.Generator().manual_seed(1000 * epoch + number)
            yield ToyBatch(torch.randn(self.batch_size, WIDTH, generator=chance))


class ToyMethod(Method):
    """Rebuilds its input through dropout; `poison` is the step whose loss is not a number."""

    def __init__(self, poison: int | None = None, dropout: float = 0.3) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(7)
            self.net = nn.Sequential(nn.Linear(WIDTH, 8), nn.LayerNorm(8), nn.Dropout(dropout), nn.Linear(8, WIDTH))
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.poison, self.calls, self.steps_seen = poison, 0, 0

    def forward(self, batch: ToyBatch) -> Losses:
        self.calls += 1
        error = (self.scale * self.net(batch.x) - batch.x).square().mean()
        total = error * float("nan") if self.calls == self.poison else error
        return Losses(total, {"rebuild": error})

    def after_step(self) -> None:
        self.steps_seen += 1
        self.scale.clamp_(0.5, 2.0)


@pytest.fixture
def toy_loader() -> type[ToyLoader]:
    return ToyLoader


@pytest.fixture
def toy_method() -> type[ToyMethod]:
    return ToyMethod


@pytest.fixture
def quick() -> TrainingConfig:
    """Six steps, a checkpoint every three."""
    return TrainingConfig(steps=6, checkpoint_every=3, log_every=2, learning_rate=1e-2, ema_decay=0.9)
