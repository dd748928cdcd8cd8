"""The concepts that a sentence names are found in it, and said in another wording or another language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

import numpy as np

from ecg_text.errors import TextError
from ecg_text.text.concepts import Concept, concepts
from ecg_text.text.phrases import CLAUSE, GOES_ON, PhraseTable, phrase_key

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "english", "de": "german", "sv": "swedish"})

# Wordings that say more than the bare name does are not put into a longer sentence, which may deny just that.
_SAYS_MORE = re.compile(
    r"(?:complete|komplett|vollständig|normal|acute|akut|ecto|ekto|non-specific|unspez|ospec)"
    r"|.* (?:consistent with|present|within)\b"
)
# What a negated finding opens with, and how each language says it of any finding.
_NO = re.compile(
    r"(?:no(?: ecg)? evidence of|no signs? of|no|without"
    r"|keine? (?:hinweise? auf|anhalt für|zeichen für)|kein(?:e[rn]?)?|ohne"
    r"|inga tecken på|inga|ingen|inget|ej|utan) "
)
_NEGATED: Mapping[str, str] = MappingProxyType({"en": "no ", "de": "kein hinweis auf ", "sv": "inga tecken på "})


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A concept's wording found at [start, end) of a sentence, and the languages that word it so."""

    start: int
    end: int
    concept: Concept
    languages: frozenset[str]


def swap_wording(
    sentence: str, generator: np.random.Generator, languages: Sequence[str] = ("en",), *, abbreviations: bool = True
) -> str:
    """The sentence with the longest concept phrase in it said in another wording; as it is where there is none.

    A finding that is nothing but the phrase, negated or not, may change to any of the languages; within a longer
    sentence the wording stays in the sentence's own, and changes if that is among them. A negation stays. One draw
    is taken where there is a choice. Raises TextError for a language that the table of concepts has not.
    """
    options = other_wordings(sentence, tuple(languages), abbreviations)
    return options[int(generator.integers(len(options)))] if options else sentence


@lru_cache(maxsize=1 << 16)
def other_wordings(sentence: str, languages: tuple[str, ...], abbreviations: bool) -> tuple[str, ...]:
    """Every sentence that swap_wording can say instead, without the sentence itself; () where there is none."""
    check_languages(languages)
    found = find_phrases(sentence)
    if len(found) == 1 and (found[0].start, found[0].end) == (0, len(sentence)):
        said = _said(found[0].concept, languages, abbreviations)
        return _others(sentence, [wording for _, wording in said])
    negation = _NO.match(sentence)
    if negation and len(found) == 1 and (found[0].start, found[0].end) == (negation.end(), len(sentence)):
        return _others(sentence, _negated(sentence, found[0], negation.group(), languages, abbreviations))
    for phrase in sorted(found, key=lambda each: each.start - each.end):
        if options := _others(sentence, _within(sentence, phrase, languages, abbreviations)):
            return options
    return ()


@lru_cache(maxsize=1 << 16)
def find_phrases(sentence: str) -> tuple[Phrase, ...]:
    """The concept phrases of a sentence in lower case, from left to right, the longest at each place, whole words only.

    Spellings are read as one: "a-v" and "av", "ischemia" and "ischaemia", "ä" and "ae", "extrasystole(n)".
    """
    return tuple(
        Phrase(start=start, end=end, concept=concept, languages=languages)
        for start, end, (concept, languages) in _phrase_table().find(sentence)
    )


@lru_cache(maxsize=1 << 16)
def name_concepts(sentence: str) -> str:
    """The sentence with each concept phrase replaced by the concept's name: equal for sentences of equal meaning."""
    parts, end = [], 0
    for phrase in find_phrases(sentence):
        parts += [sentence[end : phrase.start], phrase.concept.name]
        end = phrase.end
    return "".join([*parts, sentence[end:]])


def check_languages(languages: Sequence[str]) -> None:
    """Raises TextError where a language is not of the table of concepts."""
    for language in languages:
        if language not in LANGUAGES:
            raise TextError(f"no wordings in the language {language!r}; give some of {', '.join(LANGUAGES)}")


@cache
def _phrase_table() -> PhraseTable[tuple[Concept, frozenset[str]]]:
    """Every wording of every concept, with the concept and the languages that word it so."""
    meanings: dict[tuple[str, ...], tuple[Concept, frozenset[str]]] = {}
    for concept in concepts():
        for language, wording in _said(concept, tuple(LANGUAGES), abbreviations=True):
            key = phrase_key(wording)
            _, known = meanings.get(key, (concept, frozenset()))
            meanings[key] = (concept, known | {language})
    return PhraseTable(meanings)


def _said(concept: Concept, languages: tuple[str, ...], abbreviations: bool) -> Iterator[tuple[str, str]]:
    """Language and wording of every way in which a concept is said."""
    for language in languages:
        yield from ((language, wording) for wording in getattr(concept, LANGUAGES[language]))
    if abbreviations and "en" in languages:
        yield from (("en", short) for short in concept.abbreviations)


def _negated(
    sentence: str, phrase: Phrase, negation: str, languages: tuple[str, ...], abbreviations: bool
) -> Iterator[str]:
    """The negated finding in other words that deny no less: "no lbbb", not "no complete lbbb"."""
    says_more = _SAYS_MORE.match(sentence, phrase.start) is not None
    for language, wording in _said(phrase.concept, languages, abbreviations):
        if not CLAUSE.search(wording) and (says_more or not _SAYS_MORE.match(wording)):
            yield (negation if language in phrase.languages else _NEGATED[language]) + wording


def _within(sentence: str, phrase: Phrase, languages: tuple[str, ...], abbreviations: bool) -> Iterator[str]:
    """The sentence with one phrase of it said in other words of the same language."""
    before, after = sentence[: phrase.start], sentence[phrase.end :]
    may_be_clause = not before and GOES_ON.match(after) is not None
    says_more = _SAYS_MORE.match(sentence, phrase.start) is not None
    for language, wording in _said(phrase.concept, languages, abbreviations):
        fits = may_be_clause or not CLAUSE.search(wording)
        if language in phrase.languages and fits and (says_more or not _SAYS_MORE.match(wording)):
            yield before + wording + after


def _others(sentence: str, options: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(option for option in options if option != sentence))
