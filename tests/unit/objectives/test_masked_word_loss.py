"""The masked-word loss against a loop over places."""

from __future__ import annotations

import math

import pytest
import torch

from ecg_text.objectives.masked_words import masked_word_hits, masked_word_loss


def drawn(num, pieces, seed=0):
    chance = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(num, pieces, generator=chance, dtype=torch.float64)
    return logits, torch.randint(pieces, (num,), generator=chance)


def slow_loss(logits, targets):
    total = 0.0
    for row, target in zip(logits.tolist(), targets.tolist(), strict=True):
        total += math.log(sum(math.exp(value) for value in row)) - row[target]
    return total / len(targets)


@pytest.mark.parametrize(("num", "pieces"), [(1, 2), (7, 5), (30, 11)])
def test_it_is_the_mean_over_the_hidden_pieces(num, pieces):
    logits, targets = drawn(num, pieces)
    assert masked_word_loss(logits, targets).item() == pytest.approx(slow_loss(logits, targets), rel=1e-12)


def test_another_number_to_divide_by_may_be_given():
    logits, targets = drawn(6, 4)
    halved = masked_word_loss(logits, targets, torch.tensor(12.0))
    assert halved.item() == pytest.approx(slow_loss(logits, targets) / 2, rel=1e-12)


def test_nothing_hidden_costs_nothing_and_has_a_gradient():
    logits = torch.zeros(0, 5, requires_grad=True)
    loss = masked_word_loss(logits, torch.zeros(0, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None


def test_it_is_computed_in_float32_at_least():
    logits, targets = drawn(5, 4)
    with torch.autocast("cpu", torch.bfloat16):
        loss = masked_word_loss(logits.to(torch.bfloat16), targets)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(slow_loss(logits.to(torch.bfloat16).double(), targets), rel=1e-5)


def test_hits_are_counted_one_by_one():
    logits, targets = drawn(40, 3)
    slow = sum(max(range(3), key=row.__getitem__) == int(t) for row, t in zip(logits.tolist(), targets, strict=True))
    assert masked_word_hits(logits, targets).item() == slow
