"""Parts of unequal length are joined by rows, and what is missing is zero."""

from __future__ import annotations

import torch

from ecg_text.nn.joining import join_rows
from ecg_text.training.gradient_cache import joined


def test_shorter_parts_are_filled_up_behind() -> None:
    a, b = torch.ones(2, 3, 4), 2 * torch.ones(1, 5, 2)
    rows = join_rows([a, b])
    assert rows.shape == (3, 5, 4)
    assert (rows[:2, :3] == 1).all()
    assert (rows[2, :, :2] == 2).all()
    assert rows.sum() == a.sum() + b.sum()


def test_a_part_that_no_chunk_has_stays_away() -> None:
    from typing import NamedTuple

    class Parts(NamedTuple):
        x: torch.Tensor
        y: torch.Tensor | None = None

    both = joined([Parts(torch.ones(2)), Parts(torch.zeros(1))])
    assert both.x.tolist() == [1, 1, 0]
    assert both.y is None
