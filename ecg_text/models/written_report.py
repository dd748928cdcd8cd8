"""A report that a model wrote: from its word pieces to sentences, and back from each piece to the sentence it is of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ecg_text.text.sentences import SEPARATOR, split_sentences
from ecg_text.text.spacing import close_up

NO_SENTENCE = -1
# The end of a sentence, where the text breaks off behind it; a stop behind a number may be within one ("0.5").
_STOP = re.compile(r"[^\W\d][.!?;]$")


@dataclass(frozen=True, eq=False, kw_only=True)
class WrittenReport:
    """pieces (L,) int64 from [CLS] to [SEP], and the sentences that they say, in the words of the model's reports.

    is_whole tells whether the report came to its end. If it was broken off, an unfinished sentence is left out: half a
    sentence may say the opposite of the whole. Where it is the only one it stays.
    """

    pieces: np.ndarray
    sentences: tuple[str, ...]
    is_whole: bool

    @property
    def text(self) -> str:
        """The sentences, joined as those of reports are."""
        return SEPARATOR.join(self.sentences)

    def sentence_numbers(self, tokenizer: Any) -> np.ndarray:
        """The sentence of each piece (L,), NO_SENTENCE for what is between sentences, or in none of them.

        Found by the signs that are no blanks, which pieces, text and sentences have in common and in one order.
        """
        signs = _signs(_decoded(self.pieces, tokenizer))
        of_sign = [NO_SENTENCE] * len(signs)
        at = 0
        for number, sentence in enumerate(self.sentences):
            for sign in _signs(sentence):
                at = signs.index(sign, at)
                of_sign[at] = number
                at += 1
        ends = [len(_signs(_decoded(self.pieces[:end], tokenizer))) for end in range(len(self.pieces) + 1)]
        return np.array([max(of_sign[start:end], default=NO_SENTENCE) for start, end in pairwise(ends)])


def read_written(pieces: Sequence[int], tokenizer: Any) -> WrittenReport:
    """Of a row of word pieces, `[CLS] pieces [SEP]` and then padding, the report. [SEP] is missing in a broken one."""
    row = list(pieces)
    is_whole = tokenizer.sep_token_id in row
    kept = np.array(row[: row.index(tokenizer.sep_token_id) + 1] if is_whole else row, dtype=np.int64)
    text = close_up(_decoded(kept, tokenizer))
    sentences = split_sentences(text)
    if not is_whole and not _STOP.search(text) and len(sentences) > 1:
        sentences = sentences[:-1]
    return WrittenReport(pieces=kept, sentences=sentences, is_whole=is_whole)


def _decoded(pieces: np.ndarray, tokenizer: Any) -> str:
    # The clean-up of transformers writes "do not" as "don't"; blanks are our own affair.
    return str(tokenizer.decode(pieces.tolist(), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _signs(text: str) -> str:
    return "".join(text.split())
