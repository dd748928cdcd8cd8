"""Method masked language: MELP's first stage, a text encoder that learns the words of cardiology (and its synonyms)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecg_text.data.synonym_batch import SynonymBatch
from ecg_text.data.text_batches import TextBatch
from ecg_text.errors import DataError
from ecg_text.methods.method import Losses, Method
from ecg_text.models.text_encoder import hidden_states, logits_at
from ecg_text.nn.gather import gather_rows, gather_with_gradient, mean_count
from ecg_text.nn.pooling import masked_mean
from ecg_text.objectives.masked_words import masked_word_loss
from ecg_text.objectives.synonyms import synonym_loss


class MaskedLanguage(Method):
    """Hidden words are named; with synonym_weight above 0, wordings of one meaning get alike mean-pooled vectors too.

    With label_weight above 0 so do, less sharply, texts of one label of a prompt set. model is a masked-language model
    of transformers, bare or wrapped by peft.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        synonym_weight: float = 0.0,
        temperature: float = 0.05,
        label_weight: float = 0.0,
        label_temperature: float = 0.1,
    ) -> None:
        super().__init__()
        self.model = model
        self.synonym_weight = synonym_weight
        self.temperature = temperature
        self.label_weight = label_weight
        self.label_temperature = label_temperature

    def forward(self, batch: TextBatch) -> Losses:
        """Losses of one batch. Raises DataError where the synonym term is wanted and the batch has no pairs."""
        masked = self._masked_words(batch)
        if self.synonym_weight == 0.0:
            return Losses(total=masked, parts={"masked_words": masked.detach()})
        pairs = batch.pairs
        if pairs is None:
            raise DataError("the synonym term needs pairs, this batch has none; name their sources, or weigh it 0")
        vectors = torch.cat([self.encode(ids, mask) for ids, mask in pairs.blocks])
        synonyms = self._synonyms(vectors, pairs)
        total = masked + self.synonym_weight * synonyms
        parts = {"masked_words": masked.detach(), "synonyms": synonyms.detach()}
        if self.label_weight > 0.0:
            labels = self._labels(vectors, pairs)
            total, parts = total + self.label_weight * labels, {**parts, "labels": labels.detach()}
        return Losses(total=total, parts=parts)

    def _masked_words(self, batch: TextBatch) -> Tensor:
        logits = logits_at(self.model, batch.input_ids, batch.attention_mask, batch.chosen)
        return masked_word_loss(logits, batch.targets, mean_count(batch.targets.new_tensor(len(batch.targets))))

    def _synonyms(self, vectors: Tensor, pairs: SynonymBatch) -> Tensor:
        negatives = vectors[pairs.negatives.clamp(min=0)]
        return synonym_loss(
            gather_with_gradient(vectors[pairs.a]),
            gather_with_gradient(vectors[pairs.b]),
            gather_rows(pairs.meaning),
            self.temperature,
            gather_with_gradient(negatives),
            gather_rows(pairs.negatives >= 0),
        )

    def _labels(self, vectors: Tensor, pairs: SynonymBatch) -> Tensor:
        """Texts of one label against those of the other labels of its set, which each process draws for itself.

        Raises DataError where the batch has none.
        """
        if not len(pairs.label_a):
            raise DataError("the label term needs pairs of texts of one label, this batch has none; weigh it 0")
        number = torch.arange(len(pairs.label_a), device=vectors.device)
        return synonym_loss(vectors[pairs.label_a], vectors[pairs.label_b], number, self.label_temperature)

    def encode(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The mean of a text's states, as EcgTextModel pools them: (R, L), (R, L) -> (R, D)."""
        return masked_mean(hidden_states(self.model, input_ids, attention_mask), attention_mask)
