"""How texts are read before a model sees them, whoever cuts them into word pieces."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Encoding, Tokenizer

from ecg_text.errors import TextError
from ecg_text.signal.preprocess import Preprocess
from ecg_text.text.query import Query, read_query
from ecg_text.text.rendering import ENGLISH, check_rendering, render

MAX_WORD_PIECES = 128
PADDING = "[PAD]"


class Reading:
    """Texts into the words of a model's reports, in their rendering; a tokenizer follows in tokenize_as_is."""

    rendering: str

    def read(self, text: str) -> Query:
        """How a user's text is read: in lower case, abbreviations written out, and in the words of the model's reports.

        Raises TextError where it holds no word.
        """
        return read_query(text, english=self.rendering == ENGLISH)

    def read_texts(self, texts: Sequence[str]) -> list[str]:
        """What read() makes of each text. Raises TextError for a bare text, and for one that holds no word."""
        if isinstance(texts, str):
            raise TextError(f"texts are {texts!r}; give a list of texts")
        return [self.read(text).text for text in texts]

    def read_report(self, report: str) -> str:
        """How a cleaned report is read: in the rendering of those that the model learned from."""
        return render(report, self.rendering)

    def tokenize(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Word pieces and their mask, both (R, L), of a user's texts, each as read() reads it.

        Raises TextError where there is no text, or no word in one.
        """
        return self.tokenize_as_is(self.read_texts(texts))

    def tokenize_as_is(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """The same of texts that are read already."""
        raise NotImplementedError(f"{type(self).__name__} brings no tokenizer; give it one with tokenize_as_is")


class AskedProcessor(Reading):
    """What EcgTextProcessor is for a model that is asked, by the tokenizers library alone: transformers is not needed.

    folder's tokenizer.json has word pieces for [PAD]. Raises ConfigError for a rendering that is none.
    """

    def __init__(self, preprocess: Preprocess, tokenizer: Tokenizer, rendering: str, max_word_pieces: int) -> None:
        check_rendering(rendering)
        self.preprocess = preprocess
        self.tokenizer = tokenizer
        self.rendering = rendering
        self.max_word_pieces = min(MAX_WORD_PIECES, max_word_pieces)
        tokenizer.enable_truncation(self.max_word_pieces)
        tokenizer.enable_padding(pad_id=tokenizer.token_to_id(PADDING), pad_token=PADDING)

    def tokenize_as_is(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Word pieces and their mask, both (R, L), of texts that are read already. Raises TextError for none."""
        read = self._encode(texts)
        return {
            "input_ids": torch.tensor([one.ids for one in read]),
            "attention_mask": torch.tensor([one.attention_mask for one in read]),
        }

    def cut_texts(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces of each text are not read, because it is too long: 0 for a text that is read whole."""
        return [
            sum(part.special_tokens_mask.count(0) for part in one.overflowing)
            for one in self._encode(self.read_texts(texts))
        ]

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        require_texts(texts)
        return self.tokenizer.encode_batch(list(texts))


def require_texts(texts: Sequence[str]) -> None:
    """Raises TextError where there is none."""
    if not texts:
        raise TextError("there is no text to read; give a list of at least one")
