"""Rows that were made in parts, side by side again, however long the longest of each part was."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def join_rows(pieces: Sequence[Tensor]) -> Tensor:
    """(B1, ...), (B2, ...) -> (B1 + B2, ...); where later axes differ, shorter ones are filled up with zeros."""
    shape = [max(sizes) for sizes in zip(*(piece.shape[1:] for piece in pieces), strict=True)]
    return torch.cat([_filled(piece, shape) for piece in pieces])


def _filled(x: Tensor, shape: Sequence[int]) -> Tensor:
    missing = [want - have for want, have in zip(shape, x.shape[1:], strict=True)]
    # F.pad begins at the last axis, and wants what is missing before and behind.
    return F.pad(x, [amount for size in reversed(missing) for amount in (0, size)]) if any(missing) else x
