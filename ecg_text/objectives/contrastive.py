"""The rhythm-level objective: each ECG finds its text among the batch's, and each text its ECG."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(ecg: Tensor, text: Tensor, scale: Tensor, also_true: Tensor | None = None) -> Tensor:
    """Symmetric InfoNCE of matching rows (van den Oord et al., 2018; Radford et al., 2021): (B, D), (B, D), () -> ().

    Rows are unit vectors. also_true (B, B) marks texts [b, r] that hold of ECG b though they came with another: such a
    pair is no negative, so it is left out of the denominators. Without that, "sinus rhythm" of one patient would be
    pushed away from the sinus rhythm of all others.
    """
    logits = scale * ecg @ text.T
    if also_true is not None:
        diagonal = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(also_true & ~diagonal, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def holds_of(stated: Tensor, reported: Tensor) -> Tensor:
    """Whether every finding a text states is in a report: (R, S), (B, F) int64 -> (B, R) bool.

    Findings are numbers, 0 for none. A text that states nothing holds of nothing.
    """
    found = (stated[None, :, :, None] == reported[:, None, None, :]).any(dim=-1)
    absent = (stated == 0)[None]
    return (found | absent).all(dim=-1) & ~absent.all(dim=-1)
