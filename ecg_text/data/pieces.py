"""All texts as word pieces in one flat array, tokenized once, so that a batch is a matter of copying."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

NO_WORD = -1


@dataclass(frozen=True, eq=False, kw_only=True)
class PieceTable:
    """N texts: pieces (P,) and the word number of each in its text, NO_WORD for special ones; text n from starts[n].

    ordinary are the ids of all pieces that are not special: random ones are drawn from them.
    """

    pieces: np.ndarray
    words: np.ndarray
    starts: np.ndarray
    pad_id: int
    mask_id: int
    ordinary: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Word pieces of each text, special ones included: (N,) int64."""
        return np.diff(self.starts)

    def padded(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """R texts to the length of the longest: pieces (R, L) int64, word numbers (R, L), and which are real."""
        lengths = self.lengths[rows]
        places = np.arange(int(lengths.max(initial=0)))
        real = places < lengths[:, None]
        at = np.minimum(self.starts[rows][:, None] + places, len(self.pieces) - 1)
        ids = np.where(real, self.pieces[at], self.pad_id).astype(np.int64)
        return ids, np.where(real, self.words[at], NO_WORD), real


class PieceEncoder:
    """A fast tokenizer of transformers for its pieces alone: nothing is padded, and cut only at a window, if given.

    It is a copy, so that batches can be made in a thread of their own.
    """

    def __init__(self, tokenizer: Any, window: int | None = None) -> None:
        self._backend = deepcopy(tokenizer.backend_tokenizer)
        self._backend.no_padding()
        self._backend.no_truncation()
        if window is not None:
            self._backend.enable_truncation(window)
        self.pad_id = int(tokenizer.pad_token_id)

    def encode(self, texts: Sequence[str]) -> list[Any]:
        """Each text's encoding of the tokenizers library, special pieces included: its ids and word_ids."""
        return list(self._backend.encode_batch(list(texts)))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, without special ones."""
        return [len(text.ids) for text in self._backend.encode_batch(list(texts), add_special_tokens=False)]


def tokenize_all(texts: Sequence[str], tokenizer: Any, window: int) -> PieceTable:
    """The texts as a table; of a text of more than `window` pieces, special ones included, the rest is cut."""
    encoded = PieceEncoder(tokenizer, window).encode(texts)
    ordinary = sorted(set(tokenizer.get_vocab().values()) - set(tokenizer.all_special_ids))
    return PieceTable(
        pieces=np.array([piece for text in encoded for piece in text.ids], dtype=np.int32),
        words=np.array(
            [NO_WORD if word is None else word for text in encoded for word in text.word_ids], dtype=np.int32
        ),
        starts=np.cumsum([0, *(len(text.ids) for text in encoded)]),
        pad_id=tokenizer.pad_token_id,
        mask_id=tokenizer.mask_token_id,
        ordinary=np.array(ordinary, dtype=np.int64),
    )
