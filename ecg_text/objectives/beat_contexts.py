"""Cosines of sentences with what they find among beats, for all pairs at once and without the vectors that they find.

A sentence y attends to the beats x_k of an ECG with weights a_k; the context c = sum_k a_k x_k that it reads there is
compared with it. The contexts of all pairs would be B * R * S * D numbers, but their cosines m need dot products
alone. With z_k = x_k.y, and G the dot products of the ECG's beats with each other,

    c.y = sum_k a_k z_k,    x_k.c = (G a)_k,    c.c = sum_k a_k (G a)_k,    m = c.y / (|c| |y|)

and the gradient is

    dm/da_k = z_k / (|c| |y|) - m (G a)_k / |c|^2       dm/dz_k = a_k / (|c| |y|)    (a held)
    dm/dG = -m a a^T / (2 |c|^2)                        dm/d|y| = -m / |y|           (a and z held)
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_ABSENT = -1e30  # far below the others in a softmax, and yet 0 times it is 0
Shape = tuple[int, int]  # of a table of sentences: s of each of c reports


class Sentences(NamedTuple):
    """Sentences of reports, laid out as tables (s, c) side by side: vectors (M, D), of which real (M,) tells the real.

    Every report has one or more; what is not real is zero. Where real is left out, all are.
    """

    vectors: Tensor
    real: Tensor | None
    shapes: list[Shape]


class Rules(NamedTuple):
    """The attention: sharpness times dot products, or times their softmax over sentences, through a softmax over beats.

    Arrays of (ECG, beat, sentence) triples have most elements, or what one ECG and one table need.
    """

    over_sentences: bool
    sharpness: float
    most: int


def context_cosines(beats: Tensor, beat_mask: Tensor | None, sentences: Sentences, rules: Rules) -> Tensor:
    """Cosine of each sentence with what it finds in each ECG: (B, K, D), (B, K), (M, D) -> (B, M).

    Every ECG has a real beat, and what is not real is zero. A zero sentence, and a context that is zero but for
    rounding, have no direction: their cosine is 0, without a gradient.
    """
    cosines: Tensor = _ContextCosines.apply(beats, sentences.vectors, beat_mask, sentences.real, sentences.shapes, rules)
    return cosines


def tables(x: Tensor, shapes: list[Shape]) -> list[Tensor]:
    """The tables that lie side by side in the last axis, as views: (..., M) -> (..., s, c) each."""
    parts = x.split([s * c for s, c in shapes], dim=-1)
    return [part.unflatten(-1, shape) for part, shape in zip(parts, shapes, strict=True)]


class _Block(NamedTuple):
    """ECGs and sentences that are compared at once."""

    ecgs: slice
    rows: slice
    shapes: list[Shape]


class _Given(NamedTuple):
    """Of all ECGs and sentences, or of one block's."""

    x: Tensor  # (B, K, D)
    gram: Tensor  # (B, K, K)
    y: Tensor  # (M, D)
    inverse_y: Tensor  # (M,) 1 / |y|
    real_x: Tensor | None = None  # (B, K)
    real_y: Tensor | None = None  # (M,)

    def part(self, block: _Block) -> _Given:
        at = (block.ecgs, block.ecgs, block.rows, block.rows, block.ecgs, block.rows)
        return _Given(*(of if of is None else of[here] for of, here in zip(self, at, strict=True)))


class _Found(NamedTuple):
    """What the sentences of a block find in its ECGs: (b, K, M); of contexts (b, M)."""

    dot: Tensor  # x_k.y
    share: Tensor | None  # softmax of it over sentences
    attention: Tensor
    pull: Tensor  # x_k.c
    inverse: Tensor  # 1 / |c|
    cosine: Tensor


