"""The attentive probe: one learned query reads the frozen tokens, and a linear layer predicts labels from what it read.

It is no linear probe: even of a random encoder it learns much (V-JEPA, Bardes et al., 2024, section 4.2, names it so).
Axes: n records, N tokens, W their width, K labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.errors import DataError
from ecg_text.hub.features import TokenTable
from ecg_text.nn.pooling import QueryPool

EPOCHS = 10
BATCH = 128
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.01
NUM_HEADS = 4


class AttentiveHead(nn.Module):
    """A query of the tokens' width, normalised as in QueryPool, and a linear layer behind it."""

    def __init__(self, width: int, num_labels: int) -> None:
        super().__init__()
        self.pool = QueryPool(width, width, NUM_HEADS if width % NUM_HEADS == 0 else 1, 1)
        self.out = nn.Linear(width, num_labels)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(n, N, W), (n, N) -> (n, K)."""
        logits: Tensor = self.out(self.pool(tokens, mask)[:, 0])
        return logits


@dataclass(frozen=True, eq=False, kw_only=True)
class AttentiveProbe:
    """A head as it was after an epoch."""

    head: AttentiveHead

    @torch.inference_mode()
    def __call__(self, tokens: TokenTable) -> np.ndarray:
        """The logit of each label: n records -> (n, K)."""
        rows = np.arange(len(tokens))
        parts = [self.head(*_tensors(tokens[rows[start : start + BATCH]])) for start in range(0, len(rows), BATCH)]
        return np.asarray(torch.cat(parts).numpy())


def attentive_probes(tokens: TokenTable, labels: np.ndarray, *, seed: int) -> Iterator[tuple[float, AttentiveProbe]]:
    """A probe after each of EPOCHS epochs, with its number: n records, (n, K) bool.

    Binary cross-entropy, AdamW, and a learning rate that falls along half a cosine; at least 20 steps an epoch, for a
    hundredth of the records makes one batch or two. Raises DataError where there is no record.
    """
    if not len(tokens):
        raise DataError("there is no record to learn from; give a larger fraction")
    generator = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = AttentiveHead(tokens.values.shape[2], labels.shape[1])
    optimizer = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    batches_per_epoch = max(20, -(-len(tokens) // BATCH))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * batches_per_epoch)
    targets = torch.from_numpy(labels.astype(np.float32))
    for epoch in range(1, EPOCHS + 1):
        for rows in _drawn(len(tokens), batches_per_epoch, generator):
            optimizer.zero_grad(set_to_none=True)
            F.binary_cross_entropy_with_logits(head(*_tensors(tokens[rows])), targets[rows]).backward()
            optimizer.step()
            schedule.step()
        yield epoch, AttentiveProbe(head=deepcopy(head).eval())


def _drawn(num: int, num_batches: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Row numbers of so many batches, every record as often as every other, or once more."""
    size = min(BATCH, num)
    times = -(-num_batches * size // num)
    order = np.concatenate([generator.permutation(num) for _ in range(times)])
    for number in range(num_batches):
        yield order[number * size : (number + 1) * size]


def _tensors(tokens: TokenTable) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(tokens.values.astype(np.float32)), torch.from_numpy(tokens.mask)
