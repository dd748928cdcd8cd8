"""Spelling and endings of words are levelled, so that a phrase of a lexicon is written once."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from types import MappingProxyType

# German writes an umlaut as two letters where the keyboard lacks it; Swedish drops its rings and dots.
_FOLDS = MappingProxyType(
    {
        "de": str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}),
        "sv": str.maketrans({"å": "a", "ä": "a", "ö": "o", "é": "e"}),
        "en": str.maketrans({}),
    }
)
# Endings that say case, number and gender, in the order in which they are taken off; each list gives one.
_ENDINGS = MappingProxyType({"de": (("en", "em", "es", "e", "er"), ("er",)), "sv": (), "en": ()})
_SHORTEST_STEM = 3  # and 5 in front of "em", with which some stems end ("extrem")


def fold(word: str, language: str) -> str:
    """The word in lower case without the letters that are spelt in several ways ("ä", "ae")."""
    return unicodedata.normalize("NFC", word.lower()).translate(_FOLDS[language])


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """What a word and its inflected forms have in common: "inferiorer", "inferioren" -> "inferior"."""
    stemmed = fold(word, language)
    for endings in _ENDINGS[language]:
        for ending in endings:
            if stemmed.endswith(ending) and len(stemmed) - len(ending) >= _SHORTEST_STEM + 2 * (ending == "em"):
                stemmed = stemmed[: -len(ending)]
                break
    return stemmed


def has_ending(word: str, language: str) -> bool:
    """Whether a folded word ends as inflected ones do; some stems do so too ("sicher")."""
    return any(word.endswith(ending) for endings in _ENDINGS[language] for ending in endings)