class _ContextCosines(torch.autograd.Function):
    """The gradient is written out, so that it costs little more than the formula and the memory is bounded.

    What a block finds is kept for it where all together have at most eight times rules.most elements, else found again.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, y: Tensor, real_x: Tensor | None, real_y: Tensor | None, shapes: list[Shape], rules: Rules
    ) -> Tensor:
        given = _Given(x, x @ x.mT, y, _inverse_root(y.square().sum(dim=1)), real_x, real_y)
        cosines, kept = x.new_empty((len(x), len(y))), []
        blocks = _blocks(shapes, x.shape[0], x.shape[1], rules.most)
        for block in blocks:
            found = _find(given.part(block), block, rules)
            cosines[block.ecgs, block.rows] = found.cosine
            kept.extend(found if x.shape[0] * x.shape[1] * len(y) <= 8 * rules.most else ())
        ctx.save_for_backward(*given, *kept)
        ctx.blocks, ctx.rules = blocks, rules
        return cosines

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        num, size = len(_Given._fields), len(_Found._fields)
        given, kept = _Given(*ctx.saved_tensors[:num]), ctx.saved_tensors[num:]
        sums = _Given(*(torch.zeros_like(of) for of in given[:4]))
        with torch.autocast(device_type=grad.device.type, enabled=False):
            for k, block in enumerate(ctx.blocks):
                part = given.part(block)
                found = _Found(*kept[k * size : (k + 1) * size]) if kept else _find(part, block, ctx.rules)
                _add_gradient(sums.part(block), grad[block.ecgs, block.rows], part, found, block, ctx.rules)
            dx = sums.x.baddbmm_(sums.gram, given.x)
            dy = sums.y.addcmul_(given.y, (sums.inverse_y * given.inverse_y)[:, None])
        return dx, dy, None, None, None, None


def _blocks(shapes: list[Shape], num_ecgs: int, num_beats: int, most: int) -> list[_Block]:
    """Some ECGs and tables at a time, of at most `most` triples or of one ECG and one table."""
    blocks, row, rest = [], 0, shapes
    while rest:
        num = max(sum(num_beats * size <= most for size in accumulate(s * c for s, c in rest)), 1)
        here, rest = rest[:num], rest[num:]
        rows = slice(row, row := row + sum(s * c for s, c in here))
        step = max(most // (num_beats * (rows.stop - rows.start)), 1)
        blocks += [_Block(slice(ecg, ecg + step), rows, here) for ecg in range(0, num_ecgs, step)]
    return blocks


def _find(given: _Given, block: _Block, rules: Rules) -> _Found:
    x, gram, y, inverse_y, real_x, real_y = given
    dot = (x.flatten(0, 1) @ y.T).view(*x.shape[:2], len(y))
    share = None
    if rules.over_sentences:
        if real_y is not None:
            dot.masked_fill_(~real_y, _ABSENT)
        share = _joined(table.softmax(dim=-2) for table in tables(dot, block.shapes))
    energy = rules.sharpness * (dot if share is None else share)
    if real_x is not None:
        energy.masked_fill_(~real_x[:, :, None], -torch.inf)
    attention = energy.softmax(dim=1)
    pull = gram @ attention
    # Where beats cancel each other, what is left of |c|^2 and of c.y is the rounding of numbers as large as G.
    floor = torch.finfo(x.dtype).eps * x.shape[1] * gram.diagonal(dim1=1, dim2=2).amax(dim=1)
    inverse = _inverse_root((attention * pull).sum(dim=1), floor[:, None])
    cosine = (attention * dot).sum(dim=1).mul_(inverse).mul_(inverse_y)
    return _Found(dot, share, attention, pull, inverse, cosine)


def _add_gradient(sums: _Given, dm: Tensor, given: _Given, found: _Found, block: _Block, rules: Rules) -> None:
    """Add what a block gives for dL/dm (b, M): dL/dx and dL/dy by way of z, 2 dL/dG, and |y| dL/d|y| as inverse_y."""
    dot, share, attention, pull, inverse, cosine = found
    held = attention * (dm * inverse * given.inverse_y)[:, None]  # dL/dz where a is held
    turned = dm * cosine
    sums.inverse_y.sub_(turned.sum(dim=0).mul_(given.inverse_y))
    turned = attention * turned.mul_(inverse).mul_(inverse).neg_()[:, None]
    sums.gram.baddbmm_(turned, attention.mT)
    # a dL/da. Its sum over beats is 0, for no length of a changes a cosine: the softmax over beats asks no more.
    moved = (dot * held).addcmul_(pull, turned)
    if share is not None:
        moved.mul_(share)
        for part, table in zip(tables(moved, block.shapes), tables(share, block.shapes), strict=True):
            part.addcmul_(table, part.sum(dim=-2, keepdim=True), value=-1)
    dz = held.add_(moved, alpha=rules.sharpness).flatten(0, 1)
    sums.x.view(-1, given.x.shape[2]).addmm_(dz, given.y)
    sums.y.addmm_(dz.T, given.x.flatten(0, 1))


def _joined(parts: Iterable[Tensor]) -> Tensor:
    """Tables side by side: (..., s, c) each -> (..., M)."""
    return torch.cat([part.flatten(-2) for part in parts], dim=-1)


def _inverse_root(square: Tensor, floor: Tensor | float = 0.0) -> Tensor:
    return square.rsqrt().where(square > floor, 0)
