"""The wav2vec objective against loops, and against the published scores of transformers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from ecg_text.objectives.masked_contrast import (
    codebook_diversity,
    contrast_accuracy,
    contrasted_steps,
    distractor_counts,
    feature_penalty,
    masked_contrast,
    wav2vec_loss,
)


def chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(batch: int, steps: int, width: int, entries: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """context, targets, choices and mask; targets of equal choices are equal."""
    generator = chance(seed)
    context = torch.randn(batch, steps, width, generator=generator, dtype=torch.float64)
    choices = torch.randint(entries, (batch, steps, 2), generator=generator)
    book = torch.randn(entries, entries, width, generator=generator, dtype=torch.float64)
    mask = torch.rand(batch, steps, generator=generator) < 0.6
    return context, book[choices[..., 0], choices[..., 1]], choices, mask


def distractors(counts: Tensor, b: int, n: int) -> list[int]:
    """Each drawn step as often as it was drawn."""
    return [m for m, times in enumerate(counts[b, n].tolist()) for _ in range(times)]


def cosine(x: Tensor, y: Tensor) -> float:
    return float((x @ y) / (x.norm() * y.norm()))


def slow_contrast(context: Tensor, targets: Tensor, choices: Tensor, counts: Tensor, temperature: float) -> float:
    total, num = 0.0, 0
    for b, n in counts.any(-1).nonzero().tolist():
        own = math.exp(cosine(context[b, n], targets[b, n]) / temperature)
        others = [m for m in distractors(counts, b, n) if choices[b, m].tolist() != choices[b, n].tolist()]
        rest = sum(math.exp(cosine(context[b, n], targets[b, m]) / temperature) for m in others)
        total, num = total - math.log(own / (own + rest)), num + 1
    return total / max(num, 1)


def slow_accuracy(context: Tensor, targets: Tensor, choices: Tensor, counts: Tensor) -> float:
    hits = []
    for b, n in counts.any(-1).nonzero().tolist():
        others = [m for m in distractors(counts, b, n) if choices[b, m].tolist() != choices[b, n].tolist()]
        own = cosine(context[b, n], targets[b, n])
        hits.append(bool(others) and all(own > cosine(context[b, n], targets[b, m]) for m in others))
    return sum(hits) / len(hits)


@pytest.mark.parametrize(("batch", "steps", "entries", "num"), [(1, 6, 3, 4), (4, 13, 2, 20), (3, 30, 50, 100)])
@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_it_agrees_with_the_formula_as_loops(
    batch: int, steps: int, entries: int, num: int, temperature: float
) -> None:
    context, targets, choices, mask = drawn(batch, steps, 5, entries)
    counts = distractor_counts(mask, num, chance(1))
    loss = masked_contrast(context, targets, choices, counts, temperature)
    assert loss.item() == pytest.approx(slow_contrast(context, targets, choices, counts, temperature), rel=1e-9)
    accuracy = contrast_accuracy(context, targets, choices, counts)
    assert accuracy.item() == pytest.approx(slow_accuracy(context, targets, choices, counts))


@pytest.mark.slow  # the import of transformers
def test_it_agrees_with_the_scores_of_transformers() -> None:
    from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2ForPreTraining

    context, targets, choices, mask = drawn(3, 20, 8, 4)
    context, targets = context.float(), targets.float()
    counts = distractor_counts(mask, 10, chance(1))
    total = 0.0
    for b, n in mask.nonzero().tolist():
        places = distractors(counts, b, n)
        negatives = targets[b, places][:, None, None]  # (K, 1, 1, D)
        own = targets[b, n][None, None, None]
        logits = Wav2Vec2ForPreTraining.compute_contrastive_logits(own, negatives, context[b, n][None, None], 0.1)
        logits[1:][(own == negatives).all(-1)] = -torch.inf
        total += F.cross_entropy(logits.flatten()[None], torch.tensor([0]), reduction="sum").item()
    loss = masked_contrast(context, targets, choices, counts, 0.1)
    assert loss.item() == pytest.approx(total / int(mask.sum()), rel=1e-5)


def test_distractors_are_drawn_from_the_other_masked_steps_of_the_segment() -> None:
    _, _, _, mask = drawn(6, 25, 2, 2)
    mask[0], mask[1] = True, False
    counts = distractor_counts(mask, 100, chance(0))
    for b in range(6):
        for n in range(25):
            row = counts[b, n]
            assert row.sum() == (100 if mask[b, n] else 0)
            assert row[n] == 0
            assert (row[~mask[b]] == 0).all()


def test_distractors_are_drawn_uniformly_and_with_replacement() -> None:
    mask = torch.tensor([[True, False, True, True, False, True]])
    counts = distractor_counts(mask, 30000, chance(0))[0]
    shares = counts[mask[0]][:, mask[0]] / 30000
    torch.testing.assert_close(shares, (1 - torch.eye(4)) / 3, rtol=0, atol=0.012)  # four standard errors
    # With replacement each draw is a choice of its own: the number of one step is binomial.
    many = distractor_counts(torch.ones(4000, 5, dtype=torch.bool), 8, chance(1))[:, 0, 1].double()
    assert many.mean().item() == pytest.approx(2, abs=0.08)
    assert many.var().item() == pytest.approx(8 * 0.25 * 0.75, abs=0.12)


@pytest.mark.slow  # the import of transformers
def test_distractors_are_drawn_as_by_transformers() -> None:
    from transformers.models.wav2vec2.modeling_wav2vec2 import _sample_negative_indices

    mask, num = torch.rand(3, 9, generator=chance(2)) < 0.7, 20000
    np.random.seed(0)  # noqa: NPY002
    theirs = torch.from_numpy(_sample_negative_indices(tuple(mask.shape), num, mask.numpy())).long()
    theirs -= 9 * torch.arange(3)[:, None, None]
    expected = torch.stack([(theirs == place).sum(dim=-1) for place in range(9)], dim=-1) * mask[:, :, None]
    counts = distractor_counts(mask, num, chance(0))
    assert torch.equal(counts > 0, expected > 0)
    torch.testing.assert_close(counts / num, expected / num, rtol=0, atol=0.02)  # four standard errors


def test_the_generator_alone_decides() -> None:
    mask = torch.ones(2, 20, dtype=torch.bool)
    first, again, other = (distractor_counts(mask, 10, chance(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_lonely_masked_step_has_no_distractor_and_contributes_nothing() -> None:
    context, targets, choices, _ = drawn(3, 5, 4, 40)
    mask = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]], dtype=torch.bool)
    counts = distractor_counts(mask, 6, chance(0))
    assert counts[1:].sum() == 0
    assert contrasted_steps(counts) == 3
    context.requires_grad_()
    loss = masked_contrast(context, targets, choices, counts)
    loss.backward()
    alone = masked_contrast(context[:1], targets[:1], choices[:1], counts[:1])
    assert loss.item() == pytest.approx(alone.item(), rel=1e-12)
    assert context.grad is not None
    assert (context.grad[1:] == 0).all()
    assert (context.grad[0, ~mask[0]] == 0).all()


@pytest.mark.parametrize(("batch", "steps"), [(2, 5), (1, 1)])
def test_nothing_masked_costs_nothing(batch: int, steps: int) -> None:
    context, targets, choices, mask = drawn(batch, steps, 4, 3)
    counts = distractor_counts(torch.zeros_like(mask), 6, chance(0))
    loss = masked_contrast(context.requires_grad_(), targets.requires_grad_(), choices, counts)
    loss.backward()
    assert loss.item() == 0
    assert context.grad is not None
    assert targets.grad is not None
    assert (context.grad == 0).all()
    assert (targets.grad == 0).all()
    assert contrast_accuracy(context, targets, choices, counts).item() == 0


def test_one_step_masked_alone_in_a_segment_of_one_is_defined() -> None:
    context, targets, choices, _ = drawn(1, 1, 4, 3)
    counts = distractor_counts(torch.ones(1, 1, dtype=torch.bool), 6, chance(0))
    assert counts.tolist() == [[[0]]]
    assert masked_contrast(context, targets, choices, counts).item() == 0


def test_a_codebook_of_one_entry_costs_nothing_and_is_no_success() -> None:
    context, targets, choices, mask = drawn(3, 12, 4, 1)
    counts = distractor_counts(mask, 20, chance(0))
    loss = masked_contrast(context.requires_grad_(), targets, choices, counts)
    loss.backward()
    assert loss.item() == 0
    assert context.grad is not None
    assert (context.grad == 0).all()
    assert contrast_accuracy(context, targets, choices, counts).item() == 0


def test_contexts_upon_their_targets_cost_least_and_rank_first() -> None:
    context, targets, choices, _ = drawn(4, 20, 16, 50)
    mask = torch.ones(4, 20, dtype=torch.bool)
    counts = distractor_counts(mask, 50, chance(0))
    found, lost = (masked_contrast(x, targets, choices, counts) for x in (targets, context))
    assert found < 0.5 * lost
    assert contrast_accuracy(targets, targets, choices, counts).item() == 1
    assert contrast_accuracy(context, targets, choices, counts).item() < 0.3


def test_zero_vectors_are_defined() -> None:
    context, targets, choices, mask = drawn(2, 8, 4, 9)
    context, targets = context * 0, targets * 0
    counts = distractor_counts(mask, 10, chance(0))
    loss = masked_contrast(context.requires_grad_(), targets.requires_grad_(), choices, counts)
    loss.backward()
    assert torch.isfinite(loss)
    assert context.grad is not None
    assert torch.isfinite(context.grad).all()


def test_the_gradients_agree_with_finite_differences() -> None:
    context, targets, choices, mask = drawn(2, 5, 3, 3)
    mask[0] = True
    counts = distractor_counts(mask, 6, chance(0))
    inputs = (context.requires_grad_(), targets.requires_grad_())
    assert torch.autograd.gradcheck(lambda c, q: masked_contrast(c, q, choices, counts, 0.5), inputs)


def test_another_number_to_divide_by_may_be_given() -> None:
    context, targets, choices, mask = drawn(3, 12, 4, 5)
    counts = distractor_counts(mask, 20, chance(0))
    mean = masked_contrast(context, targets, choices, counts)
    given = masked_contrast(context, targets, choices, counts, num=2 * contrasted_steps(counts))
    assert given.item() == pytest.approx(mean.item() / 2, rel=1e-12)


def test_the_shares_of_two_processes_average_to_the_published_sum_over_all_steps() -> None:
    """sum over processes of (contrast summed + M x penalties), over all M: what fairseq's sample size divides by."""
    parts, published, steps = [], 0.0, 0
    for seed in (0, 1):
        context, targets, choices, mask = drawn(3, 10 + 4 * seed, 4, 5, seed)
        counts = distractor_counts(mask, 20, chance(seed))
        own = int(contrasted_steps(counts))
        diversity, penalty = torch.tensor(0.3 + 0.2 * seed), torch.tensor(0.01 * (1 + seed))
        contrast_sum = own * slow_contrast(context, targets, choices, counts, 0.1)
        published += contrast_sum + 0.1 * own * diversity.item() + 10 * own * penalty.item()
        steps += own
        parts.append((context, targets, choices, counts, diversity, penalty))
    num = torch.tensor(steps / 2)
    totals = [
        wav2vec_loss(masked_contrast(*tensors, num=num), diversity, penalty, share=contrasted_steps(tensors[3]) / num)
        for *tensors, diversity, penalty in parts
    ]
    assert sum(total.item() for total in totals) / 2 == pytest.approx(published / steps, rel=1e-6)


