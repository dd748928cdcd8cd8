"""The synonym objective: two wordings of one meaning come together, other meanings and minimal contrasts go apart."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def synonym_loss(
    a: Tensor,
    b: Tensor,
    meaning: Tensor,
    temperature: float,
    negatives: Tensor | None = None,
    exists: Tensor | None = None,
) -> Tensor:
    """Symmetric InfoNCE of wordings in pairs, with hard negatives: (B, D), (B, D), (B,) -> ().

    Vectors need not be of unit length: their cosines are compared. Rows of one meaning are no negatives of each other.
    negatives (B, K, D), of which exists (B, K) tells the real ones, are compared with the a and the b of their own row
    (as hard negatives in Gao et al., 2021, section 4). Computed in float32 at least, under autocast too.
    """
    dtype = torch.promote_types(a.dtype, torch.float32)
    with torch.autocast(device_type=a.device.type, enabled=False):
        a, b = (F.normalize(x.to(dtype), dim=-1) for x in (a, b))
        logits = a @ b.T / temperature
        alike = meaning[:, None] == meaning[None, :]
        diagonal = torch.eye(len(a), dtype=torch.bool, device=a.device)
        logits = logits.masked_fill(alike & ~diagonal, -torch.inf)
        forth, back = logits, logits.T
        if negatives is not None:
            hard = F.normalize(negatives.to(dtype), dim=-1) / temperature
            absent = torch.zeros(hard.shape[:2], dtype=torch.bool, device=a.device) if exists is None else ~exists
            forth = torch.cat([forth, _against(a, hard, absent)], dim=1)
            back = torch.cat([back, _against(b, hard, absent)], dim=1)
        target = torch.arange(len(a), device=a.device)
        return (F.cross_entropy(forth, target) + F.cross_entropy(back, target)) / 2


def _against(x: Tensor, hard: Tensor, absent: Tensor) -> Tensor:
    """Logits of each row against its own hard negatives: (B, D), (B, K, D) -> (B, K)."""
    return torch.einsum("bd,bkd->bk", x, hard).masked_fill(absent, -torch.inf)
