"""Method clip: the ECG and its text are pulled together, all others of the global batch apart (rhythm level only)."""

from __future__ import annotations

from torch import Tensor

from ecg_text.data.batch import Batch
from ecg_text.errors import DataError
from ecg_text.methods.method import Losses, Method
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.nn.gather import gather_rows, gather_with_gradient
from ecg_text.objectives.contrastive import holds_of, info_nce


class Clip(Method):
    """Symmetric InfoNCE over the batches of all processes; texts that hold of an ECG are never its negatives."""

    def __init__(self, model: EcgTextModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Losses:
        """Losses of one batch with texts. Raises DataError for a batch without."""
        if batch.texts is None:
            raise DataError("method clip needs texts, this batch has none; use a store whose records have reports")
        texts = batch.texts
        ecg = self.model.encode_ecg(batch.ecg, batch.lead_mask, batch.time_mask).pooled
        # Each distinct text is encoded once: of PTB-XL's reports more than half are repetitions.
        text = self.model.pool_texts(texts.input_ids, texts.attention_mask)[texts.row]
        also_true = holds_of(gather_rows(texts.stated), gather_rows(texts.reported))
        scale = self.model.scale
        loss: Tensor = info_nce(gather_with_gradient(ecg), gather_with_gradient(text), scale, also_true)
        return Losses(total=loss, parts={"rhythm": loss.detach(), "scale": scale.detach()})
