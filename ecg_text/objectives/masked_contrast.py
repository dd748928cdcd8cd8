"""The wav2vec 2.0 objective: each masked step finds its quantised target among those of other masked steps.

Distractors are drawn with replacement from one segment, so the draws of a step are told by how often each other step of
its segment is drawn: counts (B, N, N). With them the denominator over 100 draws is a weighted sum over N steps, of
scores that are one matrix product a segment. Gathering the drawn vectors instead would make (M, 101, D) of them:
730 MB for 128 segments of 55 masked steps at D = 256, where all scores of the batch take 12 MB.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def distractor_counts(mask: Tensor, num: int, generator: torch.Generator | None = None) -> Tensor:
    """How often step m is drawn as a distractor of step n: masked steps (B, N) bool -> (B, N, N) int32, at [b, n, m].

    Each masked step draws num times, with replacement, from the other masked steps of its segment, never itself. The
    only masked step of a segment has none to draw from, and its row is zero. The generator is of the mask's device.
    """
    others = mask.sum(dim=1) - 1
    draw = torch.rand((*mask.shape, num), generator=generator, device=mask.device)
    pick = (draw * others.clamp(min=1)[:, None, None]).long()
    pick += pick >= (mask.cumsum(dim=1) - 1)[:, :, None]  # its own place among the masked steps is stepped over
    place = mask.byte().argsort(dim=1, descending=True, stable=True)  # the masked steps first, in their order
    drawn = place.gather(1, pick.clamp(max=mask.shape[1] - 1).flatten(1)).view_as(pick)
    draws = mask & (others > 0)[:, None]
    counts = torch.zeros((*mask.shape, mask.shape[1]), dtype=torch.int32, device=mask.device)
    return counts.scatter_add_(2, drawn, draws[:, :, None].int().expand_as(drawn))


def contrasted_steps(counts: Tensor) -> Tensor:
    """How many steps have a distractor: (B, N, N) -> (), int64."""
    return counts.any(dim=-1).sum()


def masked_contrast(
    context: Tensor,
    targets: Tensor,
    choices: Tensor,
    counts: Tensor,
    temperature: float = 0.1,
    num: Tensor | None = None,
) -> Tensor:
    """InfoNCE of masked steps (Baevski et al., 2020, equation 3): (B, N, D), (B, N, D), (B, N, G), (B, N, N) -> ().

    The cosine of a step's context with its own target, over temperature, against those with its distractors' targets.
    A distractor that has chosen the same entries (choices, of the quantiser) is the target itself, and is left out. The
    sum over contrasted steps is divided by num (), or by their number where it is left out; 0 where there are none.
    On several processes num is the mean number of all, so that the mean of their gradients is that of one process with
    all steps. Computed in float32 at least, under autocast too.
    """
    with torch.autocast(device_type=context.device.type, enabled=False):
        scores = _cosines(context, targets) / temperature
        own = scores.diagonal(dim1=1, dim2=2)
        # Weight 0 is minus infinity; the target itself counts once, so that a step without distractors costs 0.
        weight = counts.masked_fill(_alike(choices), 0)
        weight.diagonal(dim1=1, dim2=2).fill_(1)
        total = ((scores + weight.to(scores.dtype).log()).logsumexp(dim=-1) - own).sum()
        num = contrasted_steps(counts) if num is None else num
        return total / num.clamp(min=1)


@torch.no_grad()
def contrast_accuracy(context: Tensor, targets: Tensor, choices: Tensor, counts: Tensor) -> Tensor:
    """The share of contrasted steps whose own target ranks first: arguments of masked_contrast -> (), no gradient.

    A target that all distractors equal is no hit: a codebook that has collapsed to one entry has an accuracy of 0.
    """
    with torch.autocast(device_type=context.device.type, enabled=False):
        scores = _cosines(context, targets)
        against = (counts > 0) & ~_alike(choices)
        best = scores.masked_fill(~against, -torch.inf).amax(dim=-1)
        hits = against.any(dim=-1) & (scores.diagonal(dim1=1, dim2=2) > best)
        return hits.sum() / contrasted_steps(counts).clamp(min=1)


def codebook_diversity(prob_perplexity: Tensor, num_codes: int) -> Tensor:
    """The share of a codebook that is not in use, (V - perplexity) / V (Baevski et al., 2020, equation 4): () -> ()."""
    return (num_codes - prob_perplexity) / num_codes


def feature_penalty(features: Tensor, real: Tensor) -> Tensor:
    """Mean square of the real tokens' features: (B, N, W), (B, N) bool -> (); 0 where no token is real.

    Features are those of the convolutions before their layer norm: behind it they are of one size whatever is learnt.
    """
    square = features.to(torch.promote_types(features.dtype, torch.float32)).square().mean(dim=-1)
    return torch.where(real, square, 0).sum() / real.sum().clamp(min=1)


def wav2vec_loss(
    contrast: Tensor,
    diversity: Tensor,
    penalty: Tensor,
    *,
    diversity_weight: float = 0.1,
    penalty_weight: float = 10.0,
    share: Tensor | float = 1.0,
) -> Tensor:
    """contrast + share x (diversity_weight x diversity + penalty_weight x penalty): (), (), () -> ().

    The published loss is a sum over masked steps to which both penalties are added times the number of these steps, all
    divided by that number at the end: this mean. On several processes the number divided by is that of all, so where
    masked_contrast was given num, share is this process's contrasted_steps over num.
    """
    return contrast + share * (diversity_weight * diversity + penalty_weight * penalty)


def _cosines(context: Tensor, targets: Tensor) -> Tensor:
    """All pairs of steps within a segment: (B, N, D), (B, N, D) -> (B, N, N)."""
    dtype = torch.promote_types(torch.promote_types(context.dtype, targets.dtype), torch.float32)
    return F.normalize(context.to(dtype), dim=-1) @ F.normalize(targets.to(dtype), dim=-1).transpose(1, 2)


def _alike(choices: Tensor) -> Tensor:
    """Whether two steps of a segment have chosen the same entries: (B, N, G) -> (B, N, N) bool."""
    return (choices[:, :, None] == choices[:, None, :]).all(dim=-1)
