"""What sentences find among beats, compared with them for all pairs at once and without the vectors that they find.

A sentence y attends to the beats x_k of an ECG with weights a_k, and reads the context c = sum_k a_k x_k there. The
contexts of all pairs would be B R S D numbers; but how far they point along their sentences, m = c.y / |c|, needs dot
products alone. With z_k = x_k.y, and G those of the ECG's beats with each other,

    c.y = sum_k a_k z_k,    x_k.c = (G a)_k,    c.c = sum_k a_k (G a)_k,

and the gradient is

    dm/dz_k = a_k / |c|    dm/da_k = z_k / |c| - m (G a)_k / |c|^2    dm/dx_k = -m a_k sum_l a_l x_l / |c|^2

for z, a and, by way of G alone, x. The length of a changes nothing. So a_k = exp(t e_k) does for a softmax over beats,
whose denominator is left out, and dm/de_k = t a_k dm/da_k.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def along_sentences(dots: Tensor, energy: Tensor, beats: Tensor, sharpness: float) -> Tensor:
    """m of each ECG and sentence: z (B, K, M), e (B, K, M), x (B, K, D) and t -> (B, M).

    A context that is zero but for rounding has no direction: it gives 0 without a gradient. There is no second
    derivative.
    """
    along: Tensor = _AlongSentences.apply(dots, energy, beats, sharpness)
    return along


class _AlongSentences(torch.autograd.Function):
    """The gradient is written out: autograd would multiply by G once more, and make more arrays on the way."""

    @staticmethod
    def forward(ctx: Any, dots: Tensor, energy: Tensor, beats: Tensor, sharpness: float) -> Tensor:
        gram = beats @ beats.mT
        weights = energy.sub(energy.amax(dim=1, keepdim=True)).mul_(sharpness).exp_()  # 1 at most: nothing overflows
        pull = gram @ weights
        product = weights * pull
        square = product.sum(dim=1)
        inverse = square.where(square > _rounding(weights, gram), torch.inf).rsqrt_()
        along = torch.mul(weights, dots, out=product).sum(dim=1).mul_(inverse)
        ctx.save_for_backward(dots, weights, pull, inverse, along, beats)
        ctx.sharpness = sharpness
        return along

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        dots, weights, pull, inverse, along, beats = ctx.saved_tensors
        with torch.autocast(device_type=grad.device.type, enabled=False):
            held = (grad * inverse)[:, None]
            turned = -held * (along * inverse)[:, None]
            d_energy = (dots * (ctx.sharpness * held)).addcmul_(pull, ctx.sharpness * turned).mul_(weights)
            product = weights * turned
            d_beats = product @ weights.mT @ beats
            return torch.mul(weights, held, out=product), d_energy, d_beats, None


def _rounding(weights: Tensor, gram: Tensor) -> Tensor:
    """What rounding can leave of |c|^2 where the beats cancel each other: (B, K, M), (B, K, K) -> (B, M)."""
    norms = gram.diagonal(dim1=1, dim2=2).sqrt()
    longest = (norms[:, None] @ weights).squeeze(1)  # as long as c would be if all beats pointed one way
    return longest.square_().mul_(torch.finfo(weights.dtype).eps * weights.shape[1])
