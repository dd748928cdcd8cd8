"""How a model reads a prompt set: which labels it cannot tell apart, which words and ends of texts it does not see.

Axes: M texts, K labels, D width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from transformers import PreTrainedTokenizerFast

from ecg_text.errors import ConfigError
from ecg_text.models.contrast import EncodeTexts
from ecg_text.text.prompt_lint import Finding, lint_wording
from ecg_text.text.prompts import PromptSet
from ecg_text.text.query import Query

# Labels whose texts have a higher cosine than this are one label for the model.
BOUND = 0.95


@dataclass(frozen=True, kw_only=True)
class OwnLabel:
    """Of num_texts texts, those of which another label than their own is nearest: text, own label, nearest label."""

    num_texts: int
    strays: tuple[tuple[str, str, str], ...]

    @property
    def share(self) -> float:
        """The share of texts that find their own label first; NaN where no text could be asked."""
        return 1.0 - len(self.strays) / self.num_texts if self.num_texts else float("nan")


def own_label_first(encode: EncodeTexts, prompts: PromptSet) -> OwnLabel:
    """Whether each text is nearest to its own label, by the cosine with the mean of the label's other texts.

    A label is stood for by the mean of its texts at unit length, the own one by those but the text that is asked. A
    text that is alone in its label takes no part; one that is as near to another label is astray.
    """
    vectors = [np.asarray(encode(label.texts), dtype=np.float64) for label in prompts.labels]
    centres = _unit(np.stack([each.sum(axis=0) for each in vectors]))
    num_texts, strays = 0, []
    for number, label in enumerate(prompts.labels):
        if len(label.texts) == 1:
            continue
        rivals = vectors[number] @ centres.T
        rivals[:, number] = -np.inf
        own = (vectors[number] * _unit(vectors[number].sum(axis=0) - vectors[number])).sum(axis=1)
        nearest = rivals.argmax(axis=1)
        astray = rivals.max(axis=1) >= own
        strays += [(label.texts[m], label.name, prompts.names[nearest[m]]) for m in np.flatnonzero(astray)]
        num_texts += len(label.texts)
    return OwnLabel(num_texts=num_texts, strays=tuple(strays))


class TextReader(Protocol):
    """How texts become word pieces: the processor of a model, or a text encoder alone."""

    tokenizer: PreTrainedTokenizerFast

    @property
    def max_word_pieces(self) -> int:
        """Word pieces of a text that are read."""

    def read(self, text: str) -> Query:
        """The text as it is read."""

    def cut_texts(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces of each text are not read."""


def check_with_model(
    encode: EncodeTexts, reader: TextReader, prompts: PromptSet, bound: float = BOUND
) -> tuple[Finding, ...]:
    """What a model makes of a prompt set, as warnings, and as notes where nothing is lost.

    Labels whose texts have a cosine over the bound cannot be told apart. Raises ConfigError for a bound that is no
    cosine, TextError for a text without a word.
    """
    if not -1.0 <= bound <= 1.0:
        raise ConfigError(f"the bound is {bound:g}, but it is one of cosines; give a number from -1 to 1")
    said = [(label.name, text) for label in prompts.labels for text in label.texts]
    told = said + [(label.name, text) for label in prompts.labels for text in label.opposite]
    read = {text: reader.read(text).text for _, text in told}
    tokenizer = reader.tokenizer
    return (
        *_alike(encode, prompts, bound),
        *_read_as_one(said, read),
        *lint_wording([(name, read[text]) for name, text in told], tokenizer.tokenize, tokenizer.unk_token),
        *_too_long(reader, told),
    )


def _alike(encode: EncodeTexts, prompts: PromptSet, bound: float) -> Iterator[Finding]:
    """Labels over the bound, nearest pair first, then labels that are as near to their own opposite."""
    texts = list(dict.fromkeys(text for label in prompts.labels for text in (*label.texts, *label.opposite)))
    vector = dict(zip(texts, encode(texts), strict=True))
    centres = _unit(np.stack([_mean(vector, label.texts) for label in prompts.labels]))
    cosine = centres @ centres.T
    first, second = np.triu_indices(len(centres), k=1)
    for pair in np.argsort(-cosine[first, second], kind="stable"):
        value = cosine[first[pair], second[pair]]
        if value <= bound:
            break
        message = f"cannot be told apart from {prompts.names[second[pair]]}: cosine {value:.3f}, over {bound:g}"
        yield Finding(severity="warning", kind="alike", label=prompts.names[first[pair]], message=message)
    for label, centre in zip(prompts.labels, centres, strict=True):
        if label.opposite:
            value = float(centre @ _unit(_mean(vector, label.opposite)))
            if value > bound:
                message = f"cannot be told apart from its opposite: cosine {value:.3f}, over {bound:g}"
                yield Finding(severity="warning", kind="alike", label=label.name, message=message)


def _read_as_one(said: Sequence[tuple[str, str]], read: Mapping[str, str]) -> Iterator[Finding]:
    """Texts that are one text once abbreviations are written out and words translated."""
    first: dict[str, tuple[str, str]] = {}
    for name, text in said:
        label, like = first.setdefault(read[text], (name, text))
        if (label, like) == (name, text):
            continue
        severity, whose = ("note", "") if label == name else ("warning", f" of {label}")
        message = f"{text!r} and {like!r}{whose} are both read as {read[text]!r}"
        yield Finding(severity=severity, kind="read as one", label=name, message=message)


def _too_long(reader: TextReader, told: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    window = reader.max_word_pieces
    for (name, text), cut in zip(told, reader.cut_texts([text for _, text in told]), strict=True):
        if cut:
            start = text if len(text) <= 40 else text[:37] + "..."
            message = f"{start!r} is longer than the window of {window} word pieces: {cut} are cut; say it shorter"
            yield Finding(severity="warning", kind="too long", label=name, message=message)


def _mean(vector: Mapping[str, np.ndarray], texts: Sequence[str]) -> np.ndarray:
    return np.asarray(np.mean([vector[text] for text in texts], axis=0), dtype=np.float64)


def _unit(rows: np.ndarray) -> np.ndarray:
    """The same directions at unit length: (..., D)."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12))
