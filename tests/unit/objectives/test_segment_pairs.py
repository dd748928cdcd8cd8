"""The segment-pair loss against the same formula written as loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ecg_text.objectives.contrastive import info_nce
from ecg_text.objectives.segment_pairs import segment_pair_loss


def drawn(rows: int, width: int, patients: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    a, b = torch.randn(2, rows, width, generator=chance, dtype=torch.float64)
    return a, b, torch.randint(patients, (rows,), generator=chance)


def slow_loss(a: Tensor, b: Tensor, ids: Tensor, temperature: float) -> float:
    """Both directions: over all positive pairs, minus the log share of the pair among all pairs of its row."""
    total, num = 0.0, len(a)
    for left, right in ((a, b), (b, a)):
        costs = []
        for i in range(num):
            scores = [math.exp(float(F.cosine_similarity(left[i], right[j], dim=0)) / temperature) for j in range(num)]
            costs += [-math.log(scores[j] / sum(scores)) for j in range(num) if ids[i] == ids[j]]
        total += sum(costs) / len(costs)
    return total / 2


@pytest.mark.parametrize(("rows", "width", "patients"), [(1, 3, 1), (5, 4, 2), (9, 6, 100), (12, 3, 4)])
@pytest.mark.parametrize("temperature", [0.1, 0.7])
def test_it_agrees_with_the_formula_as_loops(rows: int, width: int, patients: int, temperature: float) -> None:
    a, b, ids = drawn(rows, width, patients)
    loss = segment_pair_loss(a, b, ids, temperature)
    assert loss.item() == pytest.approx(slow_loss(a, b, ids, temperature), rel=1e-9)


def test_without_shared_ids_it_is_info_nce() -> None:
    a, b, _ = drawn(8, 5, 1)
    plain = info_nce(F.normalize(a, dim=-1), F.normalize(b, dim=-1), torch.tensor(10.0))
    assert segment_pair_loss(a, b, torch.arange(8)).item() == pytest.approx(plain.item(), rel=1e-9)


def test_one_row_costs_nothing() -> None:
    a, b, ids = drawn(1, 4, 3)
    a.requires_grad_()
    loss = segment_pair_loss(a, b, ids)
    loss.backward()
    assert loss.item() == 0
    assert a.grad is not None
    assert a.grad.abs().max() == 0


def test_equal_vectors_of_one_patient_cost_the_log_of_their_number() -> None:
    a = torch.ones(6, 4)
    assert segment_pair_loss(a, a, torch.zeros(6)).item() == pytest.approx(math.log(6), rel=1e-6)


def test_no_rows_and_zero_vectors_are_defined() -> None:
    none = torch.zeros(0, 4, requires_grad=True)
    loss = segment_pair_loss(none, none, torch.zeros(0, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0
    zero = torch.zeros(3, 4, requires_grad=True)
    loss = segment_pair_loss(zero, zero, torch.arange(3))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3))
    assert zero.grad is not None
    assert torch.isfinite(zero.grad).all()


def test_records_of_one_patient_come_together_and_other_patients_go_apart() -> None:
    a, b, _ = drawn(4, 5, 1)
    vectors, ids = torch.stack([a, b]).requires_grad_(), torch.tensor([7, 7, 8, 9])
    for _ in range(200):
        (grad,) = torch.autograd.grad(segment_pair_loss(vectors[0], vectors[1], ids), vectors)
        vectors = (vectors - 1.0 * grad).detach().requires_grad_()
    cosines = F.normalize(vectors[0], dim=-1) @ F.normalize(vectors[1], dim=-1).T
    positive = ids[:, None] == ids
    assert cosines[positive].min() > cosines[~positive].max() + 0.3


def test_length_of_vectors_and_order_of_rows_do_not_matter() -> None:
    a, b, ids = drawn(7, 5, 3)
    plain = segment_pair_loss(a, b, ids).item()
    order = torch.tensor([3, 0, 6, 1, 2, 5, 4])
    assert segment_pair_loss(3 * a, 0.2 * b, ids).item() == pytest.approx(plain, rel=1e-9)
    assert segment_pair_loss(a[order], b[order], ids[order]).item() == pytest.approx(plain, rel=1e-9)
    assert segment_pair_loss(b, a, ids).item() == pytest.approx(plain, rel=1e-9)


def test_the_gradients_agree_with_finite_differences() -> None:
    a, b, ids = drawn(4, 3, 2)
    inputs = (a.requires_grad_(), b.requires_grad_())
    assert torch.autograd.gradcheck(lambda a, b: segment_pair_loss(a, b, ids, 0.3), inputs)


def test_under_autocast_the_loss_is_that_of_full_precision() -> None:
    a, b, ids = drawn(8, 16, 5)
    a, b = a.bfloat16(), b.bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = segment_pair_loss(a, b, ids)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, segment_pair_loss(a.float(), b.float(), ids))
