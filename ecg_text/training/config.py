"""The numbers of a training: how long, how fast, how often something is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ecg_text.errors import ConfigError

PRECISIONS = ("fp32", "bf16", "auto")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """One step is one update of the weights from `accumulation` batches. Raises ConfigError for an impossible value.

    Accumulation averages gradients; it does not widen a contrastive loss, which only sees the batch at hand. That is
    what cached_chunks is for: the batch of a process is encoded in so many chunks, twice, and needs the memory of one.
    """

    # Length: epochs of the loader, or exactly so many steps where steps is given.
    epochs: float = 1.0
    steps: int | None = None

    # Optimizer: AdamW (Loshchilov and Hutter 2019), warm-up and half cosines.
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.98)
    no_decay: tuple[str, ...] = ("position", "register", "query")  # parts of parameter names, beside all 1-D ones
    slow_parts: tuple[str, ...] = ()  # parts of parameter names that learn at slow_ratio times the rate
    slow_ratio: float = 0.1
    warmup_fraction: float = 0.1
    warmup_steps: int | None = None  # instead of the fraction where given
    min_lr_ratio: float = 0.01
    cosine_cycles: int = 1  # how often the rate falls, and rises again
    clip_norm: float = 1.0  # 0: no clipping
    accumulation: int = 1
    cached_chunks: int = 1  # 1: the batch is encoded at once

    # Numbers: "auto" is bf16 where the device computes it natively, fp32 elsewhere.
    precision: str = "auto"
    ema_decay: float = 0.0  # 0: off; otherwise the averaged weights are evaluated and saved
    seed: int = 0
    num_threads: int | None = None  # CPU threads of torch while training
    compile: bool = False  # the parts that gain most by torch.compile; the first step takes a minute or more

    # Rhythm, in steps. evaluate_every 0: only at the end.
    evaluate_every: int = 0
    checkpoint_every: int = 500
    log_every: int = 10

    # Which evaluation's weights become the model: the best by this metric, or the last where it is None.
    select_metric: str | None = None
    select_mode: str = "max"
    patience: int | None = None  # stop after so many evaluations in a row that were not the best

    trackers: tuple[str, ...] = ()  # names known to Accelerate: "tensorboard", "wandb", "mlflow", ...

    def __post_init__(self) -> None:
        for name in ("betas", "no_decay", "slow_parts", "trackers"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        self._check_length()
        self._check_optimizer()
        self._check_rest()

    def _check_length(self) -> None:
        _demand(self.epochs > 0 and math.isfinite(self.epochs), "epochs", self.epochs, "a number above 0")
        _demand(self.steps is None or self.steps >= 1, "steps", self.steps, "a whole number from 1, or none")
        for name in ("accumulation", "cached_chunks", "checkpoint_every", "log_every"):
            _demand(getattr(self, name) >= 1, name, getattr(self, name), "a whole number from 1")
        _demand(self.evaluate_every >= 0, "evaluate_every", self.evaluate_every, "steps, or 0 for only at the end")

    def _check_optimizer(self) -> None:
        _demand(0 < self.learning_rate < math.inf, "learning_rate", self.learning_rate, "a number above 0")
        _demand(0 <= self.weight_decay < math.inf, "weight_decay", self.weight_decay, "a number from 0")
        beta_ok = len(self.betas) == 2 and all(0 <= beta < 1 for beta in self.betas)
        _demand(beta_ok, "betas", self.betas, "two numbers from 0 to below 1")
        _demand(0 < self.slow_ratio <= 1, "slow_ratio", self.slow_ratio, "a fraction above 0, at most 1")
        _demand(0 <= self.warmup_fraction <= 1, "warmup_fraction", self.warmup_fraction, "a fraction from 0 to 1")
        _demand(self.warmup_steps is None or self.warmup_steps >= 0, "warmup_steps", self.warmup_steps, "0 or more")
        _demand(0 <= self.min_lr_ratio <= 1, "min_lr_ratio", self.min_lr_ratio, "a fraction from 0 to 1")
        _demand(self.cosine_cycles >= 1, "cosine_cycles", self.cosine_cycles, "a whole number from 1")
        _demand(0 <= self.clip_norm < math.inf, "clip_norm", self.clip_norm, "a number above 0, or 0 for no clipping")
        _demand(0 <= self.ema_decay < 1, "ema_decay", self.ema_decay, "a number from 0 (off) to below 1")

    def _check_rest(self) -> None:
        _demand(self.precision in PRECISIONS, "precision", self.precision, f"one of {', '.join(PRECISIONS)}")
        _demand(self.select_mode in ("max", "min"), "select_mode", self.select_mode, "max or min")
        _demand(self.patience is None or self.patience >= 1, "patience", self.patience, "evaluations from 1, or none")
        _demand(
            self.patience is None or (self.evaluate_every > 0 and self.select_metric is not None),
            "patience",
            self.patience,
            "none, or evaluate_every and select_metric with it",
        )
        _demand(0 <= self.seed < 2**32, "seed", self.seed, "a whole number from 0 to 2^32 - 1")
        _demand(
            self.num_threads is None or self.num_threads >= 1, "num_threads", self.num_threads, "1 or more, or none"
        )


def _demand(holds: bool, name: str, value: object, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"training.{name} is {value!r}; give {wanted}")
