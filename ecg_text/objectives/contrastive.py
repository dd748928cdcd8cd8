"""The rhythm-level objective: each ECG finds its text among the batch's, and each text its ECG."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(ecg: Tensor, text: Tensor, scale: Tensor, also_true: Tensor | None = None) -> Tensor:
    """Symmetric InfoNCE of matching rows (van den Oord et al., 2018; Radford et al., 2021): (B, D), (B, D), () -> ().

    Rows are unit vectors. also_true (B, B) marks texts [b, r] that hold of ECG b though they came with another: such a
    pair is no negative, so it is left out of the denominators. Without that, "sinus rhythm" of one patient would be
    pushed away from the sinus rhythm of all others. Computed in float32 at least, under autocast too.
    """
    # Differences of cosines are multiplied by up to 100: bfloat16 would round them away.
    dtype = torch.promote_types(torch.promote_types(ecg.dtype, text.dtype), torch.float32)
    with torch.autocast(device_type=ecg.device.type, enabled=False):
        logits = scale.to(dtype) * ecg.to(dtype) @ text.to(dtype).T
        if also_true is not None:
            diagonal = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
            logits = logits.masked_fill(also_true & ~diagonal, -torch.inf)
        target = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def sigmoid_pairs(ecg: Tensor, text: Tensor, scale: Tensor, bias: Tensor, also_true: Tensor | None = None) -> Tensor:
    """Pairwise sigmoid loss (Zhai et al., 2023, SigLIP, section 3.2): (B, D), (B, D), (), () -> ().

    Each pair is judged by itself: -log sigmoid(z (scale x cosine + bias)), z = 1 for row b with row b and -1 for all
    others, summed over pairs and divided by B. A pair that also_true (B, B) marks is judged as neither (see info_nce).
    Computed in float32 at least, under autocast too.
    """
    dtype = torch.promote_types(torch.promote_types(ecg.dtype, text.dtype), torch.float32)
    with torch.autocast(device_type=ecg.device.type, enabled=False):
        logits = scale.to(dtype) * ecg.to(dtype) @ text.to(dtype).T + bias.to(dtype)
        match = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        losses = F.softplus(torch.where(match, -logits, logits))
        if also_true is not None:
            losses = losses.masked_fill(also_true & ~match, 0)
        return losses.sum() / len(logits)


def holds_of(stated: Tensor, reported: Tensor) -> Tensor:
    """Whether every finding a text states is in a report: (R, S), (B, F) int64 -> (B, R) bool.

    Findings are numbers, 0 for none. A text that states nothing holds of nothing. The memory is that of a table of the
    U distinct findings stated, (U, B) bool, and of the result: never R x B x S x F.
    """
    known, place = torch.unique(stated, return_inverse=True)  # (U,) ascending, (R, S)
    at = torch.searchsorted(known, reported)
    # One row more than there are findings: reported ones that no text states are written there, and never read.
    padded = F.pad(known, (0, 1))
    at = at.where(padded[at] == reported, len(known))
    says = stated.new_zeros((len(padded), len(reported)), dtype=torch.bool)
    says[at, torch.arange(len(reported), device=at.device)[:, None]] = True
    says[:-1][known == 0] = True  # where a text states no further finding, any report will do
    holds = (stated != 0).any(dim=1, keepdim=True).repeat(1, len(reported))
    for finding in place.T:
        holds &= says[finding]
    return holds.T
