"""Pooling counts what is real and nothing else."""

from __future__ import annotations

import torch

from ecg_text.nn.pooling import AttentionPool, masked_mean, segment_means


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_masked_mean_is_the_mean_of_the_real_tokens() -> None:
    tokens = torch.randn(3, 5, 2, generator=generator(0))
    mask = torch.tensor([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]], dtype=torch.bool)
    pooled = masked_mean(tokens, mask)
    for row in range(2):
        torch.testing.assert_close(pooled[row], tokens[row][mask[row]].mean(dim=0))
    assert (pooled[2] == 0).all()


def test_segment_means_keep_a_row_for_each_segment_even_an_absent_one() -> None:
    tokens = torch.randn(2, 6, 3, generator=generator(1))
    segment = torch.tensor([[-1, 0, 0, 2, 2, -1], [-1, -1, -1, -1, -1, -1]])
    means, exists = segment_means(tokens, segment, 3)
    assert exists.tolist() == [[True, False, True], [False, False, False]]
    torch.testing.assert_close(means[0, 0], tokens[0, 1:3].mean(dim=0))
    torch.testing.assert_close(means[0, 2], tokens[0, 3:5].mean(dim=0))
    assert (means[0, 1] == 0).all()
    assert (means[1] == 0).all()


def test_attention_pool_does_not_read_masked_tokens() -> None:
    torch.manual_seed(2)
    pool = AttentionPool(8, 2, num_queries=3)
    tokens = torch.randn(2, 7, 8, generator=generator(3))
    mask = torch.arange(7) < torch.tensor([[4], [7]])
    changed = torch.where(mask.unsqueeze(-1), tokens, torch.full_like(tokens, 99.0))
    torch.testing.assert_close(pool(tokens, mask), pool(changed, mask))
    torch.testing.assert_close(pool(tokens, mask)[:1], pool(tokens[:1, :4], mask[:1, :4]))


def test_attention_pool_of_nothing_is_finite_with_a_finite_gradient() -> None:
    torch.manual_seed(4)
    pool = AttentionPool(8, 2)
    tokens = torch.randn(1, 5, 8, generator=generator(5)).requires_grad_()
    pooled = pool(tokens, torch.zeros(1, 5, dtype=torch.bool))
    pooled.sum().backward()
    assert torch.isfinite(pooled).all()
    assert tokens.grad is not None
    assert torch.isfinite(tokens.grad).all()
