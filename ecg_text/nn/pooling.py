"""From a sequence to one vector, never counting what is masked."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.nn.attention import attention_shares, readable


def masked_mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """Mean of the real tokens: (B, N, D), (B, N) -> (B, D); a row without any is zero."""
    weight = mask.to(tokens.dtype).unsqueeze(-1)
    return (tokens * weight).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)  # counted in whole numbers


def segment_means(tokens: Tensor, segment: Tensor, num: int) -> tuple[Tensor, Tensor]:
    """Mean token of each segment, and whether it exists: (B, L, D), (B, L) -> (B, S, D), (B, S).

    segment holds each token's segment number, -1 for none; an absent segment is a zero row, never a dropped one.
    """
    member = F.one_hot(segment + 1, num + 1)[..., 1:].to(tokens.dtype)
    count = member.sum(dim=1)
    means = torch.einsum("bls,bld->bsd", member, tokens) / count.clamp(min=1).unsqueeze(-1)
    return means, count > 0


class AttentionPool(nn.Module):
    """Learned queries that read the real tokens: multi-head cross-attention, one output a query."""

    def __init__(self, width: int, num_heads: int, num_queries: int = 1) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Parameter(torch.randn(num_queries, width) * width**-0.5)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(B, N, D), (B, N) -> (B, K, D); a row with no real token gets the output bias."""
        batch, _, width = tokens.shape
        key, value = self._heads(self.key_value(tokens)).chunk(2, dim=-1)
        query = self._heads(self.query.expand(batch, -1, -1))
        real, attend = readable(mask)
        pooled = F.scaled_dot_product_attention(query, key, value, attn_mask=attend)
        pooled = pooled.transpose(1, 2).reshape(batch, -1, width)
        return self.out(pooled * real[:, None, None])

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


class QueryPool(nn.Module):
    """Learned queries of their own width that read wider tokens, normalised before and after (MELP, CoCa).

    Yu et al., 2022, section 3.2 (attentional poolers); in MELP 13 queries of width 256 make the beats, 128 of width 768
    the memory of the report decoder. Queries and tokens are normalised, read by multi-head cross-attention, and its
    outputs are normalised.
    """

    def __init__(self, token_width: int, width: int, num_heads: int, num_queries: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.queries = nn.Parameter(torch.randn(num_queries, width))  # of unit variance, as their norm makes them
        self.query_norm = nn.LayerNorm(width)
        self.token_norm = nn.LayerNorm(token_width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(token_width, width)
        self.value = nn.Linear(token_width, width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(B, N, W), (B, N) -> (B, K, D); a row with no real token gets the normalised output bias."""
        normed = self.token_norm(tokens)
        query, key = self._query_and_key(normed)
        real, attend = readable(mask)
        pooled = F.scaled_dot_product_attention(query, key, self._heads(self.value(normed)), attn_mask=attend)
        return self.norm(self.out(pooled.transpose(1, 2).flatten(2) * real[:, None, None]))

    def attention(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """How much of each token each query reads, by head: (B, N, W), (B, N) -> (B, H, K, N).

        The shares of a query sum to 1, and to 0 in a row with no real token.
        """
        real, attend = readable(mask)
        return attention_shares(*self._query_and_key(self.token_norm(tokens)), attend) * real[:, None, None, None]

    def _query_and_key(self, normed: Tensor) -> tuple[Tensor, Tensor]:
        query = self.query(self.query_norm(self.queries)).expand(len(normed), -1, -1)
        return self._heads(query), self._heads(self.key(normed))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


class SpanPool(nn.Module):
    """Each span of tokens becomes one vector: a mean of its tokens, weighted by what each head looks for.

    Tokens are normalised, and the outputs are, as in QueryPool. With spans for queries nothing about beats is learned
    by heart: there are as many vectors as the ECG has beats.
    """

    def __init__(self, token_width: int, width: int, num_heads: int) -> None:
        super().__init__()
        self.token_norm = nn.LayerNorm(token_width)
        self.score = nn.Linear(token_width, num_heads)
        self.value = nn.Linear(token_width, width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, member: Tensor) -> Tensor:
        """(B, N, W), which tokens are in each span (B, K, N) bool -> (B, K, D); an empty span is the output bias."""
        normed = self.token_norm(tokens)
        exists = member.any(dim=2, keepdim=True)
        score = self.score(normed).transpose(1, 2)[:, :, None, :]
        # An empty span would softmax over nothing; it reads everything and is zeroed below.
        share = score.masked_fill(~(member | ~exists)[:, None], -torch.inf).softmax(dim=-1)
        value = self.value(normed).unflatten(-1, (share.shape[1], -1)).transpose(1, 2)
        pooled = (share.to(value.dtype) @ value).transpose(1, 2).flatten(2)
        return self.norm(self.out(pooled * exists))
