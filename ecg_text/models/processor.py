"""From records and words to the model's tensors: the preprocessing and the tokenizer of a checkpoint, saved with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    BatchEncoding,
    BatchFeature,
    FeatureExtractionMixin,
    PreTrainedTokenizerFast,
    ProcessorMixin,
)

from ecg_text.errors import FingerprintError, SignalError, TextError
from ecg_text.models.reading import MAX_WORD_PIECES, Reading, require_texts
from ecg_text.record import Record
from ecg_text.signal.preprocess import Preprocess, standard_preprocess
from ecg_text.text.rendering import ORIGINAL, check_rendering

# What a tokenizer remembers of how it was loaded; nobody else needs to know.
_OF_LOADING = ("is_local", "local_files_only")


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
        """First window of each record: ecg (B, C, T), lead_mask (B, C), time_mask (B, T).

        Raises SignalError where there is no record, or a record is too short, flat, or has none of the leads.
        """
        steps = self.steps
        prepared = [steps(record) for record in records]
        if not prepared:
            raise SignalError("there is no record to prepare; give at least one")
        return BatchFeature(
            {
                "ecg": torch.from_numpy(np.stack([item.signal for item in prepared])),
                "lead_mask": torch.from_numpy(np.stack([item.lead_mask for item in prepared])),
                "time_mask": torch.from_numpy(np.stack([item.time_mask for item in prepared])),
            }
        )


class EcgTextProcessor(Reading, ProcessorMixin):
    """Preprocessing and tokenizer in one: processor(records=[...], texts=[...]) gives the inputs of EcgTextModel.

    rendering is that of the reports which the model learned from; what it is asked is read in the same words. Raises
    TextError where the tokenizer has no padding token, ConfigError for a rendering that is none.
    """

    feature_extractor: EcgFeatureExtractor
    tokenizer: PreTrainedTokenizerFast

    def __init__(
        self,
        feature_extractor: EcgFeatureExtractor,
        tokenizer: PreTrainedTokenizerFast,
        rendering: str = ORIGINAL,
    ) -> None:
        if tokenizer.pad_token_id is None:
            raise TextError("the tokenizer has no padding token, so texts make no batch; name one (pad_token)")
        check_rendering(rendering)
        super().__init__(feature_extractor, tokenizer)
        self.rendering = rendering

    @classmethod
    def of(
        cls, preprocess: Preprocess, tokenizer: PreTrainedTokenizerFast, rendering: str = ORIGINAL
    ) -> EcgTextProcessor:
        """A processor from a preprocessing, a tokenizer and the rendering of the texts."""
        return cls(EcgFeatureExtractor(preprocess.to_dict()), tokenizer, rendering)

    @property
    def preprocess(self) -> Preprocess:
        """What is done to a record before the model sees it."""
        return self.feature_extractor.steps

    @property
    def max_word_pieces(self) -> int:
        """Word pieces of a text that are read, special ones included; what is behind them is cut."""
        return min(MAX_WORD_PIECES, int(self.tokenizer.model_max_length))

    def __call__(self, records: Sequence[Record] | None = None, texts: Sequence[str] | None = None) -> BatchFeature:
        """Records -> ecg, lead_mask, time_mask; texts -> input_ids, attention_mask, padded to the longest of them."""
        inputs: dict[str, Any] = {}
        if records is not None:
            inputs.update(self.feature_extractor(records))
        if texts is not None:
            inputs.update(self.tokenize(texts))
        return BatchFeature(inputs)

    def tokenize_as_is(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """The same of texts that are read already."""
        encoded = self._encode(texts, return_tensors="pt")
        return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}

    def cut_texts(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces of each text are not read, because it is too long: 0 for a text that is read whole."""
        encoded = self._encode(self.read_texts(texts), return_overflowing_tokens=True, return_special_tokens_mask=True)
        lost, seen = [0] * len(texts), set()
        for text, special in zip(encoded["overflow_to_sample_mapping"], encoded["special_tokens_mask"], strict=True):
            if text in seen:  # the first row of a text is what is read, the others what was cut off
                lost[text] += special.count(0)
            seen.add(text)
        return lost

    def save_pretrained(self, save_directory: str | Path, push_to_hub: bool = False, **kwargs: Any) -> list[str]:
        """Write processor_config.json and the tokenizer's files, the same bytes however the tokenizer was used before.

        The arguments are those of transformers.
        """
        # A copy: another thread may be using this tokenizer, and must not see its settings change.
        unused = type(self)(self.feature_extractor, as_new(self.tokenizer), self.rendering)
        written: list[str] = super(EcgTextProcessor, unused).save_pretrained(save_directory, push_to_hub, **kwargs)
        return written

    def _encode(self, texts: Sequence[str], **options: Any) -> BatchEncoding:
        require_texts(texts)
        return self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self.max_word_pieces,
            **options,
        )


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


def as_new(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """A copy without the truncation and padding that the last call left in it."""
    copy = deepcopy(tokenizer)
    copy.backend_tokenizer.no_truncation()
    copy.backend_tokenizer.no_padding()
    for name in _OF_LOADING:
        copy.init_kwargs.pop(name, None)
    return copy
