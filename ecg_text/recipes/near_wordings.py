"""Wordings that look alike and mean something else ("sinusbradykardie", "sinustachykardie"): hard negatives."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from scipy.sparse import csr_array

from ecg_text.text.synonyms import phrase_key

SIZE = 3  # letters of a gram
LEAST = 0.4  # cosine from which two texts look alike: below it they share a word or two, and are told apart anyway
_BLOCK = 512  # texts whose cosines with the pool are in memory together
_SIGNED = re.compile(r"(?<!\w)[-+]\d+")
_FILLING = frozenset(("the", "of", "a", "in", "leads"))
_ENDING = re.compile(r"(?<=\w\w)s$|(?<=\w{9})[at]$")  # a plural, and the endings of long Swedish adjectives


def near_wordings(meanings: Mapping[str, int], pool: Iterable[str], most: int) -> dict[str, tuple[str, ...]]:
    """For each text the texts of the pool that look most like it and have another meaning, nearest first.

    Likeness is the cosine of letter trigrams, each weighed by the logarithm of how rare it is among all texts; at least
    LEAST. The same words in another order, number or spelling are no neighbours: they mean the same, though no table
    says so. meanings tells the meaning of every text, those of the pool among them. Texts without a neighbour are left
    out.
    """
    texts, others = sorted(meanings), sorted(set(pool))
    if not texts or not others or most < 1:
        return {}
    said = {text: _words(text) for text in texts}
    place = {text: number for number, text in enumerate(texts)}
    grams = _weighed(texts)
    columns = np.array([place[text] for text in others])
    meaning = np.array([meanings[text] for text in texts])
    near: dict[str, tuple[str, ...]] = {}
    for start in range(0, len(texts), _BLOCK):
        rows = slice(start, start + _BLOCK)
        cosine = (grams[rows] @ grams[columns].T).toarray()
        cosine[meaning[rows, None] == meaning[None, columns]] = 0.0
        for text, row in zip(texts[rows], cosine, strict=True):
            nearest = (others[k] for k in np.argsort(-row, kind="stable") if row[k] >= LEAST)
            apart = (other for other in nearest if not _same_words(said[other], said[text]))
            if found := tuple(itertools.islice(apart, most)):
                near[text] = found
    return near


def _words(text: str) -> list[str]:
    """The words of a text as they are compared: without filling ones and endings, but with signs."""
    keys = (_ENDING.sub("", key) for key in phrase_key(text) if key not in _FILLING)
    return [*keys, *_SIGNED.findall(text)]


def _same_words(one: list[str], other: list[str]) -> bool:
    """Whether they are the same in any order, or written together and apart."""
    return sorted(one) == sorted(other) or "".join(one) == "".join(other)


def _weighed(texts: list[str]) -> csr_array:
    """The rows of weighed grams, at unit length: (N, grams)."""
    sets = [set(_grams(text)) for text in texts]
    met = Counter(gram for grams in sets for gram in grams)
    number = {gram: k for k, gram in enumerate(sorted(met))}
    weight = {gram: np.log1p(len(texts) / times) for gram, times in met.items()}
    ends = np.cumsum([0, *map(len, sets)])
    ordered = [sorted(grams) for grams in sets]
    values = np.array([weight[gram] for grams in ordered for gram in grams])
    lengths = np.sqrt(np.add.reduceat(values**2, ends[:-1]))
    columns = [number[gram] for grams in ordered for gram in grams]
    return csr_array((values / np.repeat(lengths, np.diff(ends)), columns, ends), shape=(len(texts), len(number)))


def _grams(text: str) -> Iterator[str]:
    padded = f" {text} "
    return (padded[k : k + SIZE] for k in range(max(1, len(padded) - SIZE + 1)))
