"""What a frozen model knows of the ECGs of a store, for probes: its vectors, and the tokens they are made of.

Axes: n records, D width of the vectors, N tokens, W their width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from ecg_text.hub.embedding import BATCH, Embedder, Progress
from ecg_text.models.outputs import EcgFeatures
from ecg_text.nn.pooling import masked_mean

if TYPE_CHECKING:
    from ecg_text.data.store import Store


class EcgVectors(NamedTuple):
    """pooled (n, D) is the model's embedding, of unit length; tokens (n, W) the mean of its tokens before the head."""

    pooled: np.ndarray
    tokens: np.ndarray


@dataclass(frozen=True, eq=False)
class TokenTable:
    """Every token of n records: values (n, N, W) float16, and which of them are real: mask (n, N) bool.

    Of PTB-XL's 17,418 training records, 32 tokens of width 192 take 0.2 GB, 62 of width 768 take 1.7 GB.
    """

    values: np.ndarray
    mask: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: np.ndarray) -> TokenTable:
        return TokenTable(self.values[rows], self.mask[rows])


def ecg_vectors(
    embedder: Embedder, store: Store, rows: Sequence[int] | np.ndarray, progress: Progress | None = None
) -> EcgVectors:
    """Both vectors of these rows of a store. Raises FingerprintError where it was prepared in another way."""
    parts = [
        EcgVectors(_array(found.pooled), _array(masked_mean(found.tokens.float(), found.token_mask)))
        for found in _encoded(embedder, store, rows, progress)
    ]
    return EcgVectors(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def ecg_tokens(
    embedder: Embedder, store: Store, rows: Sequence[int] | np.ndarray, progress: Progress | None = None
) -> TokenTable:
    """The tokens of these rows of a store. Raises FingerprintError where it was prepared in another way."""
    values, masks = [], []
    for found in _encoded(embedder, store, rows, progress):
        values.append(_array(found.tokens).astype(np.float16))
        masks.append(found.token_mask.cpu().numpy())
    return TokenTable(np.concatenate(values), np.concatenate(masks))


@torch.inference_mode()
def _encoded(
    embedder: Embedder, store: Store, rows: Sequence[int] | np.ndarray, progress: Progress | None
) -> Iterator[EcgFeatures]:
    """The records some at a time."""
    embedder.require_prepared(store)
    rows = np.asarray(rows)
    for start in range(0, len(rows), BATCH):
        inputs = store.signals(rows[start : start + BATCH])
        yield embedder.model.encode_ecg(*(torch.from_numpy(item).to(embedder.device) for item in inputs))
        if progress is not None:
            progress(min(start + BATCH, len(rows)), len(rows))


def _array(x: torch.Tensor) -> np.ndarray:
    return np.asarray(x.float().cpu().numpy())
