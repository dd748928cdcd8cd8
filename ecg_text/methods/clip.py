"""Method clip: the ECG and its text are pulled together, all others of the global batch apart (rhythm level only)."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from ecg_text.data.batch import Batch
from ecg_text.errors import DataError
from ecg_text.methods.method import ContrastiveMethod, Losses
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.nn.gather import gather_rows, gather_with_gradient
from ecg_text.objectives.contrastive import holds_of, info_nce


class ClipFeatures(NamedTuple):
    """Unit vectors ecg (B, D) and text (B, D), and the finding numbers stated (B, S) and reported (B, F) of Texts."""

    ecg: Tensor
    text: Tensor
    stated: Tensor
    reported: Tensor


class Clip(ContrastiveMethod):
    """Symmetric InfoNCE over the batches of all processes; texts that hold of an ECG are never its negatives."""

    def __init__(self, model: EcgTextModel) -> None:
        super().__init__()
        self.model = model

    def parts_to_compile(self) -> tuple[nn.Module, ...]:
        """The ECG encoder; texts come in as many shapes as they have lengths."""
        return (self.model.ecg_encoder,)

    def encode(self, batch: Batch) -> ClipFeatures:
        """Both vectors of every row. Raises DataError for a batch without texts."""
        if batch.texts is None:
            raise DataError("method clip needs texts, this batch has none; use a store whose records have reports")
        texts = batch.texts
        ecg = self.model.encode_ecg(batch.ecg, batch.lead_mask, batch.time_mask).pooled
        # Each distinct text is encoded once: of PTB-XL's reports more than half are repetitions.
        text = self.model.encode_texts(texts.input_ids, texts.attention_mask).pooled[texts.row]
        return ClipFeatures(ecg=ecg, text=text, stated=texts.stated, reported=texts.reported)

    def contrast(self, features: ClipFeatures) -> Losses:
        """The loss of all rows of all processes."""
        ecg, text = gather_with_gradient(features.ecg), gather_with_gradient(features.text)
        also_true = holds_of(gather_rows(features.stated), gather_rows(features.reported))
        scale = self.model.scale
        loss = info_nce(ecg, text, scale, also_true)
        return Losses(total=loss, parts={"rhythm": loss.detach(), "scale": scale.detach()})
