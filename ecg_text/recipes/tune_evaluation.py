"""Evaluation of a masked-language model on held-out texts, always with the same words hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from ecg_text.data.masking import Masking
from ecg_text.data.pieces import PieceTable
from ecg_text.data.text_batches import masked_batch, num_batches
from ecg_text.errors import ConfigError
from ecg_text.methods.masked_language import MaskedLanguage
from ecg_text.methods.method import Method
from ecg_text.models.text_encoder import logits_at
from ecg_text.objectives.masked_words import masked_word_hits, masked_word_loss

SEED = 20190524  # any number, as long as every run hides the same words


@dataclass(frozen=True, eq=False, kw_only=True)
class HeldOutWords:
    """Mean cross-entropy, in nats, and accuracy over the hidden pieces of the held-out texts."""

    table: PieceTable
    masking: Masking
    pieces_per_batch: int

    @property
    def names(self) -> tuple[str, str]:
        """The metrics it gives."""
        return "held_out_loss", "held_out_accuracy"

    def __call__(self, method: Method, _step: int) -> Mapping[str, float]:
        """Metrics by name; NaN where no word is hidden."""
        if not isinstance(method, MaskedLanguage):
            raise ConfigError(f"method {type(method).__name__} holds no masked-language model to evaluate")
        device = next(method.parameters()).device
        order = self.table.lengths.argsort(kind="stable")
        generator = np.random.Generator(np.random.PCG64(SEED))
        loss = hits = num = 0.0
        for rows in np.array_split(order, num_batches(self.table.lengths, self.pieces_per_batch)):
            batch = masked_batch(self.table, rows, self.masking, generator).to(device)
            logits = logits_at(method.model, batch.input_ids, batch.attention_mask, batch.chosen)
            loss += float(masked_word_loss(logits, batch.targets, torch.ones((), device=device)))
            hits += float(masked_word_hits(logits, batch.targets))
            num += len(batch.targets)
        values = (loss / num, hits / num) if num else (float("nan"), float("nan"))
        return dict(zip(self.names, values, strict=True))
