"""Large contrastive batches in little memory: encoded a chunk at a time, contrasted as a whole.

Gao et al., 2021 ("Scaling deep contrastive learning batch size under memory limited setup", section 3). Every chunk is
encoded, and nothing is kept of it but its features. The loss of all features gives their gradients. With those, chunk
after chunk is encoded again, as it was the first time, and handed its share of the gradients, so that no more than the
activations of one chunk are ever held. That is activation checkpointing (Chen et al., 2016) with chunks for segments,
and so PyTorch's is used: to autograd the loss is one computation, whose weights have their whole gradient when the
last chunk is done, and that is when data-parallel processes exchange it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from ecg_text.errors import ConfigError
from ecg_text.methods.method import ContrastiveMethod, Losses, Method
from ecg_text.nn.joining import join_rows
from ecg_text.training.random_state import random_state, repeated_chance


class GradientCache(nn.Module):
    """A method whose batches are encoded in num_chunks chunks: loss and gradients are those of the whole batch.

    Dropout draws its masks chunk by chunk, the same both times. Raises ConfigError for a method that does not encode
    row by row.
    """

    def __init__(self, method: Method, num_chunks: int) -> None:
        super().__init__()
        self.method = _cachable(method, num_chunks)
        self.num_chunks = num_chunks

    def forward(self, batch: Any) -> Losses:
        """Losses of one batch, which gives its row_chunks(num) and rows(numbers) (ecg_text.data.batch)."""
        return self.method.contrast(joined([self._encode(batch, rows) for rows in batch.row_chunks(self.num_chunks)]))

    def _encode(self, batch: Any, rows: Tensor) -> Any:
        # Autocast keeps the weights it has rounded: they would gather the gradients of all chunks, rounded too.
        torch.clear_autocast_cache()
        # The rows are taken out inside, for what is handed over is held until it is encoded again.
        return checkpoint(
            lambda: self.method.encode(batch.rows(rows)),
            use_reentrant=False,
            preserve_rng_state=False,  # of the arguments' devices alone; ours are the states of all generators
            context_fn=_same_chance,
        )


def joined(parts: Sequence[Any]) -> Any:
    """NamedTuples of tensors joined row by row: (B1, ...), (B2, ...) -> (B1 + B2, ...).

    Where later axes differ (one chunk has fewer sentences than another), shorter ones are filled up with zeros; what is
    None in all stays None.
    """
    columns = zip(*parts, strict=True)
    return type(parts[0])(*(None if column[0] is None else join_rows(column) for column in columns))


def _same_chance() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """What surrounds the first encoding, and the second."""
    return nullcontext(), repeated_chance(random_state())


def _cachable(method: Method, num_chunks: int) -> ContrastiveMethod:
    setting, name = f"training.cached_chunks is {num_chunks}", type(method).__name__
    if not isinstance(method, ContrastiveMethod):
        raise ConfigError(f"{setting}, but method {name} has no encode and contrast of its own; give 1")
    if any(isinstance(part, _BatchNorm) and part.training for part in method.modules()):
        raise ConfigError(
            f"{setting}, but an encoder of method {name} normalises by statistics of the whole batch, which chunks "
            "would change; choose one that does not (model.ecg.encoder conv_transformer), or give 1"
        )
    return method
