"""The vectors of ECGs as arrays, as a model gives them and as tables of many. Axes: n records, D and W width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from ecg_text.models.outputs import EcgFeatures
from ecg_text.nn.pooling import masked_mean


class EcgVectors(NamedTuple):
    """pooled (n, D) is the model's embedding, of unit length; tokens (n, W) the mean of its tokens before the head."""

    pooled: np.ndarray
    tokens: np.ndarray

    @classmethod
    def of(cls, found: EcgFeatures) -> EcgVectors:
        """Both vectors of a batch of ECGs."""
        return cls(as_array(found.pooled), as_array(masked_mean(found.tokens.float(), found.token_mask)))

    @classmethod
    def joined(cls, parts: Sequence[EcgVectors]) -> EcgVectors:
        """One table of one or more, in their order."""
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def as_array(x: torch.Tensor) -> np.ndarray:
    """The same as float32 NumPy array."""
    return np.asarray(x.float().cpu().numpy())
