"""From records, texts and stores to unit vectors, and from vectors to the similarities of a prompt set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ecg_text.errors import FingerprintError
from ecg_text.hub.answering import Answerer
from ecg_text.hub.answers import EcgAnswer
from ecg_text.hub.calibration import CalibratedPrompts, Calibration
from ecg_text.hub.drafts import Draft
from ecg_text.hub.explaining import explain_record
from ecg_text.hub.explanation import Explanation
from ecg_text.hub.vectors import EcgVectors, as_array
from ecg_text.models.contrast import opposed_texts, zero_shot_weights
from ecg_text.models.outputs import EcgFeatures
from ecg_text.models.random_twin import random_twin
from ecg_text.record import Record
from ecg_text.signal.gate.passage import require_ecg
from ecg_text.signal.preprocess import Prepared
from ecg_text.text.prompts import PromptSet

if TYPE_CHECKING:
    from transformers import GenerationConfig

    from ecg_text.data.store import Store
    from ecg_text.models.processor import EcgTextProcessor
    from ecg_text.models.two_tower import EcgTextModel

Progress = Callable[[int, int], None]
BATCH = 128


class Embedder:
    """A model put to work: every method gives float32 NumPy arrays, vectors have unit length.

    revision tells the weights, origin the hub name and commit that they are from (org/name@commit), if they are.
    """

    def __init__(
        self,
        model: EcgTextModel,
        processor: EcgTextProcessor,
        *,
        revision: str = "",
        origin: str = "",
        prompts: Sequence[PromptSet] = (),
        provenance: Mapping[str, Any] | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.model = model.eval()
        self.processor = processor
        self.revision = revision
        self.origin = origin
        self.prompts = tuple(prompts)
        self.provenance = dict(provenance or {})
        self.calibration = calibration
        self.preprocess = processor.preprocess

    def random_twin(self, seed: int) -> Embedder:
        """One of the same shape and preprocessing that has learned nothing: the base line of every table."""
        return Embedder(random_twin(self.model, seed), self.processor)

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
        return as_array(self._encode(ecg, lead_mask, time_mask).pooled)

    def require_prepared(self, store: Store) -> None:
        """Raises FingerprintError where the store was prepared in another way than this model's ECGs are."""
        require_prepared(store, self.fingerprint)

    def embed_records(self, records: Sequence[Record]) -> np.ndarray:
        """Records of any length: (n, D). A long one is the mean of its windows, at unit length again.

        A store keeps the first window of each recording, and so does what is made of it (embed_store, an index): a long
        record has another vector here than there.

        Raises SignalError for a record that the gate refuses, or that has none of the model's leads.
        """
        return self.embed_windows((self._windows(record) for record in records), len(records))

    def embed_windows(self, records: Iterable[Iterable[Prepared]], num: int) -> np.ndarray:
        """The same of num records that are examined and prepared already, each given by its windows: (num, D)."""
        sums = self._zeros(num)
        windows = ((row, window) for row, prepared in enumerate(records) for window in prepared)
        while chunk := list(islice(windows, BATCH)):
            each = self.embed_ecg(
                np.stack([window.signal for _, window in chunk]),
                np.stack([window.lead_mask for _, window in chunk]),
                np.stack([window.time_mask for _, window in chunk]),
            )
            np.add.at(sums, [row for row, _ in chunk], each)
        # A sum and a mean have the same direction.
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """A user's texts, read as processor.read() reads them: (R, D). Raises TextError for one that holds no word."""
        return self._embed_read(self.processor.read_texts(texts))

    def embed_reports(self, reports: Sequence[str]) -> np.ndarray:
        """Cleaned reports, in the rendering that the model learned from: (R, D)."""
        return self._embed_read([self.processor.read_report(report) for report in reports])

    def embed_store(
        self, store: Store, rows: Sequence[int] | np.ndarray, progress: Progress | None = None
    ) -> np.ndarray:
        """Rows of a store: (n, D). Raises FingerprintError where the store was prepared in another way."""
        return self.store_vectors(store, rows, progress).pooled

    def store_vectors(
        self, store: Store, rows: Sequence[int] | np.ndarray, progress: Progress | None = None
    ) -> EcgVectors:
        """Both vectors of rows of a store. Raises FingerprintError where the store was prepared in another way."""
        parts = [EcgVectors.of(found) for found in self.encode_store(store, rows, progress)]
        return EcgVectors.joined(parts) if parts else EcgVectors(self._zeros(0), self._zeros(0))

    @torch.inference_mode()
    def encode_store(
        self, store: Store, rows: Sequence[int] | np.ndarray, progress: Progress | None = None
    ) -> Iterator[EcgFeatures]:
        """The same rows as the ECG encoder gives them, tokens and all, some at a time. Raises FingerprintError."""
        self.require_prepared(store)
        rows = np.asarray(rows)
        for start in range(0, len(rows), BATCH):
            yield self._encode(*store.signals(rows[start : start + BATCH]))
            if progress is not None:
                progress(min(start + BATCH, len(rows)), len(rows))

    @property
    def opposite_share(self) -> float:
        """How much of its opposite is taken away from a finding that this model is asked (models/contrast.py)."""
        return float(self.model.config.opposite_share)

    def weights(self, prompts: PromptSet, rule: str = "contrast") -> np.ndarray:
        """One unit vector for each label of a prompt set, by a rule of zero_shot_weights: (K, D)."""
        return zero_shot_weights(self.embed_texts, prompts, self.opposite_share, rule)

    def opposites(self, prompts: PromptSet, rule: str = "contrast") -> dict[str, tuple[str, ...]]:
        """The texts that each label is measured against, () for none. Raises ConfigError for a rule that is none."""
        return opposed_texts(prompts, self.opposite_share, rule)

    def similarities(self, vectors: np.ndarray, prompts: PromptSet, rule: str = "contrast") -> np.ndarray:
        """Similarity of each ECG vector with each label of a prompt set: (n, D) -> (n, K). It is no probability.

        rule is that of zero_shot_weights: how many of its texts are asked, and against what.
        """
        return np.asarray(vectors @ self.weights(prompts, rule).T)

    def zero_shot(self, records: Sequence[Record], prompts: PromptSet, rule: str = "contrast") -> np.ndarray:
        """Similarity of each record with each label of a prompt set, in the order of prompts.names: (n, K)."""
        return self.similarities(self.embed_records(records), prompts, rule)

    @property
    def own_calibration(self) -> Calibration | str:
        """The calibration that was fitted for this model, or one line that says why there is none."""
        if self.calibration is None:
            return "the model carries no calibration; fit one with ecg-text calibrate"
        return self.calibration.for_model(self.revision, self.fingerprint, self.opposite_share)

    def calibrated(self, prompts: PromptSet, rule: str = "contrast") -> CalibratedPrompts | str:
        """What makes probabilities of a prompt set's similarities, or one line that says why there is nothing."""
        own = self.own_calibration
        return own if isinstance(own, str) else own.for_prompts(prompts, rule, self.revision)

    def classify(self, records: Sequence[Record], prompts: PromptSet, rule: str = "contrast") -> list[EcgAnswer]:
        """Each record's answer to a prompt set: similarities, and what was fitted for them (hub/answers.py).

        Raises SignalError as embed_records does, ConfigError for a rule that is none.
        """
        return Answerer(self, prompts, rule).answer_records(records)

    def describe(self, records: Sequence[Record], settings: GenerationConfig | None = None) -> list[Draft]:
        """A draft of a report for each record's first window, told sentence by sentence (hub/drafts.py).

        settings as in describe_prepared. Raises SignalError as embed_records does, ConfigError as describe_prepared.
        """
        from ecg_text.hub.describing import Drafter

        return Drafter(self.model, self.processor, settings).draft_records(records)

    def describe_prepared(
        self, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray, settings: GenerationConfig | None = None
    ) -> list[str]:
        """Drafts of reports for prepared ECGs, in the words of the model's reports: (B, C, T), (B, C), (B, T) -> B.

        settings are those of transformers, greedy where left out (hub/describing.asked_settings). Raises ConfigError
        where the model has no decoder.
        """
        from ecg_text.hub.describing import Drafter

        written = Drafter(self.model, self.processor, settings).write(ecg, lead_mask, time_mask)
        return [report.text for report in written]

    def explain(self, record: Record, text: str, generator: np.random.Generator | None = None) -> Explanation:
        """What in a record its similarity with a text rests on, by moment, beat and lead (hub/explanation.py)."""
        return explain_record(self, record, text, generator)

    def _encode(self, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray) -> EcgFeatures:
        inputs = (torch.from_numpy(np.ascontiguousarray(item)).to(self.device) for item in (ecg, lead_mask, time_mask))
        return self.model.encode_ecg(*inputs)

    def _windows(self, record: Record) -> list[Prepared]:
        require_ecg(record, self.preprocess)
        return self.preprocess.windows(record)

    @torch.inference_mode()
    def _embed_read(self, texts: Sequence[str]) -> np.ndarray:
        """Texts in the model's words: (R, D). Each distinct one is encoded once, with others of about its length."""
        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        vectors = [self._zeros(0)]
        for start in range(0, len(distinct), BATCH):
            inputs = self.processor.tokenize_as_is(distinct[start : start + BATCH])
            features = self.model.encode_text(**{name: value.to(self.device) for name, value in inputs.items()})
            vectors.append(as_array(features.pooled))
        place = {text: number for number, text in enumerate(distinct)}
        return np.concatenate(vectors)[[place[text] for text in texts]]

    def _zeros(self, num: int) -> np.ndarray:
        return np.zeros((num, self.model.config.embedding_width), dtype=np.float32)


def require_prepared(store: Store, wanted: str) -> None:
    """Raises FingerprintError where a store was prepared in another way than a model with this fingerprint wants."""
    if store.fingerprint != wanted:
        raise FingerprintError(
            f"{store.folder} was prepared with fingerprint {store.fingerprint}, the model wants {wanted}; prepare it "
            "again with this model's preprocessing"
        )
