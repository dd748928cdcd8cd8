"""The moving parts of a training, made once: device, method, optimizer, average; and one step of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from ecg_text.errors import ConfigError, TrainingError
from ecg_text.methods.method import Losses, Method
from ecg_text.nn.gather import gather_objects
from ecg_text.training.config import TrainingConfig
from ecg_text.training.ema import WeightAverage
from ecg_text.training.gradient_cache import GradientCache
from ecg_text.training.optim import build_optimizer, load_optimizer_tensors, optimizer_tensors
from ecg_text.training.random_state import random_state, seed_everything, set_random_state
from ecg_text.training.schedule import learning_rate


@dataclass(frozen=True, eq=False, kw_only=True)
class Engine:
    """A method on its device, wrapped for as many processes as were launched."""

    accelerator: Accelerator
    method: Method
    wrapped: Any  # the method, in a gradient cache where chunks are asked for, in DistributedDataParallel where needed
    optimizer: torch.optim.AdamW
    average: WeightAverage | None
    config: TrainingConfig
    precision: str
    num_steps: int

    def step(self, batches: Iterator[Any], step: int) -> dict[str, float]:
        """Update number `step` (from 1) from config.accumulation batches; gives the losses and the gradient norm.

        The numbers are means over the batches and the processes. Raises TrainingError where one is not finite,
        before the weights are touched.
        """
        rate = learning_rate(self.config, step, self.num_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["rate_ratio"]
        losses = self._backward(batches)
        losses["grad_norm"] = self._clip()
        # One transfer between processes, and one from the device, for all numbers of the step.
        numbers = torch.stack([value.detach().float() for value in losses.values()])
        means = self.accelerator.reduce(numbers, reduction="mean")
        values: dict[str, float] = dict(zip(losses, means.tolist(), strict=True))
        self._refuse_infinite(values, step, rate)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            self.method.after_step()
        if self.average is not None:
            self.average.update(step)
        return values

    def _backward(self, batches: Iterator[Any]) -> dict[str, Tensor]:
        sums: dict[str, Tensor] = {}
        count = self.config.accumulation
        for number, batch in enumerate(islice(batches, count), start=1):
            # Gradients travel between processes once a step, with the last batch.
            with nullcontext() if number == count else self.accelerator.no_sync(self.wrapped):
                losses = self._forward(batch)
                self.accelerator.backward(losses.total / count)
            named = {"loss": losses.total} | {f"loss/{name}": part for name, part in losses.parts.items()}
            for name, value in named.items():
                share = value.detach() / count
                sums[name] = sums[name] + share if name in sums else share
        return sums

    def _forward(self, batch: Any) -> Losses:
        device = self.accelerator.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            losses: Losses = self.wrapped(batch.to(device))
        return losses

    def _clip(self) -> Tensor:
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        if self.config.clip_norm > 0:
            return torch.nn.utils.clip_grad_norm_(parameters, self.config.clip_norm)
        return torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])

    def _refuse_infinite(self, values: dict[str, float], step: int, rate: float) -> None:
        if not all(math.isfinite(value) for value in values.values()):
            told = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
            raise TrainingError(
                f"step {step}: loss or gradient is not finite ({told}, learning rate {rate:.3g}); checkpoints "
                "written before are kept: lower learning_rate or clip_norm, or set precision fp32, and train again"
            )

    def any_process(self, flag: bool) -> bool:
        """Whether the flag is up on any process; all of them must ask."""
        if self.accelerator.num_processes == 1:
            return flag
        flags = torch.tensor([float(flag)], device=self.accelerator.device)
        return bool(self.accelerator.reduce(flags, reduction="sum").item() > 0)

    def averaged(self) -> AbstractContextManager[None]:
        """Inside the block the method has the weights that are evaluated and saved."""
        return nullcontext() if self.average is None else self.average.in_place()

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """All that a checkpoint holds, by group; every process must ask, for each has its own chance."""
        states = gather_objects([random_state()])
        groups = {
            "method": self.method.state_dict(),
            "optimizer": optimizer_tensors(self.method, self.optimizer),
            "random": {f"{rank}/{name}": x for rank, state in enumerate(states) for name, x in state.items()},
        }
        if self.average is not None:
            groups["average"] = self.average.tensors()
        return groups

    def load_tensors(self, read: Any) -> None:
        """Takes up what tensors() gave; `read(group)` gives the tensors of a group."""
        self.method.load_state_dict(read("method"))
        load_optimizer_tensors(self.method, self.optimizer, read("optimizer"))
        if self.average is not None:
            self.average.load_tensors(read("average"))
        mine = f"{self.accelerator.process_index}/"
        set_random_state({name.removeprefix(mine): x for name, x in read("random").items() if name.startswith(mine)})


def build_engine(method: Method, config: TrainingConfig, run_dir: Path, num_steps: int) -> Engine:
    """Puts the method on its device, seeds chance (each process its own) and makes the optimizer.

    Raises ConfigError for a method without the parts that config asks for.
    """
    accelerator = Accelerator(mixed_precision="no", log_with=list(config.trackers) or None, project_dir=run_dir)
    seed_everything(config.seed + accelerator.process_index)
    method.to(accelerator.device).train()
    if config.compile:
        compile_parts(method)
    module = method if config.cached_chunks == 1 else GradientCache(method, config.cached_chunks)
    wrapped = accelerator.prepare_model(module)
    return Engine(
        accelerator=accelerator,
        method=method,
        wrapped=wrapped,
        optimizer=build_optimizer(method, config),
        average=WeightAverage(method, config.ema_decay) if config.ema_decay > 0 else None,
        config=config,
        precision=choose_precision(config.precision, accelerator.device),
        num_steps=num_steps,
    )


def compile_parts(method: Method) -> None:
    """Has the method's parts compiled at their first call, in place. Raises ConfigError where it names none."""
    parts = method.parts_to_compile()
    if not parts:
        raise ConfigError(
            f"training.compile is true, but method {type(method).__name__} has no part to compile; give false"
        )
    for part in parts:
        part.compile()


def choose_precision(wanted: str, device: torch.device) -> str:
    """fp32 or bf16: "auto" takes bf16 on a CUDA device that computes it natively, and fp32 elsewhere."""
    if wanted != "auto":
        return wanted
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
