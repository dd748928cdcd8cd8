"""InfoNCE against the same formula written as loops."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from ecg_text.objectives.contrastive import holds_of, info_nce


def unit_rows(num: int, width: int, seed: int) -> Tensor:
    return F.normalize(
        torch.randn(num, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=-1
    )


def slow_info_nce(ecg: Tensor, text: Tensor, scale: float, also_true: Tensor) -> float:
    """For each row and each direction: minus the log share of the own pair among itself and its negatives."""
    num, total = len(ecg), 0.0
    for left, right, true in ((ecg, text, also_true), (text, ecg, also_true.T)):
        for i in range(num):
            own = math.exp(scale * float(left[i] @ right[i]))
            others = sum(
                math.exp(scale * float(left[i] @ right[j])) for j in range(num) if j != i and not bool(true[i, j])
            )
            total -= math.log(own / (own + others)) / num
    return total / 2


def slow_holds_of(stated: list[set[int]], reported: list[set[int]]) -> list[list[bool]]:
    return [[bool(text) and text <= report for text in stated] for report in reported]


@pytest.mark.parametrize(("batch", "width", "scale"), [(1, 3, 1.0), (5, 7, 10.0), (11, 4, 30.0)])
def test_info_nce_agrees_with_the_formula_as_loops(batch: int, width: int, scale: float) -> None:
    ecg, text = unit_rows(batch, width, 0), unit_rows(batch, width, 1)
    also_true = torch.rand(batch, batch, generator=torch.Generator().manual_seed(2)) < 0.3
    loss = info_nce(ecg, text, torch.tensor(scale), also_true)
    assert loss.item() == pytest.approx(slow_info_nce(ecg, text, scale, also_true), rel=1e-9)


def test_without_known_truths_every_other_text_is_a_negative() -> None:
    ecg, text = unit_rows(6, 5, 3), unit_rows(6, 5, 4)
    none = torch.zeros(6, 6, dtype=torch.bool)
    assert info_nce(ecg, text, torch.tensor(5.0)).item() == pytest.approx(slow_info_nce(ecg, text, 5.0, none), rel=1e-9)


def test_a_batch_of_equal_reports_costs_nothing_and_has_no_nan() -> None:
    ecg, text = unit_rows(4, 5, 5).requires_grad_(), unit_rows(1, 5, 6).expand(4, 5)
    loss = info_nce(ecg, text, torch.tensor(10.0), torch.ones(4, 4, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert ecg.grad is not None
    assert torch.isfinite(ecg.grad).all()


def test_the_order_of_the_pairs_does_not_matter() -> None:
    ecg, text = unit_rows(6, 5, 7), unit_rows(6, 5, 8)
    order = torch.tensor([3, 0, 5, 1, 2, 4])
    scale = torch.tensor(8.0)
    assert info_nce(ecg, text, scale).item() == pytest.approx(info_nce(ecg[order], text[order], scale).item())


def test_matching_vectors_cost_least() -> None:
    ecg, scale = unit_rows(6, 5, 9), torch.tensor(20.0)
    assert info_nce(ecg, ecg, scale) < info_nce(ecg, ecg.roll(1, 0), scale)


def test_the_gradient_agrees_with_finite_differences() -> None:
    ecg, text = unit_rows(3, 4, 10).requires_grad_(), unit_rows(3, 4, 11).requires_grad_()
    scale = torch.tensor(6.0, dtype=torch.float64, requires_grad=True)
    also_true = torch.tensor([[0, 1, 0], [0, 0, 0], [0, 0, 0]], dtype=torch.bool)
    assert torch.autograd.gradcheck(lambda *args: info_nce(*args, also_true), (ecg, text, scale))


def test_a_text_holds_of_each_report_that_says_all_it_states() -> None:
    stated = [{1}, {1, 2}, {3}, set(), {4, 1}]
    reported = [{1, 2}, {3}, {1, 4, 5}, set()]
    table = [sorted(findings) + [0] * (3 - len(findings)) for findings in (*stated, *reported)]
    numbers = torch.tensor(table)
    found = holds_of(numbers[: len(stated)], numbers[len(stated) :])
    assert found.tolist() == slow_holds_of(stated, reported)


@pytest.mark.parametrize(
    ("texts", "reports", "width", "most"), [(40, 40, 5, 6), (17, 60, 3, 30), (9, 4, 24, 2), (3, 3, 2, 0)]
)
def test_holding_is_being_a_subset_whatever_the_findings_are(texts: int, reports: int, width: int, most: int) -> None:
    chance = torch.Generator().manual_seed(most)
    known = torch.randint(1, 2**40, (most + 1,), generator=chance)
    known[0] = 0
    stated = known[torch.randint(0, most + 1, (texts, width), generator=chance)]
    reported = known[torch.randint(0, most + 1, (reports, width + 3), generator=chance)]
    said, told = ([set(row) - {0} for row in rows.tolist()] for rows in (stated, reported))
    assert holds_of(stated, reported).tolist() == slow_holds_of(said, told)


class Largest(TorchDispatchMode):
    """Remembers the bytes of the largest tensor that is made."""

    num_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for made in result if isinstance(result, tuple) else (result,):
            if isinstance(made, Tensor):
                self.num_bytes = max(self.num_bytes, made.nbytes)
        return result


def test_a_large_batch_of_long_reports_takes_little_memory() -> None:
    batch, width = 600, 24
    numbers = torch.randint(1, 2**40, (batch, width), generator=torch.Generator().manual_seed(0))
    with Largest() as largest:
        found = holds_of(numbers, numbers)
    assert torch.equal(found, torch.eye(batch, dtype=torch.bool))
    # All stated findings differ here; a table of all pairs of findings would be 24 times as large.
    assert largest.num_bytes < 1.1 * batch * batch * width


def test_under_autocast_the_loss_is_that_of_full_precision() -> None:
    ecg, text = unit_rows(8, 16, 12).bfloat16(), unit_rows(8, 16, 13).bfloat16()
    scale = torch.tensor(100.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = info_nce(ecg, text, scale)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, info_nce(ecg.float(), text.float(), scale))
