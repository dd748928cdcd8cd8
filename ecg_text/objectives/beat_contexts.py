"""What sentences find among the beats of ECGs, for all pairs at once and without the vectors that they find.

A sentence y attends to the beats x_k of an ECG with weights a_k; the context c = sum_k a_k x_k that it reads there is
compared with it. The contexts of all pairs would be B * R * S * D numbers, but their cosines m need dot products
alone. With z_k = x_k.y, and G the dot products of the ECG's beats with each other,

    c.y = sum_k a_k z_k,    x_k.c = (G a)_k,    c.c = sum_k a_k (G a)_k,    m = c.y / (|c| |y|)

and the gradient is

    dm/da_k = z_k / (|c| |y|) - m (G a)_k / |c|^2       dm/dz_k = a_k / (|c| |y|)    (a held)
    dm/dG = -m a a^T / (2 |c|^2)                        dm/dy = -m y / |y|^2         (a and z held)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class Block(NamedTuple):
    """ECGs and reports that are compared at once, and the rows of the reports' sentences: shape (s, c) of them."""

    ecgs: slice
    reports: slice
    rows: slice
    shape: tuple[int, int]


class Rules(NamedTuple):
    """How attention and score are computed (see beat_alignment_scores), and whether the gradient finds all it needs."""

    exact: bool
    attention_sharpness: float
    sentence_sharpness: float
    keep: bool


def blocks_of(shapes: Sequence[tuple[int, int]], num_ecgs: int, num_beats: int, most: int) -> list[Block]:
    """Blocks for tables (s, c) of sentences, each of at most `most` (ECG, beat, sentence) triples or of one ECG."""
    blocks, report, row = [], 0, 0
    for s, c in shapes:
        step = max(most // max(num_beats * s * c, 1), 1)
        for ecg in range(0, num_ecgs, step):
            ecgs = slice(ecg, min(ecg + step, num_ecgs))
            blocks.append(Block(ecgs, slice(report, report + c), slice(row, row + s * c), (s, c)))
        report, row = report + c, row + s * c
    return blocks


class _Given(NamedTuple):
    """Of all ECGs and sentences, or of one block's."""

    x: Tensor  # (B, K, D)
    gram: Tensor  # (B, K, K)
    y: Tensor  # (M, D)
    inverse_y: Tensor  # (M,) 1 / |y|
    real: Tensor | None = None  # (B, K)

    def part(self, block: Block) -> _Given:
        real = None if self.real is None else self.real[block.ecgs]
        return _Given(
            self.x[block.ecgs], self.gram[block.ecgs], self.y[block.rows], self.inverse_y[block.rows], real
        )


class _Found(NamedTuple):
    """What s sentences of each of c reports find among the K beats of b ECGs: (b, K, s, c); of contexts (b, s, c).

    Reports come last: an operation along beats or sentences then runs over adjacent numbers.
    """

    dot: Tensor  # x_k.y
    share: Tensor | None  # softmax of it over sentences
    attention: Tensor
    pull: Tensor  # x_k.c
    inverse: Tensor  # 1 / |c|
    cosine: Tensor


class ContextScores(torch.autograd.Function):
    """Scores of B ECGs and R reports: beats (B, K, D), real beats (B, K), sentences (M, D), R -> (B, R).

    Written out, the gradient costs little more than the formula. What the blocks find is kept for it, or found again.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, real: Tensor | None, y: Tensor, num_reports: int, blocks: list[Block], rules: Rules
    ) -> Tensor:
        """log sum_s exp(sharpness m_s), block by block."""
        given = _Given(x, x @ x.mT, y, _inverse_root(y.square().sum(dim=1)), real)
        scores, kept = x.new_empty((len(x), num_reports)), []
        for block in blocks:
            found = _find(given.part(block), block, rules)
            scores[block.ecgs, block.reports] = (rules.sentence_sharpness * found.cosine).logsumexp(dim=1)
            kept.extend(found if rules.keep else ())
        ctx.save_for_backward(*given, *kept)
        ctx.blocks, ctx.rules = blocks, rules
        return scores

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        """Gradients of beats and sentences."""
        num, size = len(_Given._fields), len(_Found._fields)
        given, kept = _Given(*ctx.saved_tensors[:num]), ctx.saved_tensors[num:]
        sums = _Given(*(torch.zeros_like(of) for of in given[:4]))
        with torch.autocast(device_type=grad.device.type, enabled=False):
            for k, block in enumerate(ctx.blocks):
                part = given.part(block)
                found = _Found(*kept[k * size : (k + 1) * size]) if kept else _find(part, block, ctx.rules)
                _add_gradient(sums.part(block), grad[block.ecgs, block.reports], part, found, block, ctx.rules)
            dx = sums.x.baddbmm_(sums.gram, given.x)
            dy = sums.y.addcmul_(given.y, (sums.inverse_y * given.inverse_y)[:, None])
        return dx, None, dy, None, None, None


def _find(given: _Given, block: Block, rules: Rules) -> _Found:
    x, gram, y, inverse_y, real = given
    dot = (x.flatten(0, 1) @ y.T).view(*x.shape[:2], *block.shape)
    share = dot.softmax(dim=2) if rules.exact else None
    energy = rules.attention_sharpness * (dot if share is None else share)
    if real is not None:
        energy.masked_fill_(~real[:, :, None, None], -torch.inf)
    attention = energy.softmax(dim=1)
    pull = (gram @ attention.flatten(2)).view_as(dot)
    # What rounding leaves of beats that cancel each other has no direction: 1 / |c| counts as 0 there, and so does m.
    floor = torch.finfo(x.dtype).eps * x.shape[1] * gram.diagonal(dim1=1, dim2=2).amax(dim=1)
    inverse = _inverse_root((attention * pull).sum(dim=1), floor[:, None, None])
    cosine = (attention * dot).sum(dim=1).mul_(inverse).mul_(inverse_y.view(block.shape))
    return _Found(dot, share, attention, pull, inverse, cosine)


def _add_gradient(sums: _Given, grad: Tensor, given: _Given, found: _Found, block: Block, rules: Rules) -> None:
    """Add what a block gives for the gradient (b, c) of its scores: dL/dx and dL/dy by way of z, 2 dL/dG, |y| dL/d|y|."""
    dot, share, attention, pull, inverse, cosine = found
    dm = (rules.sentence_sharpness * cosine).softmax(dim=1).mul_(rules.sentence_sharpness * grad[:, None])
    held = attention * (dm * inverse * given.inverse_y.view(block.shape))[:, None]  # dL/dz where a is held
    dm.mul_(cosine)
    sums.inverse_y.sub_((dm.sum(dim=0).flatten() * given.inverse_y))
    turn = attention * dm.mul_(inverse).mul_(inverse).neg_()[:, None]
    sums.gram.baddbmm_(turn.flatten(2), attention.flatten(2).mT)
    # a dL/da. Its sum over beats is 0, for no length of a changes a cosine: the softmax over beats asks no more.
    moved = (dot * held).addcmul_(pull, turn)
    if share is not None:
        moved.mul_(share)
        moved.addcmul_(share, moved.sum(dim=2, keepdim=True), value=-1)
    dz = held.add_(moved, alpha=rules.attention_sharpness).view(-1, len(given.y))
    sums.x.view(-1, given.x.shape[2]).addmm_(dz, given.y)
    sums.y.addmm_(dz.T, given.x.flatten(0, 1))


def _inverse_root(square: Tensor, floor: Tensor | float = 0.0) -> Tensor:
    return square.rsqrt().where(square > floor, 0)
