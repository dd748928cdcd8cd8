"""The text side of a model alone: a text encoder of transformers, or the text tower of a checkpoint, put to work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from ecg_text.errors import CheckpointError
from ecg_text.hub.parts import CONFIG, WEIGHTS, errors_of_tokenizers, read_json, weights_revision
from ecg_text.hub.remote import fetch_folder, origin_of
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.pretrained import usable_positions
from ecg_text.models.processor import MAX_WORD_PIECES
from ecg_text.models.random_twin import random_twin
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.nn.pooling import masked_mean
from ecg_text.text.query import Query

BATCH = 128


class TextEncoder:
    """A model that reads texts in lower case, and as they are: no abbreviation is written out, nothing translated.

    model is an EcgTextModel, whose pooled text vector is taken, or any text encoder, of which it is the mean of the
    last hidden states. At most max_word_pieces of a text are read, special ones included. revision tells the weights,
    origin the hub name and commit that they are from, if they are.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        *,
        max_word_pieces: int = MAX_WORD_PIECES,
        revision: str = "",
        origin: str = "",
    ) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.max_word_pieces = max_word_pieces
        self.revision = revision
        self.origin = origin

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of texts: (R, D) float32."""
        vectors = [np.zeros((0, self._width), dtype=np.float32)]
        for start in range(0, len(texts), BATCH):
            inputs = self.tokenizer(
                [self.read(text).text for text in texts[start : start + BATCH]],
                padding=True,
                truncation=True,
                max_length=self.max_word_pieces,
                return_tensors="pt",
            ).to(self.model.device)
            vectors.append(self._pooled(inputs["input_ids"], inputs["attention_mask"]).float().cpu().numpy())
        return np.concatenate(vectors)

    def read(self, text: str) -> Query:
        """The text in lower case; nothing else of it is changed."""
        return Query(asked=text, text=normalize("NFC", text).lower(), notes=())

    def cut_texts(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces of each text are behind the window, and not read."""
        told = self.tokenizer([self.read(text).text for text in texts], truncation=False, padding=False)["input_ids"]
        return [max(0, len(pieces) - self.max_word_pieces) for pieces in told]

    def random_twin(self, seed: int) -> TextEncoder:
        """One of the same shape and vocabulary that has learned nothing: the base line of every table."""
        return TextEncoder(random_twin(self.model, seed), self.tokenizer, max_word_pieces=self.max_word_pieces)

    @property
    def _width(self) -> int:
        config = self.model.config
        return int(config.embedding_width if isinstance(self.model, EcgTextModel) else config.hidden_size)

    def _pooled(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        if isinstance(self.model, EcgTextModel):
            return self.model.encode_text(input_ids, mask).pooled
        words = self.model(input_ids=input_ids, attention_mask=mask).last_hidden_state
        return F.normalize(masked_mean(words, mask), dim=-1)


def is_text_encoder(name_or_folder: str | Path) -> bool:
    """Whether a folder or hub name holds a model of transformers that is none of ours. Raises CheckpointError."""
    path = fetch_folder(str(name_or_folder)) / CONFIG
    ours = (None, EcgTextConfig.model_type, EcgEncoderConfig.model_type)
    return path.is_file() and read_json(path, dict).get("model_type") not in ours


def load_text_encoder(name_or_folder: str | Path) -> TextEncoder:
    """A text encoder in float32, from a folder or hub name with safetensors weights and a fast tokenizer.

    Raises CheckpointError where a part is missing, damaged or does not fit the others. The pooling layer, which is not
    used, may be missing.
    """
    folder = fetch_folder(str(name_or_folder))
    if not (folder / WEIGHTS).is_file():
        raise CheckpointError(f"{folder} has no {WEIGHTS}; give a text encoder saved as safetensors")
    try:
        model, info = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
        with errors_of_tokenizers():
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (SafetensorError, OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"{folder}: the text encoder does not load ({reason}); get a complete copy") from error
    if missing := sorted(name for name in info["missing_keys"] if not name.startswith("pooler.")):
        raise CheckpointError(f"{folder / WEIGHTS} lacks {', '.join(missing[:3])}; get a complete copy")
    if not isinstance(tokenizer, PreTrainedTokenizerFast) or tokenizer.pad_token_id is None:
        raise CheckpointError(f"{folder} has no fast tokenizer with a padding token; give a text encoder with one")
    window = _window(folder, tokenizer, model)
    return TextEncoder(
        model, tokenizer, max_word_pieces=window, revision=weights_revision(folder), origin=origin_of(folder)
    )


def _window(folder: Path, tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel) -> int:
    """How many word pieces of a text both can read. Raises CheckpointError where they do not fit each other."""
    pieces = 1 + max(tokenizer.get_vocab().values())
    if pieces > model.config.vocab_size:
        raise CheckpointError(
            f"{folder}: the tokenizer makes {pieces} word pieces, the text encoder knows {model.config.vocab_size}; "
            "the tokenizer is another model's"
        )
    positions = usable_positions(model.config)
    bounds = [MAX_WORD_PIECES, tokenizer.model_max_length]
    return min(bounds if positions is None else [*bounds, positions])
