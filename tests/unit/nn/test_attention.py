"""The shares of attention are those that the modules read by."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ecg_text.nn.attention import attention_shares
from ecg_text.nn.pooling import QueryPool


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_shares_are_those_of_a_loop_and_of_torchs_attention() -> None:
    query, key, value = drawn(2, 3, 4, 6), drawn(2, 3, 5, 6, seed=1), drawn(2, 3, 5, 6, seed=2)
    attend = torch.tensor([[True, True, False, True, False], [True] * 5])[:, None, None, :]
    for allowed in (None, attend):
        shares = attention_shares(query, key, allowed)
        assert shares.shape == (2, 3, 4, 5)
        torch.testing.assert_close(shares @ value, F.scaled_dot_product_attention(query, key, value, attn_mask=allowed))
    row, head, place = 0, 1, 2
    weights = [
        math.exp(float(query[row, head, place] @ key[row, head, other]) / math.sqrt(6))
        if attend[row, 0, 0, other]
        else 0
        for other in range(5)
    ]
    expected = torch.tensor([weight / sum(weights) for weight in weights], dtype=torch.float64)
    torch.testing.assert_close(shares[row, head, place], expected)


def pool_of() -> QueryPool:
    torch.manual_seed(0)
    pool = QueryPool(token_width=12, width=8, num_heads=2, num_queries=3).double()
    for parameter in pool.parameters():
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    return pool


@torch.no_grad()
def test_what_a_pool_reads_are_its_shares_of_the_values() -> None:
    pool, tokens = pool_of(), drawn(3, 7, 12, seed=3)
    mask = torch.arange(7) < torch.tensor([[4], [7], [0]])
    shares = pool.attention(tokens, mask)
    assert shares.shape == (3, 2, 3, 7)
    torch.testing.assert_close(shares.sum(dim=-1), mask.any(dim=1).double()[:, None, None].expand(3, 2, 3))
    assert not shares.masked_select(~mask[:, None, None, :]).any()
    value = pool.value(pool.token_norm(tokens)).unflatten(-1, (2, -1)).transpose(1, 2)
    read = (shares @ value).transpose(1, 2).flatten(2)
    torch.testing.assert_close(pool.norm(pool.out(read)), pool(tokens, mask))


@torch.no_grad()
def test_a_pool_of_two_tokens_shares_them_by_hand() -> None:
    pool, tokens = pool_of(), drawn(1, 2, 12, seed=4)
    normed = pool.token_norm(tokens)[0]
    shares = pool.attention(tokens, torch.ones(1, 2, dtype=torch.bool))[0]
    for query in range(3):
        asked = pool.query(pool.query_norm(pool.queries[query]))
        for head in range(2):
            part = slice(4 * head, 4 * head + 4)
            first, second = ((pool.key(each)[part] @ asked[part]) / 2.0 for each in normed)
            torch.testing.assert_close(shares[head, query, 0], torch.sigmoid(first - second))
