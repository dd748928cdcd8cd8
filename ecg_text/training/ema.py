"""A slow average of the weights, which scores better than the weights it follows (Polyak and Juditsky 1992)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ecg_text.errors import CheckpointError


class WeightAverage:
    """Exponential moving average of a module's trainable parameters.

    The decay at update n is min(decay, (1 + n) / (10 + n)), so that the random beginning is soon forgotten.
    Buffers are not averaged: a running mean already is one.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self._parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self._average = {name: p.detach().clone() for name, p in self._parameters.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Moves the average towards the weights after update number `step`, counted from 1."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self._average.values()), list(self._parameters.values()), 1.0 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside the block the module has the averaged weights; afterwards its own again, to the last bit."""
        own = {name: p.detach().clone() for name, p in self._parameters.items()}
        self._set(self._average)
        try:
            yield
        finally:
            self._set(own)

    @torch.no_grad()
    def _set(self, values: dict[str, Tensor]) -> None:
        for name, parameter in self._parameters.items():
            parameter.copy_(values[name])

    def tensors(self) -> dict[str, Tensor]:
        """The averaged weights by parameter name."""
        return self._average

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Takes up an earlier average; raises CheckpointError where it belongs to other parameters."""
        if tensors.keys() != self._average.keys():
            different = sorted(tensors.keys() ^ self._average.keys())
            raise CheckpointError(f"averaged weights do not match the method's ({different[0]} ...); start a new run")
        for name, value in self._average.items():
            value.copy_(tensors[name])
