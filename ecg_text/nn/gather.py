"""Rows of all processes side by side, with the gradient that one process holding all rows would have seen.

Every process computes the same loss L from the gathered rows. A row that lives on process r takes part in the R
equal losses of R processes, so its gradient is the sum of theirs, R dL/dx; the mean that data-parallel training
takes over processes removes the R again:

    mean_r (R dL/dx_r) (dx_r/dw) = sum_r (dL/dx_r) (dx_r/dw) = dL/dw

A parameter that enters the loss after the gathering (a scale) has the gradient dL/dw on every process, and so has
their mean. Loss and gradient equal those of one process with the whole batch.
"""

from __future__ import annotations

import os
from itertools import accumulate
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

Item = TypeVar("Item")


def num_processes() -> int:
    """How many processes train together; before they have met, what the launcher announced."""
    return dist.get_world_size() if _have_met() else max(int(os.environ.get("WORLD_SIZE", "1")), 1)


def process_rank() -> int:
    """The number of this process, from 0; before they have met, what the launcher announced."""
    return dist.get_rank() if _have_met() else max(int(os.environ.get("RANK", "0")), 0)


def gather_with_gradient(x: Tensor) -> Tensor:
    """Rows of all processes in order of their rank: (B, ...) -> (sum of B, ...); B may differ between processes.

    The gradient is summed over processes (see above). On one process x itself.
    """
    if not _is_shared():
        return x
    gathered: Tensor = _GatherRows.apply(x)
    return gathered


def gather_rows(x: Tensor) -> Tensor:
    """Rows of all processes without a gradient, of any dtype: (B, ...) -> (sum of B, ...)."""
    return torch.cat(_pieces(x.detach())) if _is_shared() else x.detach()


def mean_count(num: Tensor) -> Tensor:
    """The mean of a count over all processes: () -> ().

    Processes count different numbers of words or steps. Where each divides its sum by this mean, the mean of their
    gradients, which training takes, is that of one process that counted them all.
    """
    return gather_rows(num[None]).sum() / num_processes()


def gather_objects(items: list[Item]) -> list[Item]:
    """The lists of all processes joined in order of their rank (texts, to find equal ones across processes)."""
    if not _is_shared():
        return list(items)
    lists: list[list[Item]] = [[] for _ in range(num_processes())]
    dist.all_gather_object(lists, list(items))
    return [item for part in lists for item in part]


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        pieces = _pieces(x)
        ends = list(accumulate(len(piece) for piece in pieces))
        ctx.rows = slice(ends[dist.get_rank()] - len(x), ends[dist.get_rank()])
        return torch.cat(pieces)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        total = grads[0].contiguous().clone()  # all_reduce writes in place, and autograd may still hold the argument
        dist.all_reduce(total)
        return total[ctx.rows]


def _pieces(x: Tensor) -> list[Tensor]:
    """Each process's rows. all_gather wants equal shapes: rows are padded to the longest and cut again."""
    counts = [torch.zeros(1, dtype=torch.int64, device=x.device) for _ in range(num_processes())]
    dist.all_gather(counts, torch.tensor([len(x)], device=x.device))
    sizes = [int(count) for count in counts]
    # Booleans travel as bytes, which every backend can send.
    rows = x.to(torch.uint8) if x.dtype is torch.bool else x
    padded = rows.new_zeros((max(sizes), *x.shape[1:]))
    padded[: len(x)] = rows
    pieces = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(pieces, padded)
    return [piece[:size].to(x.dtype) for piece, size in zip(pieces, sizes, strict=True)]


def _have_met() -> bool:
    return dist.is_available() and dist.is_initialized()


def _is_shared() -> bool:
    return _have_met() and dist.get_world_size() > 1
