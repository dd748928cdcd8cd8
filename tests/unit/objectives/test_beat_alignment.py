"""The beat alignment loss against the formula written pair by pair and sentence by sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ecg_text.errors import ConfigError, DataError
from ecg_text.objectives.beat_alignment import beat_alignment_loss, beat_alignment_scores, gather_sentences

VARIANTS = ("exact", "single")


@dataclass(frozen=True, eq=False)
class Batch:
    """What is compared; holes in the masks are anywhere."""

    beats: Tensor
    sentences: Tensor
    sentence_mask: Tensor
    beat_mask: Tensor | None = None
    also_true: Tensor | None = None

    def scores(self, **settings: Any) -> Tensor:
        return beat_alignment_scores(
            self.beats, self.sentences, self.sentence_mask, beat_mask=self.beat_mask, **settings
        )

    def loss(self, scale: float = 10.0, **settings: Any) -> Tensor:
        return beat_alignment_loss(self.scores(**settings), self.also_true, scale)

    def take(self, rows: Tensor) -> Batch:
        """The records of these rows, in this order."""
        return Batch(
            self.beats[rows],
            self.sentences[rows],
            self.sentence_mask[rows],
            None if self.beat_mask is None else self.beat_mask[rows],
            None if self.also_true is None else self.also_true[rows][:, rows],
        )

    def learning(self) -> Batch:
        """The same numbers, which a gradient is wanted of."""
        fresh = (x.detach().clone().requires_grad_() for x in (self.beats, self.sentences))
        return replace(self, **dict(zip(("beats", "sentences"), fresh, strict=True)))

    def gradients(self, **settings: Any) -> tuple[Tensor, ...]:
        batch = self.learning()
        return torch.autograd.grad(batch.loss(**settings), (batch.beats, batch.sentences))


def drawn(num: int, num_beats: int, num_sentences: int, width: int, seed: int = 0, dtype=torch.float64) -> Batch:
    """Records of which none is without a beat or a sentence."""
    chance = torch.Generator().manual_seed(seed)

    def mask(*shape: int) -> Tensor:
        some = torch.rand(shape, generator=chance) < 0.6
        some[torch.arange(shape[0]), torch.randint(shape[1], shape[:1], generator=chance)] = True
        return some

    return Batch(
        torch.randn(num, num_beats, width, generator=chance, dtype=torch.float64).to(dtype),
        torch.randn(num, num_sentences, width, generator=chance, dtype=torch.float64).to(dtype),
        mask(num, num_sentences),
        mask(num, num_beats),
        torch.rand(num, num, generator=chance) < 0.2,
    )


def slow_score(beats: Tensor, sentences: Tensor, variant: str, first: float, second: float) -> Tensor:
    """The score of one ECG and one report, of real beats (K, D) and real sentences (S, D) alone."""
    total = beats.new_zeros(())
    for s in range(len(sentences)):
        energies = []
        for beat in beats:
            energy = beat @ sentences[s]
            if variant == "exact":
                energy = energy.exp() / sum((beat @ other).exp() for other in sentences)
            energies.append(first * energy)
        weights = [energy.exp() / sum(other.exp() for other in energies) for energy in energies]
        context = sum(weight * beat for weight, beat in zip(weights, beats, strict=True))
        cosine = (context @ sentences[s]) / (context.norm() * sentences[s].norm())
        total = total + (second * cosine).exp()
    return total.log()


def slow_scores(batch: Batch, variant: str, first: float = 4.0, second: float = 5.0) -> Tensor:
    rows = []
    for b, beats in enumerate(batch.beats):
        real_beats = beats if batch.beat_mask is None else beats[batch.beat_mask[b]]
        row = []
        for sentences, mask in zip(batch.sentences, batch.sentence_mask, strict=True):
            row.append(slow_score(real_beats, sentences[mask], variant, first, second))
        rows.append(torch.stack(row))
    return torch.stack(rows)


def slow_loss(batch: Batch, variant: str, scale: float = 10.0) -> Tensor:
    scores, num = slow_scores(batch, variant), len(batch.beats)
    true = torch.zeros(num, num, dtype=torch.bool) if batch.also_true is None else batch.also_true
    total = scores.new_zeros(())
    for table, same in ((scores, true), (scores.T, true.T)):
        for i in range(num):
            rivals = sum((scale * table[i, j]).exp() for j in range(num) if j == i or not same[i, j])
            total = total - (scale * table[i, i]) + rivals.log()
    return total / (2 * num)


SIZES = [(1, 1, 1, 2), (2, 3, 1, 4), (3, 1, 4, 5), (5, 4, 3, 6), (20, 3, 2, 3)]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", SIZES)
def test_scores_and_loss_agree_with_the_formula_as_loops(size: tuple[int, ...], variant: str) -> None:
    for batch in (drawn(*size), replace(drawn(*size, seed=1), beat_mask=None, also_true=None)):
        torch.testing.assert_close(batch.scores(variant=variant), slow_scores(batch, variant), rtol=1e-10, atol=1e-10)
        assert batch.loss(variant=variant).item() == pytest.approx(
            slow_loss(batch, variant).item(), rel=1e-10, abs=1e-10
        )


@pytest.mark.parametrize("variant", VARIANTS)
def test_in_float32_the_loss_is_the_same_to_five_digits(variant: str) -> None:
    batch = drawn(9, 13, 5, 32)
    short = replace(batch, beats=batch.beats.float() / 4, sentences=batch.sentences.float() / 4)
    long = replace(short, beats=short.beats.double(), sentences=short.sentences.double())
    loss = short.loss(variant=variant)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(slow_loss(long, variant).item(), rel=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_constants_are_those_of_the_formula(variant: str) -> None:
    batch = drawn(4, 3, 3, 5)
    scores = batch.scores(variant=variant, attention_sharpness=1.5, sentence_sharpness=2.5)
    torch.testing.assert_close(scores, slow_scores(batch, variant, 1.5, 2.5), rtol=1e-10, atol=1e-10)
    assert batch.loss(3.0, variant=variant).item() == pytest.approx(slow_loss(batch, variant, 3.0).item())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("max_bytes", [None, 1])
def test_gradients_agree_with_those_of_the_loops(variant: str, max_bytes: int | None) -> None:
    batch = drawn(5, 4, 3, 6).learning()
    wanted = torch.autograd.grad(slow_loss(batch, variant), (batch.beats, batch.sentences))
    for got, want in zip(batch.gradients(variant=variant, max_bytes=max_bytes), wanted, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("masked", [True, False])
def test_gradients_agree_with_finite_differences(variant: str, masked: bool) -> None:
    batch = drawn(3, 3, 2, 4, seed=5).learning()
    if not masked:
        batch = replace(batch, beat_mask=None, also_true=None)

    def loss(beats: Tensor, sentences: Tensor) -> Tensor:
        return replace(batch, beats=beats, sentences=sentences).loss(variant=variant)

    assert torch.autograd.gradcheck(loss, (batch.beats, batch.sentences))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("max_bytes", [0, 1, 20_000, 400_000, 10**8])
def test_how_many_ecgs_are_compared_at_a_time_changes_nothing(variant: str, max_bytes: int) -> None:
    batch = drawn(37, 5, 4, 6)
    loss = batch.loss(variant=variant, max_bytes=max_bytes)
    assert loss.item() == pytest.approx(batch.loss(variant=variant).item(), rel=1e-12)
    found, wanted = (batch.gradients(variant=variant, max_bytes=most) for most in (max_bytes, None))
    for got, want in zip(found, wanted, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_padding_changes_nothing_whatever_it_holds(variant: str) -> None:
    batch = drawn(6, 4, 3, 5)
    padding = {length: torch.full((6, length, 5), torch.nan, dtype=torch.float64) for length in (1, 2, 3)}
    longer = Batch(
        torch.cat([batch.beats, padding[2]], dim=1),
        torch.cat([padding[3].nan_to_num(1e300), batch.sentences, padding[1]], dim=1),
        torch.cat([torch.zeros(6, 3), batch.sentence_mask, torch.zeros(6, 1)], dim=1).bool(),
        torch.cat([batch.beat_mask, torch.zeros(6, 2)], dim=1).bool(),
        batch.also_true,
    )
    assert longer.loss(variant=variant).item() == pytest.approx(batch.loss(variant=variant).item(), rel=1e-12)
    beats, sentences = longer.gradients(variant=variant)
    wanted = batch.gradients(variant=variant)
    torch.testing.assert_close(beats[:, :4], wanted[0])
    torch.testing.assert_close(sentences[:, 3:6], wanted[1])
    assert not beats[~longer.beat_mask].any()
    assert not sentences[~longer.sentence_mask].any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_beats_that_are_not_real_do_not_outweigh_real_ones_that_point_away(variant: str) -> None:
    batch = drawn(3, 4, 2, 5)
    away = replace(batch, beats=-1000 * batch.sentences.mean(dim=1, keepdim=True).expand(3, 4, 5), also_true=None)
    real = away.beat_mask[:, :1] | True
    alone = replace(away, beats=away.beats[:, :1], beat_mask=real)
    masked = replace(away, beat_mask=torch.cat([real, torch.zeros(3, 3).bool()], dim=1))
    torch.testing.assert_close(masked.scores(variant=variant), alone.scores(variant=variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_masks_may_be_whole_numbers(variant: str) -> None:
    batch = drawn(4, 3, 3, 5)
    numbers = replace(batch, sentence_mask=batch.sentence_mask.long(), beat_mask=batch.beat_mask.int())
    assert torch.equal(numbers.scores(variant=variant), batch.scores(variant=variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_order_of_records_beats_and_sentences_does_not_matter(variant: str) -> None:
    batch = drawn(7, 4, 3, 5)
    order = torch.tensor([3, 6, 0, 5, 1, 2, 4])
    assert batch.take(order).loss(variant=variant).item() == pytest.approx(batch.loss(variant=variant).item())
    turned = Batch(*(x.flip(1) for x in (batch.beats, batch.sentences, batch.sentence_mask, batch.beat_mask)))
    torch.testing.assert_close(turned.scores(variant=variant), batch.scores(variant=variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_records_without_a_beat_or_a_sentence_take_no_part(variant: str) -> None:
    batch = drawn(7, 4, 3, 5)
    batch.sentence_mask[2] = False
    batch.sentence_mask[5] = batch.beat_mask[5] = False
    batch.beat_mask[6] = False
    whole = torch.tensor([0, 1, 3, 4])
    assert batch.loss(variant=variant).item() == pytest.approx(slow_loss(batch.take(whole), variant).item())
    got, wanted = batch.gradients(variant=variant), batch.take(whole).gradients(variant=variant)
    for of_all, of_whole in zip(got, wanted, strict=True):
        torch.testing.assert_close(of_all[whole], of_whole)
        assert not of_all[[2, 5, 6]].any()
    scores = batch.scores(variant=variant)
    absent = torch.zeros(7, 7, dtype=torch.bool)
    absent[[5, 6]] = absent[:, [2, 5]] = True
    assert torch.equal(scores == -torch.inf, absent)
    assert torch.isfinite(scores[~absent]).all()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("max_bytes", [None, 1])
def test_a_batch_of_which_nothing_can_be_compared_costs_nothing(variant: str, max_bytes: int | None) -> None:
    none = torch.zeros(3, 4, dtype=torch.bool)
    batch = replace(drawn(3, 4, 4, 5), also_true=None)
    for empty in (
        replace(batch, sentence_mask=none),
        replace(batch, beat_mask=none),
        replace(batch, beat_mask=None, sentence_mask=none),
    ):
        assert empty.loss(variant=variant, max_bytes=max_bytes).item() == 0
        assert not any(gradient.any() for gradient in empty.gradients(variant=variant, max_bytes=max_bytes))


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_record_costs_nothing(variant: str) -> None:
    batch = drawn(1, 4, 3, 5)
    assert batch.loss(variant=variant).item() == 0
    assert not any(gradient.any() for gradient in batch.gradients(variant=variant))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_vectors_that_are_zero_or_cancel_each_other_give_no_nan(variant: str, dtype: torch.dtype) -> None:
    batch = replace(drawn(5, 2, 3, 6, dtype=dtype), beat_mask=None)
    batch.beats[0] = 0
    batch.beats[1, 1] = -batch.beats[1, 0]
    batch.sentences[2] = 0
    batch.sentences[3] = batch.sentences[3, 0]
    batch.sentences[4] = torch.eye(6)[:3]
    batch.beats[2] = torch.eye(6)[4:]  # at right angles to the sentences of 4
    scores = batch.scores(variant=variant)
    num = batch.sentence_mask.sum(dim=1)
    torch.testing.assert_close(scores[0], num.to(dtype).log())  # all cosines with a zero context are 0
    torch.testing.assert_close(scores[:, 2], num[2].to(dtype).log().expand(5))
    assert (scores <= 5 + num.log() + 1e-4).all()
    assert (scores >= -5 + num.log() - 1e-4).all()
    assert all(torch.isfinite(gradient).all() for gradient in batch.gradients(variant=variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_large_dot_products_overflow_nowhere(variant: str) -> None:
    batch = drawn(6, 5, 4, 8, dtype=torch.float32)
    large = replace(batch, beats=1e4 * batch.beats, sentences=1e4 * batch.sentences)
    assert torch.isfinite(large.loss(variant=variant))
    assert all(torch.isfinite(gradient).all() for gradient in large.gradients(variant=variant))


def test_a_vector_that_is_no_number_is_not_passed_over() -> None:
    batch = drawn(4, 3, 2, 5)
    batch.beats[1, batch.beat_mask[1]] = torch.nan
    assert torch.isnan(batch.loss())


@pytest.mark.parametrize("variant", VARIANTS)
def test_equal_reports_leave_no_negatives(variant: str) -> None:
    batch = drawn(4, 3, 2, 5)
    same = Batch(batch.beats, batch.sentences[:1].expand(4, 2, 5), batch.sentence_mask[:1].expand(4, 2))
    equal = replace(same, also_true=torch.ones(4, 4, dtype=torch.bool))
    assert equal.loss(variant=variant).item() == 0
    assert not any(gradient.any() for gradient in equal.gradients(variant=variant))
    # As negatives of each other they cannot be told apart: an ECG finds its report at chance, and that costs log 4.
    assert same.loss(variant=variant) >= math.log(4)


def test_sentences_found_in_their_own_ecg_cost_least() -> None:
    batch = drawn(6, 4, 4, 16)
    own = replace(batch, sentences=batch.beats, also_true=None, beat_mask=None)
    other = replace(own, sentences=own.sentences.roll(1, 0), sentence_mask=own.sentence_mask.roll(1, 0))
    assert own.loss() < other.loss()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("max_bytes", [None, 1])
def test_loss_and_gradient_of_half_precision_are_those_of_full(
    variant: str, dtype: torch.dtype, max_bytes: int | None
) -> None:
    batch = drawn(6, 5, 4, 8, dtype=dtype).learning()
    with torch.autocast("cpu", dtype=dtype):
        loss = batch.loss(variant=variant, max_bytes=max_bytes)
    loss.backward()
    full = replace(batch, beats=batch.beats.detach().float(), sentences=batch.sentences.detach().float())
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, full.loss(variant=variant))
    for got, want in zip((batch.beats.grad, batch.sentences.grad), full.gradients(variant=variant), strict=True):
        torch.testing.assert_close(got, want.to(dtype))


@pytest.mark.parametrize("max_bytes", [None, 1])
def test_the_gradient_can_be_taken_again_and_of_one_argument_alone(max_bytes: int | None) -> None:
    batch = drawn(5, 4, 3, 6).learning()
    loss = batch.loss(max_bytes=max_bytes)
    first = torch.autograd.grad(loss, (batch.beats, batch.sentences), retain_graph=True)
    again = torch.autograd.grad(loss, (batch.beats, batch.sentences))
    for beats, sentences, learning in (
        (batch.beats.detach(), batch.sentences, batch.sentences),
        (batch.beats, batch.sentences.detach(), batch.beats),
    ):
        alone = replace(batch, beats=beats, sentences=sentences).loss(max_bytes=max_bytes)
        [gradient] = torch.autograd.grad(alone, learning)
        torch.testing.assert_close(gradient, first[learning is batch.sentences])
    for got, want in zip(again, first, strict=True):
        assert torch.equal(got, want)


@settings(max_examples=30)
@given(st.data())
def test_any_masks_give_the_loss_of_the_loops(data: st.DataObject) -> None:
    num, num_beats, num_sentences = (data.draw(st.integers(1, most)) for most in (5, 3, 4))

    def mask(*shape: int) -> Tensor:
        size = math.prod(shape)
        return torch.tensor(data.draw(st.lists(st.booleans(), min_size=size, max_size=size))).view(shape)

    batch = replace(
        drawn(num, num_beats, num_sentences, 4),
        sentence_mask=mask(num, num_sentences),
        beat_mask=mask(num, num_beats),
        also_true=mask(num, num),
    )
    whole = (batch.sentence_mask.any(dim=1) & batch.beat_mask.any(dim=1)).nonzero().squeeze(1)
    variant, most = data.draw(st.sampled_from(VARIANTS)), data.draw(st.sampled_from([1, 3000, 10**7]))
    wanted = slow_loss(batch.take(whole), variant).item() if len(whole) else 0.0
    assert batch.loss(variant=variant, max_bytes=most).item() == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    assert all(torch.isfinite(gradient).all() for gradient in batch.gradients(variant=variant, max_bytes=most))


def test_scores_take_any_number_of_reports_and_a_report_need_be_compared_once() -> None:
    batch, row = drawn(5, 4, 3, 6), torch.tensor([0, 2, 0, 1, 2])
    few = replace(batch, sentences=batch.sentences[:3], sentence_mask=batch.sentence_mask[:3])
    torch.testing.assert_close(few.scores(), batch.scores()[:, :3])
    repeated = replace(few, sentences=few.sentences[row], sentence_mask=few.sentence_mask[row])
    torch.testing.assert_close(few.scores()[:, row], repeated.scores())


def test_on_one_process_gathered_sentences_score_as_before() -> None:
    batch = drawn(5, 4, 3, 6).learning()
    batch.sentence_mask[2] = False
    sentences, mask = gather_sentences(batch.sentences, batch.sentence_mask)
    gathered = replace(batch, sentences=sentences, sentence_mask=mask)
    assert mask.sum(dim=1).tolist() == batch.sentence_mask.sum(dim=1).tolist()
    torch.testing.assert_close(gathered.scores(), batch.scores())
    found = torch.autograd.grad(gathered.loss(), (batch.beats, batch.sentences))
    for got, want in zip(found, batch.gradients(), strict=True):
        torch.testing.assert_close(got, want)


def test_what_cannot_be_is_refused() -> None:
    batch = drawn(3, 2, 2, 4)
    beats, sentences, mask = batch.beats, batch.sentences, batch.sentence_mask
    with pytest.raises(DataError, match=r"width 4 and sentences of width 3"):
        beat_alignment_scores(beats, sentences[..., :3], mask)
    with pytest.raises(DataError, match=r"a beat_mask of shape \(3, 3\); give \(3, 2\)"):
        beat_alignment_scores(beats, sentences, mask, beat_mask=torch.ones(3, 3))
    with pytest.raises(DataError, match=r"a sentence_mask of shape \(2, 2\); give \(3, 2\)"):
        beat_alignment_scores(beats, sentences, mask[:2])
    for few, none in ((beats[:0], sentences), (beats, sentences[:0]), (beats[:, :0], sentences), (beats[0], sentences)):
        with pytest.raises(DataError, match=r"give \(B, K, D\) and \(R, S, D\), one of each at least"):
            beat_alignment_scores(few, none, mask)
    with pytest.raises(DataError, match=r"scores of shape \(3, 2\); give \(B, B\)"):
        beat_alignment_loss(beat_alignment_scores(beats, sentences[:2], mask[:2]))
    with pytest.raises(ConfigError, match=r"'both'.*exact, single"):
        batch.loss(variant="both")
