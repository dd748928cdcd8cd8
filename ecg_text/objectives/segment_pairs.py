"""Contrastive multi-segment coding (CMSC): two segments of one recording, or of one patient, come together."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def segment_pair_loss(a: Tensor, b: Tensor, ids: Tensor, temperature: float = 0.1) -> Tensor:
    """Symmetric InfoNCE with several positives (Kiyasseh et al., 2021; Oh et al., 2022): (B, D), (B, D), (B,) -> ().

    a[i] and b[i] are two segments of ids[i], a whole number; a pair (i, j) is positive where ids[i] = ids[j], and each
    row has one at least. Minus the log of a positive pair's share in the softmax over its row, and over its column, is
    averaged over all positive pairs of the batch, as in the published code: an id with k rows weighs k^2. Positives
    stay in each other's denominators, so the least loss of such a row is log k. Vectors need not be of unit length:
    cosines are compared. To contrast across processes, give the gathered rows of all (ecg_text.nn.gather). Computed in
    float32 at least, under autocast too.
    """
    dtype = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    with torch.autocast(device_type=a.device.type, enabled=False):
        logits = F.normalize(a.to(dtype), dim=-1) @ F.normalize(b.to(dtype), dim=-1).T / temperature
        positive = ids[:, None] == ids[None, :]
        log_share = (logits.log_softmax(dim=1) + logits.log_softmax(dim=0)) / 2
        return -torch.where(positive, log_share, 0).sum() / positive.sum().clamp(min=1)
