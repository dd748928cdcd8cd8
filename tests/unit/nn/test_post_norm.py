"""The post-norm block against attention written out, and a gradient that arrives smaller."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ecg_text.nn.gradient import scale_gradient
from ecg_text.nn.transformer import BERT_STD, PostNormBlock


def slow_block(block: PostNormBlock, x: Tensor, mask: Tensor) -> Tensor:
    """Each token of each row by itself, reading the real tokens of its row."""
    heads = block.attention.num_heads
    size = x.shape[2] // heads
    out = torch.empty_like(x)
    for row in range(len(x)):
        query, key, value = block.attention.query_key_value(x[row]).chunk(3, dim=1)
        for token in range(x.shape[1]):
            mixed = []
            for head in range(heads):
                part = slice(head * size, (head + 1) * size)
                scores = key[:, part] @ query[token, part] / size**0.5
                mixed.append(scores[mask[row]].softmax(dim=0) @ value[mask[row]][:, part])
            stream = block.attention_norm(x[row, token] + block.attention.out(torch.cat(mixed)))
            inner = F.gelu(block.mlp[0](stream))
            out[row, token] = block.mlp_norm(stream + block.mlp[2](inner))
    return out


def test_the_block_is_what_is_written_out() -> None:
    torch.manual_seed(0)
    block = PostNormBlock(8, 2, expansion=3)
    for parameter in block.parameters():
        parameter.data.add_(0.3 * torch.randn(parameter.shape))
    x, mask = torch.randn(2, 5, 8), torch.tensor([[True] * 5, [True, False, True, True, False]])
    torch.testing.assert_close(block(x, mask), slow_block(block, x, mask), atol=1e-5, rtol=1e-5)


def test_linear_weights_start_as_berts() -> None:
    block = PostNormBlock(64, 4)
    assert abs(block.mlp[0].weight.std().item() / BERT_STD - 1) < 0.05
    assert abs(block.attention.query_key_value.weight.std().item() / BERT_STD - 1) < 0.05
    assert (block.attention.out.bias == 0).all()


def test_values_stay_and_the_gradient_is_scaled() -> None:
    x = torch.randn(3, 4, requires_grad=True)
    scaled = scale_gradient(x, 0.25)
    assert torch.equal(scaled, x)
    (scaled**2).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, 0.25 * 2 * x.detach())
