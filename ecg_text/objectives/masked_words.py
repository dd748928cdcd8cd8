"""The masked-language objective: hidden word pieces are told from what is left of the text."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def masked_word_loss(logits: Tensor, targets: Tensor, num: Tensor | None = None) -> Tensor:
    """Cross-entropy over hidden pieces alone (Devlin et al., 2019): (M, V), (M,) -> ().

    The sum over these M pieces is divided by num (), or by M where it is left out; 0 where there are none. Computed in
    float32 at least, under autocast too.
    """
    dtype = torch.promote_types(logits.dtype, torch.float32)
    with torch.autocast(device_type=logits.device.type, enabled=False):
        total = F.cross_entropy(logits.to(dtype), targets, reduction="sum")
        num = targets.new_tensor(len(targets)) if num is None else num
        return total / num.clamp(min=1)


def masked_word_hits(logits: Tensor, targets: Tensor) -> Tensor:
    """How many hidden pieces the largest logit names: (M, V), (M,) -> ()."""
    return (logits.argmax(dim=-1) == targets).sum()