def test_on_one_process_the_total_is_a_plain_weighted_sum() -> None:
    total = wav2vec_loss(torch.tensor(4.0), torch.tensor(0.5), torch.tensor(0.02))
    assert total.item() == pytest.approx(4 + 0.1 * 0.5 + 10 * 0.02)
    other = wav2vec_loss(
        torch.tensor(4.0), torch.tensor(0.5), torch.tensor(0.02), diversity_weight=1.0, penalty_weight=0.0
    )
    assert other.item() == pytest.approx(4.5)


def test_diversity_is_the_share_of_the_codebook_not_in_use() -> None:
    assert codebook_diversity(torch.tensor(640.0), 640).item() == 0
    assert codebook_diversity(torch.tensor(2.0), 640).item() == pytest.approx(638 / 640)


def test_the_feature_penalty_is_the_mean_square_of_real_tokens() -> None:
    features = torch.randn(3, 6, 4, generator=chance(0), dtype=torch.float64)
    real = torch.arange(6) < torch.tensor([[6], [2], [0]])
    squares = [float(x) ** 2 for b, n in real.nonzero().tolist() for x in features[b, n]]
    assert feature_penalty(features, real).item() == pytest.approx(sum(squares) / len(squares))
    assert feature_penalty(features, torch.zeros_like(real)).item() == 0
    assert torch.autograd.gradcheck(lambda x: feature_penalty(x, real), (features.requires_grad_(),))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert feature_penalty(features.detach().bfloat16(), real).dtype == torch.float32


