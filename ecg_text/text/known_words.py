"""Which language knows a word: English as clinicians write it, or German or Swedish as reports and concepts have it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType

from ecg_text.text import abbreviations
from ecg_text.text.cleaning.language import report_language
from ecg_text.text.concepts import concepts
from ecg_text.text.english.lexicon import english_words, load
from ecg_text.text.english.morphology import stem
from ecg_text.text.spelling import Speller, is_likely_slip

FOREIGN = ("de", "sv")
WORD = re.compile(r"[^\W\d_]+")
_INFLECTIONS = ("'s", "s", "ed", "ing", "ly")
_SHORTEST_STEM = 4
# "rythm" is worth reading; is_likely_slip is strict with words so short.
_SHORTEST_CORRECTED = 5
# German compounds are long; a shorter word near one is more likely English.
_NEAR_FOREIGN_FROM = 10


@lru_cache(maxsize=65536)
def is_english(word: str) -> bool:
    """Whether a word is English, or an inflected form of an English word that is no German or Swedish one."""
    word = word.lower()
    if _is_listed(word):
        return True
    if any(_is_of(word, language, is_near=False) for language in FOREIGN):  # "grades", "normales"
        return False
    return any(
        word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM and _is_listed(word.removesuffix(ending))
        for ending in _INFLECTIONS
    )


def unknown(text: str) -> Iterator[str]:
    """The words of a text, in lower case, that English does not know, each once."""
    return (word for word in dict.fromkeys(WORD.findall(text.lower())) if not is_english(word))


def holds_no_known_word(text: str) -> bool:
    """Whether English, German and Swedish know no word of a text that has one."""
    words = WORD.findall(text.lower())
    return bool(words) and foreign_language(text) is None and not any(is_english(word) for word in words)


def nearest_english(word: str) -> str | None:
    """The one English word that an unknown word is a slip of; None where there is none, or more than one."""
    near = [known for known in _speller().nearest(word) if is_likely_slip(word, known)]
    return near[0] if len(near) == 1 else None


def foreign_language(text: str, *, is_near: bool = False) -> str | None:
    """Which of German and Swedish knows most of the words that English does not; None where neither knows one.

    is_near also counts words that are misspelt in it.
    """
    words = list(unknown(text))
    hits = {language: sum(_is_of(word, language, is_near) for word in words) for language in FOREIGN}
    best = max(hits.values())
    leading = [language for language, number in hits.items() if number == best]
    told = report_language(text.lower())
    return None if best == 0 else told if told in leading else leading[0]


@cache
def concept_wordings(language: str) -> Mapping[str, str]:
    """The concepts' wordings in German ("de") or Swedish ("sv"), in lower case, each with the concept's name."""
    found: dict[str, str] = {}
    for concept in concepts():
        for wording in concept.german if language == "de" else concept.swedish:
            found.setdefault(wording.lower(), concept.english[0])
    return MappingProxyType(found)


def _is_of(word: str, language: str, is_near: bool) -> bool:
    lexicon, key = load(language), stem(word, language)
    if key in lexicon.stems or word in _concept_words(language):
        return True
    near = lexicon.speller.correct(key) if is_near and len(word) >= _NEAR_FOREIGN_FROM else None
    return near is not None and is_likely_slip(key, near)


def _is_listed(word: str) -> bool:
    return word in _speller() or word in _own_words()["plain"]


@cache
def _speller() -> Speller:
    """The words that a misspelt one is read as: of translations, expansions, concepts and medicine."""
    words = set(english_words()) | _own_words()["medical"]
    for entry in abbreviations.table():
        if entry.language == "en":
            words.update(WORD.findall(entry.expansion))
    for concept in concepts():
        for wording in concept.english:
            words.update(WORD.findall(wording.lower()))
    return Speller(words, shortest=_SHORTEST_CORRECTED)


@cache
def _concept_words(language: str) -> frozenset[str]:
    return frozenset(word for wording in concept_wordings(language) for word in WORD.findall(wording))


@cache
def _own_words() -> Mapping[str, frozenset[str]]:
    """The words of medical_english.txt by their section, "medical" and "plain"."""
    text = resources.files("ecg_text.text").joinpath("medical_english.txt").read_text(encoding="utf-8")
    parts = re.split(r"\[(\w+)\]", re.sub(r"#.*", "", text))[1:]
    return {name: frozenset(body.split()) for name, body in zip(parts[::2], parts[1::2], strict=True)}
