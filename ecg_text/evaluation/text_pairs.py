"""The pairs of the text probe: phrases of an ECG report that mean the same, or differ in what they mean.

They are in English, German and Swedish, in text_probe.tsv beside this module. Axes: N pairs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

import numpy as np

from ecg_text.errors import DataError
from ecg_text.text.query import read_query

VERSION = 1
SAME_KINDS = ("synonym", "abbreviation", "translation", "paraphrase", "negated")
CONTRASTS = ("negation", "laterality", "territory", "degree", "polarity", "age", "chamber")
DIFFERENT_KINDS = (*CONTRASTS, "cross_language", "unrelated")
TOPICS = (*CONTRASTS, "general")

# Above the rounding of float32: two pairs of equal texts must tie.
DECIMALS = 6


@dataclass(frozen=True, kw_only=True)
class ProbePair:
    """Two phrases that mean the same, or do not; how the pair was made, and what it turns on.

    Raises DataError where the kind is not one of that meaning, the topic is unknown, or the texts are equal or empty.
    """

    a: str
    b: str
    same: bool
    kind: str
    topic: str

    def __post_init__(self) -> None:
        kinds = SAME_KINDS if self.same else DIFFERENT_KINDS
        if self.kind not in kinds:
            raise DataError(f"a pair has the kind {self.kind!r}; choose one of {', '.join(kinds)}")
        if self.topic not in TOPICS:
            raise DataError(f"a pair has the topic {self.topic!r}; choose one of {', '.join(TOPICS)}")
        if not (self.a and self.b) or self.a == self.b:
            raise DataError(f"a pair holds {self.a!r} and {self.b!r}; give two texts that differ")


@cache
def probe_pairs() -> tuple[ProbePair, ...]:
    """The pairs of the benchmark, in the order of the file."""
    rows = (line.split("\t") for line in _file().splitlines() if not line.startswith("#"))
    return tuple(
        ProbePair(a=a, b=b, same=meaning == "same", kind=kind, topic=topic) for meaning, kind, topic, a, b in rows
    )


@cache
def probe_hash() -> str:
    """12 hexadecimal digits of the SHA-256 of the file of pairs."""
    return sha256(_file().encode()).hexdigest()[:12]


def told_by_tables(pairs: Sequence[ProbePair]) -> np.ndarray:
    """Whether the tables of the text room alone make one text of a pair (abbreviations, lexicon, concepts): (N,) bool.

    An encoder that was tuned on these tables may have met such a pair; the others it has to understand.
    """
    read = {text: read_query(text, english=True).text for pair in pairs for text in (pair.a, pair.b)}
    return np.array([read[pair.a] == read[pair.b] for pair in pairs])


def trigram_similarities(pairs: Sequence[ProbePair]) -> np.ndarray:
    """What spelling alone gives: the cosine of the texts' counts of three characters in a row, ends included: (N,)."""
    return np.array([_cosine(_trigrams(pair.a), _trigrams(pair.b)) for pair in pairs]).round(DECIMALS)


def _trigrams(text: str) -> Counter[str]:
    padded = f" {text} "
    return Counter(padded[start : start + 3] for start in range(len(padded) - 2))


def _cosine(left: Counter[str], right: Counter[str]) -> float:
    def length(counts: Counter[str]) -> float:
        return math.sqrt(sum(count * count for count in counts.values()))

    return sum(count * right[gram] for gram, count in left.items()) / (length(left) * length(right))


def _file() -> str:
    return files("ecg_text.evaluation").joinpath("text_probe.tsv").read_text(encoding="utf-8")
