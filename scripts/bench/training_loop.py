"""Steps a second of the training loop against a bare PyTorch loop over the same modules, interleaved in one run.

Prints one JSON line; `ratio` is the loop's speed as a fraction of the bare loop's (median over pairs of rounds).

    python scripts/bench/training_loop.py [--rounds 7] [--steps 40]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from ecg_text.methods.method import Losses, Method
from ecg_text.training.config import TrainingConfig
from ecg_text.training.loop import train
from ecg_text.training.optim import parameter_groups

BATCH, WIDTH, LAYERS = 64, 512, 8


class InMemory:
    """One tensor, handed out again and again."""

    batch_size = BATCH
    batches_per_epoch = 100

    def __init__(self) -> None:
        self.x = torch.randn(BATCH, 8, WIDTH, generator=torch.Generator().manual_seed(0))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Tensor]:  # noqa: ARG002
        """The same batch, over and over."""
        return iter([self.x] * (self.batches_per_epoch - start))


class Toy(Method):
    """A stack of layers of about 50 ms a step on one core."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        layers = [nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.LayerNorm(WIDTH)) for _ in range(LAYERS)]
        self.net = nn.Sequential(*layers)

    def forward(self, batch: Tensor) -> Losses:
        """Mean squared error against the input: (B, T, D) -> ()."""
        error = (self.net(batch) - batch).square().mean()
        return Losses(error, {"rebuild": error})


def settings(steps: int) -> TrainingConfig:
    """The loop as people run it: lines every ten steps, a checkpoint at the end."""
    return TrainingConfig(steps=steps, log_every=10, checkpoint_every=500, precision="fp32")


def bare_loop(steps: int) -> float:
    """Seconds a step of the shortest correct loop."""
    config, method = settings(steps), Toy()
    optimizer = torch.optim.AdamW(parameter_groups(method, config), lr=1e-3, betas=config.betas, fused=True)
    x = InMemory().x
    started = time.perf_counter()
    for _ in range(steps):
        loss = method(x).total
        loss.backward()
        nn.utils.clip_grad_norm_(method.parameters(), config.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
    return (time.perf_counter() - started) / steps


def our_loop(steps: int) -> tuple[float, float]:
    """Seconds a step of train(): in the steps alone, and with all files it writes."""
    with tempfile.TemporaryDirectory() as folder:
        method = Toy()
        started = time.perf_counter()
        report = train(method, InMemory(), settings(steps), Path(folder) / "run")
        return report.seconds / steps, (time.perf_counter() - started) / steps


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    bare_loop(3), our_loop(3)
    bare, ours, whole = [], [], []
    for _ in range(options.rounds):
        bare.append(bare_loop(options.steps))
        step, total = our_loop(options.steps)
        ours.append(step)
        whole.append(total)
    pairs = zip(bare, ours, strict=True)
    print(
        json.dumps(
            {
                "bench": "training_loop",
                "baseline": "bare PyTorch loop",
                "steps_per_s": round(1 / statistics.median(ours), 2),
                "baseline_steps_per_s": round(1 / statistics.median(bare), 2),
                "ratio": round(statistics.median(b / o for b, o in pairs), 4),
                "seconds_for_files": round(options.steps * (statistics.median(whole) - statistics.median(ours)), 3),
                "rounds": options.rounds,
                "steps": options.steps,
            }
        )
    )


if __name__ == "__main__":
    main()
