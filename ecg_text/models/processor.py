"""From records and words to the model's tensors: the preprocessing and the tokenizer of a checkpoint, saved with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from transformers import BatchFeature, FeatureExtractionMixin, PreTrainedTokenizerFast, ProcessorMixin

from ecg_text.errors import FingerprintError, TextError
from ecg_text.record import Record
from ecg_text.signal.preprocess import Preprocess, standard_preprocess

MAX_WORD_PIECES = 128


class EcgFeatureExtractor(FeatureExtractionMixin):
    """The ECG half of the processor: a Preprocess and its fingerprint, as transformers wants to save them.

    Raises FingerprintError where the fingerprint given is not that of the steps given.
    """

    model_input_names = ("ecg", "lead_mask", "time_mask")

    def __init__(
        self, preprocess: Mapping[str, Any] | None = None, fingerprint: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)  # transformers hands its own bookkeeping through here when it loads
        steps = standard_preprocess() if preprocess is None else Preprocess.from_dict(preprocess)
        if fingerprint is not None and fingerprint != steps.fingerprint:
            raise FingerprintError(
                f"the saved preprocessing says fingerprint {fingerprint}, its steps give {steps.fingerprint}; "
                "get an unchanged copy of processor_config.json"
            )
        self.preprocess = steps.to_dict()
        self.fingerprint = steps.fingerprint

    @property
    def steps(self) -> Preprocess:
        """The preprocessing as an object."""
        return Preprocess.from_dict(self.preprocess)

    def __call__(self, records: Sequence[Record]) -> BatchFeature:
        """First window of each record: ecg (B, C, T), lead_mask (B, C), time_mask (B, T)."""
        steps = self.steps
        prepared = [steps(record) for record in records]
        return BatchFeature(
            {
                "ecg": torch.from_numpy(np.stack([item.signal for item in prepared])),
                "lead_mask": torch.from_numpy(np.stack([item.lead_mask for item in prepared])),
                "time_mask": torch.from_numpy(np.stack([item.time_mask for item in prepared])),
            }
        )


class EcgTextProcessor(ProcessorMixin):
    """Preprocessing and tokenizer in one: processor(records=[...], texts=[...]) gives the inputs of EcgTextModel."""

    feature_extractor: EcgFeatureExtractor
    tokenizer: PreTrainedTokenizerFast

    def __init__(self, feature_extractor: EcgFeatureExtractor, tokenizer: PreTrainedTokenizerFast) -> None:
        super().__init__(feature_extractor, tokenizer)

    @classmethod
    def of(cls, preprocess: Preprocess, tokenizer: PreTrainedTokenizerFast) -> EcgTextProcessor:
        """A processor from a preprocessing and a tokenizer."""
        return cls(EcgFeatureExtractor(preprocess.to_dict()), tokenizer)

    @property
    def preprocess(self) -> Preprocess:
        """What is done to a record before the model sees it."""
        return self.feature_extractor.steps

    def __call__(self, records: Sequence[Record] | None = None, texts: Sequence[str] | None = None) -> BatchFeature:
        """Records -> ecg, lead_mask, time_mask; texts -> input_ids, attention_mask, padded to the longest of them."""
        inputs: dict[str, Any] = {}
        if records is not None:
            inputs.update(self.feature_extractor(records))
        if texts is not None:
            inputs.update(self.tokenize(texts))
        return BatchFeature(inputs)

    def tokenize(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Word pieces and their mask, both (R, L). Raises TextError for an empty text."""
        for text in texts:
            if not text.strip():
                raise TextError("a text is empty; write what to look for, such as 'atrial fibrillation'")
        encoded = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.max_word_pieces, return_tensors="pt"
        )
        return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}

    @cached_property
    def max_word_pieces(self) -> int:
        """Word pieces of a text that are read; what is behind them is cut."""
        return min(MAX_WORD_PIECES, int(self.tokenizer.model_max_length))


def wrap_tokenizer(tokenizer: Any) -> PreTrainedTokenizerFast:
    """A tokenizers.Tokenizer of ours with its special tokens named, as transformers saves and loads it."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=MAX_WORD_PIECES,
    )
