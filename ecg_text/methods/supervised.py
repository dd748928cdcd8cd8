"""Method supervised: an ECG encoder and a linear layer learn labels; other ways of learning are held against it."""

from __future__ import annotations

from peft import PeftModel
from torch import nn
from torch.nn import functional as F

from ecg_text.data.batch import Batch
from ecg_text.errors import DataError
from ecg_text.methods.method import Losses, Method
from ecg_text.models.ecg_classifier import EcgClassifier
from ecg_text.nn.normalisation import MaskedBatchNorm


class Supervised(Method):
    """Binary cross-entropy of every label of every record, each counting as much (Strodthoff et al., 2020).

    An encoder whose weights do not learn does not change in any other way: without its dropout, and normalised by what
    it has seen before; with adapters (models/attention_lora.py) the dropout is theirs too, and stays.
    """

    def __init__(self, model: EcgClassifier) -> None:
        super().__init__()
        self.model = model

    def train(self, mode: bool = True) -> Supervised:
        """Of a frozen encoder, or one with adapters, only what learns is put in training mode."""
        super().train(mode)
        encoder = self.model.encoder
        if not any(parameter.requires_grad for parameter in encoder.parameters()):
            encoder.eval()
        elif isinstance(encoder, PeftModel):
            for part in encoder.modules():
                if isinstance(part, MaskedBatchNorm):
                    part.eval()
        return self

    def parts_to_compile(self) -> tuple[nn.Module, ...]:
        """The ECG encoder."""
        return (self.model.encoder,)

    def forward(self, batch: Batch) -> Losses:
        """Losses of one batch. Raises DataError where it has no labels."""
        if batch.labels is None:
            raise DataError("method supervised needs labels, this batch has none; make it by LabelledCollate")
        logits = self.model(batch.ecg, batch.lead_mask, batch.time_mask)
        return Losses(total=F.binary_cross_entropy_with_logits(logits.float(), batch.labels))
