"""Rows of like length together, and side by side again, however long the longest of each part was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

TEXTS_AT_ONCE = 16


def of_like_length(lengths: Tensor) -> Iterator[tuple[Tensor, int]]:
    """Rows of sequences of these lengths (R,), shortest first, some at a time, with the longest of each: (r,), int.

    On a CPU they come sixteen at a time, for more than half of the word pieces of a batch of reports and single
    findings are padding; on other devices all at once, for what is launched costs more there than what is padded.
    """
    order = torch.argsort(lengths, stable=True)
    for rows in order.split(TEXTS_AT_ONCE if lengths.device.type == "cpu" else len(order)):
        yield rows, max(1, int(lengths[rows[-1]]))


def join_rows(pieces: Sequence[Tensor]) -> Tensor:
    """(B1, ...), (B2, ...) -> (B1 + B2, ...); where later axes differ, shorter ones are filled up with zeros."""
    shape = [max(sizes) for sizes in zip(*(piece.shape[1:] for piece in pieces), strict=True)]
    return torch.cat([_filled(piece, shape) for piece in pieces])


def _filled(x: Tensor, shape: Sequence[int]) -> Tensor:
    missing = [want - have for want, have in zip(shape, x.shape[1:], strict=True)]
    # F.pad begins at the last axis, and wants what is missing before and behind.
    return F.pad(x, [amount for size in reversed(missing) for amount in (0, size)]) if any(missing) else x