def test_under_autocast_the_loss_is_that_of_full_precision() -> None:
    context, targets, choices, mask = drawn(3, 20, 16, 9)
    context, targets = context.bfloat16(), targets.bfloat16()
    counts = distractor_counts(mask, 30, chance(0))
    plain = masked_contrast(context.float(), targets.float(), choices, counts)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = masked_contrast(context, targets, choices, counts)
        accuracy = contrast_accuracy(context, targets, choices, counts)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, plain)
    assert accuracy == contrast_accuracy(context.float(), targets.float(), choices, counts)


class Largest(TorchDispatchMode):
    """Remembers the bytes of the largest tensor that is made."""

    num_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for made in result if isinstance(result, tuple) else (result,):
            if isinstance(made, Tensor):
                self.num_bytes = max(self.num_bytes, made.nbytes)
        return result


def test_no_distractor_vector_is_ever_copied() -> None:
    batch, steps, width = 4, 156, 256
    context, targets, choices, mask = drawn(batch, steps, width, 20)
    context, targets = context.float().requires_grad_(), targets.float().requires_grad_()
    with Largest() as largest:
        counts = distractor_counts(mask, 100, chance(0))
        masked_contrast(context, targets, choices, counts).backward()
    # Places drawn, 8 bytes each, are the largest; the vectors at them would be 128 times as large.
    assert largest.num_bytes <= 8 * batch * steps * max(100, steps)
