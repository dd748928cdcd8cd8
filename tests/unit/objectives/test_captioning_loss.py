"""Where next words are told, and their loss, against a loop over texts and places."""

from __future__ import annotations

import math

import pytest
import torch

from ecg_text.errors import DataError
from ecg_text.objectives.captioning import captioning_loss, next_words
from ecg_text.objectives.masked_words import masked_word_loss


def slow_places(mask):
    """Pairs (text, place) whose next piece is told."""
    return [
        (r, place)
        for r, row in enumerate(mask.tolist())
        for place in range(len(row) - 1)
        if row[place] and row[place + 1]
    ]


def slow_loss(logits, input_ids, mask):
    costs = []
    for r, place in slow_places(mask):
        row = logits[r, place].tolist()
        costs.append(math.log(sum(math.exp(value) for value in row)) - row[int(input_ids[r, place + 1])])
    return sum(costs) / len(costs)


def drawn(num, length, pieces, seed=0):
    chance = torch.Generator().manual_seed(seed)
    input_ids = torch.randint(pieces, (num, length), generator=chance)
    real = torch.arange(length) < torch.randint(2, length + 1, (num, 1), generator=chance)
    return 3 * torch.randn(num, length, pieces, generator=chance, dtype=torch.float64), input_ids, real


@pytest.mark.parametrize(("num", "length", "pieces"), [(1, 2, 3), (4, 7, 5), (9, 12, 6)])
@pytest.mark.parametrize("dtype", [torch.bool, torch.int64])
def test_it_is_the_mean_over_real_next_words(num, length, pieces, dtype):
    logits, input_ids, mask = drawn(num, length, pieces)
    loss = captioning_loss(logits, input_ids, mask.to(dtype))
    assert loss.item() == pytest.approx(slow_loss(logits, input_ids, mask), rel=1e-12)


def test_states_selected_before_they_meet_the_vocabulary_give_the_same():
    _, input_ids, mask = drawn(4, 7, 5)
    states, vocabulary = torch.randn(4, 7, 3), torch.nn.Linear(3, 5)
    chosen, targets = next_words(input_ids, mask)
    selected = masked_word_loss(vocabulary(states.flatten(0, 1)[chosen]), targets)
    torch.testing.assert_close(selected, captioning_loss(vocabulary(states), input_ids, mask))


def test_the_gradient_agrees_with_finite_differences():
    logits, input_ids, mask = drawn(3, 4, 3)
    assert torch.autograd.gradcheck(lambda x: captioning_loss(x, input_ids, mask), logits.requires_grad_())


def test_places_and_words_are_those_of_the_loop_whatever_the_mask():
    chance = torch.Generator().manual_seed(1)
    mask = torch.rand(30, 11, generator=chance) < 0.7
    input_ids = torch.arange(mask.numel()).view(mask.shape)
    chosen, targets = next_words(input_ids, mask)
    assert chosen.tolist() == [r * 11 + place for r, place in slow_places(mask)]
    assert targets.tolist() == [int(input_ids[r, place + 1]) for r, place in slow_places(mask)]


def test_the_first_word_of_the_next_text_is_not_told():
    chosen, targets = next_words(torch.tensor([[5, 6, 7], [8, 9, 3]]), torch.ones(2, 3))
    assert chosen.tolist() == [0, 1, 3, 4]
    assert targets.tolist() == [6, 7, 9, 3]


def test_a_class_piece_that_comes_last_is_neither_told_nor_told_from():
    begin, end, pad, last = 1, 2, 0, 3
    input_ids = torch.tensor([[begin, 11, 12, end, pad, last], [begin, 11, 13, 14, end, last]])
    chosen, targets = next_words(input_ids, (input_ids != pad) & (input_ids != last))
    assert chosen.tolist() == [0, 1, 2, 6, 7, 8, 9]
    assert targets.tolist() == [11, 12, end, 11, 13, 14, end]


def test_padding_has_no_say_and_no_gradient():
    logits, input_ids, mask = drawn(5, 8, 4)
    places = torch.tensor(slow_places(mask))
    told = torch.zeros_like(mask).index_put(tuple(places.T), torch.tensor(True))
    poisoned = logits.masked_fill(~told[..., None], torch.nan).requires_grad_()
    loss = captioning_loss(poisoned, input_ids, mask)
    loss.backward()
    assert loss.item() == pytest.approx(slow_loss(logits, input_ids, mask), rel=1e-12)
    assert torch.isfinite(poisoned.grad).all()
    assert not poisoned.grad[~told].any()


def test_texts_of_one_piece_or_none_tell_nothing_and_have_a_gradient_of_zero():
    input_ids = torch.tensor([[1, 0, 0], [0, 0, 0]])
    logits = torch.randn(2, 3, 7, requires_grad=True)
    loss = captioning_loss(logits, input_ids, input_ids != 0)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_it_is_computed_in_float32_at_least():
    logits, input_ids, mask = drawn(5, 8, 4)
    with torch.autocast("cpu", torch.bfloat16):
        loss = captioning_loss(logits.bfloat16(), input_ids, mask)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(slow_loss(logits.bfloat16().double(), input_ids, mask), rel=1e-5)


def test_processes_that_divide_by_the_mean_number_of_all_have_the_whole_as_their_mean():
    logits, input_ids, mask = drawn(6, 9, 5)
    num = torch.tensor(len(slow_places(mask)) / 2)
    halves = [captioning_loss(logits[rows], input_ids[rows], mask[rows], num) for rows in (slice(0, 2), slice(2, 6))]
    assert sum(halves).item() / 2 == pytest.approx(captioning_loss(logits, input_ids, mask).item(), rel=1e-6)


def test_shapes_that_do_not_fit_are_refused():
    logits, input_ids, mask = drawn(3, 6, 4)
    with pytest.raises(DataError, match=r"logits \(3, 5, 4\) for word pieces \(3, 6\)"):
        captioning_loss(logits[:, :-1], input_ids, mask)
    with pytest.raises(DataError, match=r"mask \(3, 5\)"):
        captioning_loss(logits, input_ids, mask[:, 1:])
