"""The state of every global random generator as tensors, so that chance goes on where it stopped.

The library itself draws from generators passed by hand; dropout, and a method of somebody else, may not.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor


def seed_everything(seed: int) -> None:
    """Seeds torch (all devices), NumPy and Python."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    random.seed(seed)


def random_state() -> dict[str, Tensor]:
    """The generators' state: named tensors on the CPU."""
    _, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    _, words, gauss = random.getstate()
    state = {
        "torch": torch.get_rng_state(),
        "numpy.keys": torch.from_numpy(np.asarray(keys).astype(np.int64)),
        "numpy.position": torch.tensor([int(position), int(has_gauss)]),
        "numpy.gauss": torch.tensor([float(cached)], dtype=torch.float64),
        "python.words": torch.tensor(words),
        "python.gauss": torch.tensor([math.nan if gauss is None else gauss], dtype=torch.float64),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: dict[str, Tensor]) -> None:
    """Puts the generators into a state that random_state() gave."""
    torch.set_rng_state(state["torch"])
    position, has_gauss = state["numpy.position"].tolist()
    keys = state["numpy.keys"].numpy().astype(np.uint32)
    np.random.set_state(("MT19937", keys, position, has_gauss, state["numpy.gauss"].item()))  # noqa: NPY002
    gauss = state["python.gauss"].item()
    random.setstate((3, tuple(state["python.words"].tolist()), None if math.isnan(gauss) else gauss))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


@contextmanager
def repeated_chance(state: dict[str, Tensor]) -> Iterator[None]:
    """Inside the block the generators draw again what they drew after `state`; afterwards they are as before it."""
    with undisturbed_chance():
        set_random_state(state)
        yield


@contextmanager
def undisturbed_chance() -> Iterator[None]:
    """Whatever is drawn inside the block, the generators afterwards are as before it."""
    state = random_state()
    try:
        yield
    finally:
        set_random_state(state)
