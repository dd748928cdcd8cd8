"""Batches made ahead of time in a background thread, in order, each with a chance of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

AHEAD = 2  # results made ready while the consumer works on one

Made = TypeVar("Made")


def made_ahead(make: Callable[[int], Made], numbers: Iterable[int]) -> Iterator[Made]:
    """make(number) of each number in order, a few of them in advance. Close it, or run it to its end."""
    coming = iter(numbers)
    ahead: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ecg_text-loader") as thread:
        try:
            ahead.extend(thread.submit(make, number) for number in islice(coming, AHEAD))
            while ahead:
                made = ahead.popleft().result()
                ahead.extend(thread.submit(make, number) for number in islice(coming, 1))
                yield made
        finally:
            for future in ahead:
                future.cancel()


def batch_chance(seed: int, epoch: int, number: int, shard: int) -> np.random.Generator:
    """The chance of one batch of one epoch on one process, apart from every other's and from that which shuffles."""
    # A spawn key keeps these streams apart from the one of [seed, epoch] alone.
    entropy = np.random.SeedSequence([seed, epoch], spawn_key=(number, shard))
    return np.random.Generator(np.random.PCG64(entropy))
