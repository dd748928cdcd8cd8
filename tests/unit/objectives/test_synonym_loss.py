"""The synonym loss against loops, its gradients against finite differences, and who is nobody's negative."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from ecg_text.objectives.synonyms import synonym_loss


def drawn(rows, width, negatives, seed=0):
    chance = torch.Generator().manual_seed(seed)
    a, b = torch.randn(2, rows, width, generator=chance, dtype=torch.float64)
    hard = torch.randn(rows, negatives, width, generator=chance, dtype=torch.float64)
    exists = torch.rand(rows, negatives, generator=chance) < 0.6
    meaning = torch.randint(max(2, rows // 2), (rows,), generator=chance)
    return a, b, meaning, hard, exists


def cosine(x, y):
    return float(F.cosine_similarity(x, y, dim=0))


def slow_loss(a, b, meaning, temperature, hard, exists):
    num, total = len(a), 0.0
    for left, right in ((a, b), (b, a)):
        for i in range(num):
            own = math.exp(cosine(left[i], right[i]) / temperature)
            others = sum(
                math.exp(cosine(left[i], right[j]) / temperature) for j in range(num) if meaning[j] != meaning[i]
            )
            others += sum(
                math.exp(cosine(left[i], hard[i, k]) / temperature) for k in range(hard.shape[1]) if exists[i, k]
            )
            total -= math.log(own / (own + others)) / num
    return total / 2


@pytest.mark.parametrize(("rows", "width", "negatives"), [(1, 3, 2), (4, 5, 1), (9, 4, 3)])
@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_it_agrees_with_the_formula_as_loops(rows, width, negatives, temperature):
    a, b, meaning, hard, exists = drawn(rows, width, negatives)
    loss = synonym_loss(a, b, meaning, temperature, hard, exists)
    assert loss.item() == pytest.approx(slow_loss(a, b, meaning, temperature, hard, exists), rel=1e-9)


def test_without_hard_negatives_only_the_rows_meet():
    a, b, meaning, hard, exists = drawn(6, 4, 2)
    slow = slow_loss(a, b, meaning, 0.1, hard, torch.zeros_like(exists))
    assert synonym_loss(a, b, meaning, 0.1).item() == pytest.approx(slow, rel=1e-9)
    none_exists = synonym_loss(a, b, meaning, 0.1, hard, torch.zeros_like(exists))
    assert none_exists.item() == pytest.approx(slow, rel=1e-9)


def test_where_existence_is_left_out_all_negatives_count():
    a, b, meaning, hard, exists = drawn(5, 4, 2)
    everything = torch.ones_like(exists)
    assert synonym_loss(a, b, meaning, 0.1, hard).item() == synonym_loss(a, b, meaning, 0.1, hard, everything).item()


def test_its_gradients_are_those_of_finite_differences():
    a, b, meaning, hard, exists = drawn(4, 3, 2, seed=1)
    inputs = [x.requires_grad_() for x in (a, b, hard)]
    assert torch.autograd.gradcheck(lambda a, b, hard: synonym_loss(a, b, meaning, 0.3, hard, exists), inputs)


def test_a_mate_in_meaning_is_not_pushed_away_and_a_stranger_is():
    """The only row without mates is moved by nobody but its own pair, whatever lies beside it."""
    a, b, _, _, _ = drawn(3, 4, 1)
    beside = b.clone()
    beside[1] = a[0]  # b of row 1 comes to lie upon a of row 0
    same, other = torch.tensor([7, 7, 9]), torch.tensor([7, 8, 9])
    assert synonym_loss(a, beside, other, 0.1) > synonym_loss(a, beside, same, 0.1)
    # With mates only, and no contrast, nothing is left to tell apart: no gradient at all reaches the mate.
    mates = b[:2].clone().requires_grad_()
    synonym_loss(a[:2], mates, same[:2], 0.1).backward()
    assert mates.grad.abs().max() == 0


def test_hard_negatives_belong_to_their_own_row_alone():
    a, b, _, hard, _ = drawn(2, 4, 1)
    hard.requires_grad_()
    exists = torch.tensor([[True], [False]])
    synonym_loss(a, b, torch.tensor([1, 2]), 0.1, hard, exists).backward()
    assert hard.grad[0].abs().max() > 0
    assert hard.grad[1].abs().max() == 0
    # Row 1 costs the same whatever the contrasts of row 0 are.
    rows = [synonym_loss(a, b, torch.tensor([1, 2]), 0.1, scale * hard, exists).item() for scale in (1.0, -1.0)]
    assert rows[0] != rows[1]
    second_only = torch.tensor([[False], [True]])
    costs = [
        synonym_loss(a, b, torch.tensor([1, 2]), 0.1, torch.stack([x, hard[1]]), second_only).item()
        for x in (hard[0], -hard[0])
    ]
    assert costs[0] == costs[1]


def test_a_batch_of_one_meaning_and_no_contrast_costs_nothing():
    a, b, _, _, _ = drawn(4, 3, 1)
    a.requires_grad_()
    loss = synonym_loss(a, b, torch.zeros(4, dtype=torch.int64), 0.05)
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(a.grad).all()


def test_length_of_vectors_does_not_matter():
    a, b, meaning, hard, exists = drawn(5, 4, 2)
    plain = synonym_loss(a, b, meaning, 0.1, hard, exists)
    assert synonym_loss(3 * a, 0.1 * b, meaning, 0.1, 7 * hard, exists).item() == pytest.approx(plain.item(), rel=1e-9)
