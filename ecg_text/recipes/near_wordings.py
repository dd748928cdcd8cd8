"""Wordings that look alike and mean something else ("sinusbradykardie", "sinustachykardie"): hard negatives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from scipy.sparse import csr_array

SIZE = 3  # letters of a gram
LEAST = 0.4  # cosine from which two texts look alike: below it they share a word or two, and are told apart anyway
_BLOCK = 512  # texts whose cosines with the pool are in memory together
_WORD = re.compile(r"[^\W_]+|[-+]\d+")


def near_wordings(meanings: Mapping[str, int], pool: Iterable[str], most: int) -> dict[str, tuple[str, ...]]:
    """For each text the texts of the pool that look most like it and have another meaning, nearest first.

    Likeness is the cosine of letter trigrams, each weighed by the logarithm of how rare it is among all texts; at least
    LEAST. The same words in another order are no neighbours: they mean the same, though no table says so. meanings
    tells the meaning of every text, those of the pool among them. Texts without a neighbour are left out.
    """
    texts, others = sorted(meanings), sorted(set(pool))
    if not texts or not others or most < 1:
        return {}
    bags = {text: sorted(_WORD.findall(text)) for text in texts}
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
            nearest = np.argsort(-row, kind="stable")[:most]
            if found := tuple(others[k] for k in nearest if row[k] >= LEAST and bags[others[k]] != bags[text]):
                near[text] = found
    return near


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
