"""From records, texts and stores to unit vectors, and from vectors to the similarities of a prompt set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ecg_text.data.store import Store
from ecg_text.errors import FingerprintError
from ecg_text.hub.checkpoint import load_checkpoint
from ecg_text.models.contrast import zero_shot_weights
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.record import Record
from ecg_text.text.prompts import PromptSet

Progress = Callable[[int, int], None]
BATCH = 128


class Embedder:
    """A model put to work: every method gives float32 NumPy arrays, vectors have unit length."""

    def __init__(
        self,
        model: EcgTextModel,
        processor: EcgTextProcessor,
        *,
        revision: str = "",
        prompts: Sequence[PromptSet] = (),
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model.eval()
        self.processor = processor
        self.revision = revision
        self.prompts = tuple(prompts)
        self.provenance = dict(provenance or {})
        self.preprocess = processor.preprocess

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the preprocessing."""
        return self.preprocess.fingerprint

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.model.log_scale.device

    @torch.inference_mode()
    def embed_ecg(self, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray) -> np.ndarray:
        """Prepared ECGs: (B, C, T), (B, C), (B, T) -> (B, D)."""
        inputs = (torch.from_numpy(np.ascontiguousarray(item)).to(self.device) for item in (ecg, lead_mask, time_mask))
        return np.asarray(self.model.encode_ecg(*inputs).pooled.float().cpu().numpy())

    def embed_records(self, records: Sequence[Record]) -> np.ndarray:
        """Records of any length: (n, D). A long one is the mean of its windows, at unit length again."""
        vectors = []
        for record in records:
            windows = self.preprocess.windows(record)
            each = self.embed_ecg(
                np.stack([window.signal for window in windows]),
                np.stack([window.lead_mask for window in windows]),
                np.stack([window.time_mask for window in windows]),
            )
            mean = each.mean(axis=0)
            vectors.append(mean / max(float(np.linalg.norm(mean)), 1e-12))
        return np.stack(vectors)

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Texts, lower-cased as the reports were: (R, D). Raises TextError for an empty one."""
        vectors = []
        for start in range(0, len(texts), BATCH):
            inputs = self.processor.tokenize([text.lower() for text in texts[start : start + BATCH]])
            features = self.model.encode_text(**{name: value.to(self.device) for name, value in inputs.items()})
            vectors.append(features.pooled.float().cpu().numpy())
        return np.concatenate(vectors)

    def embed_store(
        self, store: Store, rows: Sequence[int] | np.ndarray, progress: Progress | None = None
    ) -> np.ndarray:
        """Rows of a store: (n, D). Raises FingerprintError where the store was prepared in another way."""
        if store.fingerprint != self.fingerprint:
            raise FingerprintError(
                f"the store was prepared with fingerprint {store.fingerprint}, the model wants {self.fingerprint}; "
                "prepare the store again with this model's preprocessing"
            )
        rows = np.asarray(rows)
        vectors = []
        for start in range(0, len(rows), BATCH):
            vectors.append(self.embed_ecg(*store.signals(rows[start : start + BATCH])))
            if progress is not None:
                progress(min(start + BATCH, len(rows)), len(rows))
        return np.concatenate(vectors)

    def similarities(self, vectors: np.ndarray, prompts: PromptSet, rule: str = "contrast") -> np.ndarray:
        """Similarity of each ECG vector with each label of a prompt set: (n, D) -> (n, K). It is no probability."""
        return np.asarray(vectors @ zero_shot_weights(self.embed_texts, prompts, rule).T)

    def zero_shot(self, records: Sequence[Record], prompts: PromptSet, rule: str = "contrast") -> np.ndarray:
        """Similarity of each record with each label of a prompt set, in the order of prompts.names: (n, K)."""
        return self.similarities(self.embed_records(records), prompts, rule)


def load(name_or_folder: str | Path, revision: str | None = None, device: str = "cpu") -> Embedder:
    """A model ready to be asked, from a checkpoint folder or a hub name. Raises CheckpointError."""
    checkpoint = load_checkpoint(name_or_folder, revision)
    model: EcgTextModel = checkpoint.model.to(torch.device(device))  # type: ignore[arg-type]
    return Embedder(
        model,
        checkpoint.processor,
        revision=checkpoint.revision,
        prompts=checkpoint.prompts,
        provenance=checkpoint.provenance,
    )
