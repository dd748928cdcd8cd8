"""Span masks: their rate against its exact expectation, their places against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ecg_text.errors import ConfigError
from ecg_text.nn.span_masks import SpanMasking, cover, effective_rate, span_mask, span_starts, trim_to_least

PUBLISHED, UNTRIMMED = SpanMasking(), SpanMasking(trim=False)


def chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def all_real(batch: int, tokens: int = 156) -> Tensor:
    return torch.ones(batch, tokens, dtype=torch.bool)


def ragged(batch: int, tokens: int, seed: int = 0) -> Tensor:
    """Real tokens from a random start to a random end, some rows without any."""
    ends = torch.randint(0, tokens + 1, (batch, 2), generator=chance(seed)).sort(dim=1).values
    place = torch.arange(tokens)
    return (place >= ends[:, :1]) & (place < ends[:, 1:])


def expected_rate(tokens: int, budget: float, length: int) -> float:
    """A token stays unmasked if none of the spans that cover it is among those chosen: a sum over tokens."""
    exact = budget * tokens / length
    low = math.floor(exact)
    places = tokens - length + 1
    masked = 0.0
    for number, weight in ((low, low + 1 - exact), (low + 1, exact - low)):
        for token in range(tokens):
            over = sum(start <= token < start + length for start in range(places))
            masked += weight * (1 - math.comb(places - over, number) / math.comb(places, number))
    return masked / tokens


def runs(row: list[bool]) -> list[int]:
    """Lengths of the uninterrupted masked runs."""
    found, last = [], False
    for value in row:
        if value and not last:
            found.append(0)
        if value:
            found[-1] += 1
        last = value
    return found


def test_the_start_budget_of_65_per_cent_masks_half() -> None:
    exact = expected_rate(156, 0.65, 10)
    assert exact == pytest.approx(0.495, abs=0.003)  # notes: 49.5 %
    real = all_real(8000)
    measured = effective_rate(span_mask(real, UNTRIMMED, chance(0)), real).item()
    assert measured == pytest.approx(exact, abs=0.002)


def test_trimming_to_the_least_of_128_rows_leaves_a_third() -> None:
    real = all_real(128)
    rates = [effective_rate(span_mask(real, PUBLISHED, chance(seed)), real).item() for seed in range(60)]
    assert sum(rates) / len(rates) == pytest.approx(0.35, abs=0.01)  # notes: about 55 of 156


def theirs(batch: int, tokens: int, num: int) -> Tensor:
    """As transformers draws them; its rounding of the number of spans, drawn once a batch, leaves nothing to round."""
    from transformers.models.wav2vec2.modeling_wav2vec2 import _compute_mask_indices

    real = torch.arange(156) < torch.full((batch, 1), tokens)
    found = _compute_mask_indices((batch, 156), num * 10 / tokens, 10, attention_mask=real.long(), min_masks=2)
    return torch.from_numpy(found)


@pytest.mark.slow  # the import of transformers
@pytest.mark.parametrize(("tokens", "num"), [(156, 10), (156, 11), (80, 4), (80, 1)])
def test_rows_are_masked_as_those_of_transformers(tokens: int, num: int) -> None:
    """The mean and spread of what is masked in a row, its least in a batch, and how often each token is."""
    np.random.seed(0)  # noqa: NPY002
    batches, rows = 12, 128
    real = torch.arange(156) < torch.full((rows, 1), tokens)
    spans = SpanMasking(budget=num * 10 / tokens, trim=False)
    ours = torch.cat([span_mask(real, spans, chance(seed)) for seed in range(batches)])
    other = torch.cat([theirs(rows, tokens, num) for _ in range(batches)])
    assert not (ours | other)[:, tokens:].any()
    one, two = (mask.sum(dim=1).double() for mask in (ours, other))
    spread = two.std().item()
    assert one.mean().item() == pytest.approx(two.mean().item(), abs=4 * spread * (2 / len(two)) ** 0.5)
    assert one.std().item() == pytest.approx(spread, rel=0.1)
    least = [number.view(batches, rows).amin(dim=1).mean().item() for number in (one, two)]
    assert least[0] == pytest.approx(least[1], abs=3)
    torch.testing.assert_close(ours.double().mean(dim=0), other.double().mean(dim=0), rtol=0, atol=0.08)


def test_spans_are_covered_as_by_a_loop() -> None:
    starts = torch.rand(5, 30, generator=chance(0)) < 0.08
    starts[:, 27:] = False
    slow = torch.zeros_like(starts)
    for b, n in starts.nonzero().tolist():
        slow[b, n : n + 4] = True
    assert torch.equal(cover(starts, 4), slow)
    assert torch.equal(cover(starts, 1), starts)


@pytest.mark.parametrize("seed", range(5))
def test_every_span_lies_over_real_tokens_and_their_number_is_that_of_the_budget(seed: int) -> None:
    real = ragged(40, 60, seed)
    real[0], real[1] = True, False
    spans = SpanMasking(budget=0.5, length=6, min_spans=2, trim=False)
    starts = span_starts(real, spans, chance(seed))
    mask = span_mask(real, spans, chance(seed))
    assert torch.equal(mask, cover(starts, 6))
    assert not (mask & ~real).any()
    for row in range(40):
        num = int(real[row].sum())
        most = max(num - 1, 0) // 6
        wanted = 0.5 * num / 6
        allowed = {min(max(int(x), 2), most) for x in (math.floor(wanted), math.ceil(wanted))}
        assert int(starts[row].sum()) in allowed
        assert all(length >= 6 for length in runs(mask[row].tolist()))
        assert num == 0 or (real[row] & ~mask[row]).any()  # something is left to tell from


def test_the_mean_number_of_spans_is_exact() -> None:
    number = span_starts(all_real(5000), UNTRIMMED, chance(1)).sum(dim=1)
    assert sorted(set(number.tolist())) == [10, 11]
    assert number.float().mean().item() == pytest.approx(10.14, abs=0.02)


def test_all_places_are_as_likely_to_start_a_span() -> None:
    starts = span_starts(all_real(20000, 20), SpanMasking(budget=0.3, length=3, trim=False), chance(2))
    shares = starts.float().mean(dim=0)
    assert (shares[18:] == 0).all()
    torch.testing.assert_close(shares[:18], torch.full((18,), 2 / 18), rtol=0, atol=0.01)


def test_a_hole_in_the_real_tokens_is_not_masked() -> None:
    real = all_real(200, 40)
    real[:, 18:20] = False
    mask = span_mask(real, SpanMasking(length=8, trim=False), chance(0))
    assert not mask[:, 18:20].any()
    assert mask[:, :18].any()
    assert mask[:, 20:].any()


def test_at_least_two_spans_where_they_fit_and_none_in_a_row_too_short() -> None:
    spans = SpanMasking(budget=0.1, length=10, trim=False)
    for num, wanted in ((156, 2), (21, 2), (20, 1), (11, 1), (10, 0), (3, 0), (0, 0)):
        real = torch.arange(156).expand(30, 156) < num
        assert (span_starts(real, spans, chance(num)).sum(dim=1) == wanted).all()
    assert not span_mask(all_real(4, 5), spans, chance(0)).any()


def test_rows_of_one_length_are_trimmed_to_the_least_number_by_chance() -> None:
    real = all_real(16)
    mask = span_mask(real, UNTRIMMED, chance(3))
    trimmed = trim_to_least(mask, real, chance(4))
    assert (trimmed.sum(dim=1) == mask.sum(dim=1).min()).all()
    assert not (trimmed & ~mask).any()
    assert not torch.equal(trimmed, trim_to_least(mask, real, chance(5)))


def test_which_steps_are_trimmed_is_uniform() -> None:
    mask = torch.zeros(10001, 12, dtype=torch.bool)
    mask[:, 2:10] = True
    mask[-1, 5:] = False  # three of twelve are the least
    left = trim_to_least(mask, torch.ones_like(mask), chance(0))[:-1].float().mean(dim=0)
    torch.testing.assert_close(left[2:10], torch.full((8,), 3 / 8), rtol=0, atol=0.025)


def test_a_short_row_and_an_empty_one_do_not_thin_the_others() -> None:
    real = torch.arange(100) < torch.tensor([[100], [100], [50], [5]])
    mask = torch.zeros(4, 100, dtype=torch.bool)
    mask[0, :40], mask[1, 20:50], mask[2, :25] = True, True, True  # 40 %, 30 % and 50 %
    assert trim_to_least(mask, real, chance(0)).sum(dim=1).tolist() == [30, 30, 15, 0]


def test_nothing_real_is_nothing_masked() -> None:
    real = torch.zeros(3, 30, dtype=torch.bool)
    mask = span_mask(real, PUBLISHED, chance(0))
    assert not mask.any()
    assert effective_rate(mask, real).item() == 0


def test_the_effective_rate_counts_real_tokens_alone() -> None:
    real, mask = ragged(9, 20), torch.rand(9, 20, generator=chance(1)) < 0.5
    pairs = [(m, r) for m, r in zip(mask.flatten().tolist(), real.flatten().tolist(), strict=True) if r]
    assert effective_rate(mask, real).item() == pytest.approx(sum(m for m, _ in pairs) / len(pairs))


def test_the_generator_alone_decides() -> None:
    real = ragged(6, 156)
    first, again, other = (span_mask(real, PUBLISHED, chance(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    "wrong", [{"budget": 0.0}, {"budget": 1.5}, {"budget": math.nan}, {"length": 0}, {"min_spans": -1}]
)
def test_impossible_values_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="spans"):
        SpanMasking(**wrong)
