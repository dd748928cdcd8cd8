"""Medians and percentiles as numpy gives them, without what its general functions cost on small arrays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

# Of more beats or fewer samples, numpy's own sort is as fast as a network of comparisons.
MOST_IN_NETWORK, LEAST_IN_NETWORK = 24, 2400


def medians(values: np.ndarray) -> np.ndarray:
    """np.median along the last axis: (..., N) -> (...), for N of at least one finite number."""
    count = values.shape[-1]
    middle = count // 2
    if count % 2:
        return np.asarray(np.partition(values, middle, axis=-1)[..., middle])
    part = np.partition(values, (middle - 1, middle), axis=-1)
    return np.asarray((part[..., middle - 1] + part[..., middle]) / values.dtype.type(2))


def percentiles(values: np.ndarray, shares: tuple[float, ...]) -> list[np.ndarray]:
    """np.percentile along the last axis, interpolated: one array (...) for each of the shares, in percent."""
    last = values.shape[-1] - 1
    places = [share / 100 * last for share in shares]
    lower = [int(place) for place in places]
    wanted = sorted({min(at + step, last) for at in lower for step in (0, 1)})
    part = np.partition(values, wanted, axis=-1)
    return [
        part[..., at] + (part[..., min(at + 1, last)] - part[..., at]) * (place - at)
        for at, place in zip(lower, places, strict=True)
    ]


def median_of_beats(signal: np.ndarray) -> np.ndarray:
    """The median over beats: (n, C, W) -> (C, W).

    Few beats are sorted all samples at once, by a network of comparisons (Batcher 1968).
    """
    count = len(signal)
    if count > MOST_IN_NETWORK or signal[0].size < LEAST_IN_NETWORK:
        order: list[np.ndarray] | np.ndarray = np.sort(signal, axis=0)
    else:
        order, spare = list(signal.copy()), np.empty_like(signal[0])
        for i, j in _network(count):
            lower, higher = order[i], order[j]
            np.minimum(lower, higher, out=spare)
            np.maximum(lower, higher, out=higher)
            order[i], spare = spare, lower
    middle = count // 2
    return np.asarray(order[middle] if count % 2 else (order[middle - 1] + order[middle]) / np.float32(2))


@lru_cache(maxsize=MOST_IN_NETWORK)
def _network(count: int) -> tuple[tuple[int, int], ...]:
    """The comparisons of Batcher's odd-even merge sort that the middle of count numbers depends on, in order."""
    pairs = []
    size = 1
    while size < count:
        step = size
        while step >= 1:
            for start in range(step % size, count - step, 2 * step):
                every = range(start, min(start + step, count - step))
                pairs += [(i, i + step) for i in every if i // (2 * size) == (i + step) // (2 * size)]
            step //= 2
        size *= 2
    needed, kept = {(count - 1) // 2, count // 2}, []
    for pair in reversed(pairs):
        if needed & set(pair):
            needed |= set(pair)
            kept.append(pair)
    return tuple(reversed(kept))
