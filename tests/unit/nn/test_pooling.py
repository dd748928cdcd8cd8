"""Pooling counts what is real and nothing else."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecg_text.nn.pooling import AttentionPool, QueryPool, SpanPool, masked_mean, segment_means


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


def slow_query_pool(pool: QueryPool, tokens: Tensor, mask: Tensor) -> Tensor:
    """Each query of each row by itself, over the real tokens, one head after the other."""
    out = torch.empty(len(tokens), *pool.queries.shape)
    size = pool.queries.shape[1] // pool.num_heads
    for row in range(len(tokens)):
        real = pool.token_norm(tokens[row][mask[row]])
        for number, learned in enumerate(pool.queries):
            query, read = pool.query(pool.query_norm(learned)), []
            for head in range(pool.num_heads):
                part = slice(head * size, (head + 1) * size)
                weight = (pool.key(real)[:, part] @ query[part] / size**0.5).softmax(dim=0)
                read.append(weight @ pool.value(real)[:, part])
            out[row, number] = pool.norm(pool.out(torch.cat(read)))
    return out


def query_pool(seed: int) -> QueryPool:
    torch.manual_seed(seed)
    pool = QueryPool(token_width=12, width=8, num_heads=2, num_queries=3)
    for parameter in pool.parameters():
        parameter.data.add_(0.1 * torch.randn(parameter.shape))
    return pool


def test_query_pool_is_what_a_loop_over_queries_and_heads_reads() -> None:
    pool, tokens = query_pool(6), torch.randn(3, 7, 12, generator=generator(7))
    mask = torch.arange(7) < torch.tensor([[4], [7], [1]])
    pooled = pool(torch.where(mask.unsqueeze(-1), tokens, torch.full_like(tokens, 99.0)), mask)
    torch.testing.assert_close(pooled, slow_query_pool(pool, tokens, mask))


def test_query_pool_is_torchs_multi_head_attention_between_norms() -> None:
    pool, tokens = query_pool(8), torch.randn(2, 7, 12, generator=generator(9))
    mask = torch.arange(7) < torch.tensor([[4], [7]])
    attention = nn.MultiheadAttention(8, 2, kdim=12, vdim=12, batch_first=True)
    attention.q_proj_weight.data.copy_(pool.query.weight)
    attention.k_proj_weight.data.copy_(pool.key.weight)
    attention.v_proj_weight.data.copy_(pool.value.weight)
    attention.in_proj_bias.data.copy_(torch.cat([pool.query.bias, pool.key.bias, pool.value.bias]))
    attention.out_proj.load_state_dict(pool.out.state_dict())
    query, read = pool.query_norm(pool.queries).expand(2, -1, -1), pool.token_norm(tokens)
    expected, _ = attention(query, read, read, key_padding_mask=~mask)
    torch.testing.assert_close(pool(tokens, mask), pool.norm(expected))
    parts = (attention, pool.query_norm, pool.token_norm, pool.norm)
    weights = sum(parameter.numel() for part in parts for parameter in part.parameters())
    assert sum(parameter.numel() for parameter in pool.parameters()) == weights + pool.queries.numel()


def test_query_pool_of_nothing_is_finite_with_a_finite_gradient() -> None:
    pool, tokens = query_pool(10), torch.randn(2, 5, 12, generator=generator(11)).requires_grad_()
    mask = torch.tensor([[False] * 5, [True] * 5])
    pooled = pool(tokens, mask)
    pooled.sum().backward()
    torch.testing.assert_close(pooled[0], pool.norm(pool.out.bias).expand(3, -1))
    torch.testing.assert_close(pooled[1:], pool(tokens[1:], mask[1:]))
    assert tokens.grad is not None
    assert torch.isfinite(tokens.grad).all()


def slow_span_pool(pool: SpanPool, tokens: torch.Tensor, member: torch.Tensor) -> torch.Tensor:
    """One span, one head and one token at a time."""
    out = []
    for b, spans in enumerate(member):
        for span in spans:
            inside = [pool.token_norm(token) for token, is_in in zip(tokens[b], span, strict=True) if is_in]
            heads = []
            for head, width in enumerate(
                [pool.value.out_features // pool.score.out_features] * pool.score.out_features
            ):
                weights = torch.stack([pool.score(token)[head] for token in inside]).softmax(dim=0) if inside else []
                part = slice(head * width, head * width + width)
                values = [weight * pool.value(token)[part] for weight, token in zip(weights, inside, strict=True)]
                heads.append(torch.stack(values).sum(dim=0) if values else torch.zeros(width))
            out.append(pool.norm(pool.out(torch.cat(heads))))
    return torch.stack(out).unflatten(0, member.shape[:2])


def test_span_pool_is_its_slow_truth_and_an_empty_span_is_the_output_bias() -> None:
    torch.manual_seed(3)
    pool, tokens = SpanPool(12, 8, 2), torch.randn(2, 7, 12, generator=generator(12)).requires_grad_()
    place = torch.arange(7)
    spans = torch.tensor([[[0, 3], [3, 7], [0, 0]], [[1, 2], [0, 7], [6, 7]]])
    member = (place >= spans[..., :1]) & (place < spans[..., 1:])
    pooled = pool(tokens, member)
    torch.testing.assert_close(pooled, slow_span_pool(pool, tokens, member))
    torch.testing.assert_close(pooled[0, 2], pool.norm(pool.out.bias))
    pooled.sum().backward()
    assert tokens.grad is not None
    assert torch.isfinite(tokens.grad).all()
