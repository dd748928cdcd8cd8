"""What attention may read, and its shares, written out: how much of each value a query reads."""

from __future__ import annotations

from torch import Tensor


def readable(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Which rows have a real token (B,), and which tokens are read (B, 1, 1, N): all of a row without a real one.

    Such a row would softmax over nothing; its outputs are masked, or to be zeroed.
    """
    real = mask.any(dim=1)
    return real, (mask | ~real[:, None])[:, None, None, :]


def attention_shares(query: Tensor, key: Tensor, attend: Tensor | None = None) -> Tensor:
    """What scaled dot-product attention multiplies its values by: (..., L, D), (..., K, D) -> (..., L, K), sums of 1.

    attend tells which keys a query may read, and leaves one at least to each. Vaswani et al., 2017, section 3.2.1.
    """
    scores = query @ key.mT * query.shape[-1] ** -0.5
    return (scores if attend is None else scores.masked_fill(~attend, float("-inf"))).softmax(dim=-1)
