"""What a clinician types, read as a model was taught to read, with every change shown."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from ecg_text.errors import TextError
from ecg_text.text import abbreviations
from ecg_text.text.cleaning.steps import drop_controls, tidy
from ecg_text.text.english.lexicon import english_words, load
from ecg_text.text.english.translate import translate_finding
from ecg_text.text.known_words import (
    FOREIGN,
    WORD,
    concept_wordings,
    foreign_language,
    is_english,
    nearest_english,
    unknown,
)

_END_MARKS = " ?!.,;:"
_AUGMENTED = frozenset(("avr", "avl", "avf"))


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing that was read otherwise than it was typed; kind is "abbreviation", "spelling" or "translated"."""

    kind: str
    got: str
    read: str

    def __str__(self) -> str:
        return f"{self.got} read as {self.read}"


@dataclass(frozen=True, kw_only=True)
class Query:
    """What was asked, the text that stands for it, and what had to be changed."""

    asked: str
    text: str
    notes: tuple[Note, ...]


# A verb that tells a reading, measures the text and encodes it reads the same few texts three times.
@lru_cache(maxsize=1 << 14)
def read_query(text: str, *, english: bool) -> Query:
    """A user's words with abbreviations written out and, for a model of English reports, spelt and said in English.

    The case is lowered, as in every report. With english=False only abbreviations change beside it. With english=True a
    word known in German or Swedish is translated, one known in no language is read as the nearest English word; English
    is put in the house's wording ("ischaemia") without a note, as in every report; control signs are dropped. Raises
    TextError where the text holds no letter or digit, or a byte of another encoding than UTF-8.
    """
    if any(unicodedata.category(sign) == "Cs" for sign in text):  # so Python keeps the bytes of a Latin-1 terminal
        raise TextError(f"the text is {text!r}, which is not in UTF-8; set the terminal to UTF-8, or write it in ASCII")
    asked = tidy(drop_controls(unicodedata.normalize("NFC", text)))
    if not any(character.isalnum() for character in asked):
        raise TextError(f"the text is {text!r}, which holds no word; ask for a finding, such as 'atrial fibrillation'")
    if not english:
        expanded = abbreviations.expand(asked)
        return Query(asked=text, text=expanded.text.lower(), notes=_notes("abbreviation", expanded.used))
    read, notes = _in_english(asked.rstrip(_END_MARKS))
    return Query(asked=text, text=read, notes=notes)


def _in_english(asked: str) -> tuple[str, tuple[Note, ...]]:
    expanded = abbreviations.expand(asked)
    language = foreign_language(expanded.text)
    if language:
        return _translated(asked, language)
    notes = _notes("abbreviation", expanded.used)
    for other in FOREIGN:  # "VoFli" and "FF" are abbreviations in these languages only
        foreign = abbreviations.expand(expanded.text, other)
        if foreign.used and not any(is_english(short) for short, _ in foreign.used):
            read, more = _translated(foreign.text, other)
            return read, notes + _notes("abbreviation", foreign.used) + more
    spelt, corrected = _corrected(expanded.text.lower())
    notes += _notes("spelling", corrected)
    language = foreign_language(spelt, is_near=True)
    if language:
        read, more = _translated(spelt, language)
        return read, notes + more
    return _in_house_wording(spelt), notes


def _translated(text: str, language: str) -> tuple[str, tuple[Note, ...]]:
    """A German or Swedish text in English, with the note that says so; English abbreviations in it are written out."""
    made = _translated_finding(text.lower(), language)
    expanded = abbreviations.expand(made)
    notes = () if made == text.lower() else (Note(kind="translated", got=text, read=made),)
    return expanded.text, (*notes, *_notes("abbreviation", expanded.used))


def _translated_finding(finding: str, language: str) -> str:
    """A concept by its name; else what the lexicon makes of it, helped by the concepts where it leaves words over."""
    named = concept_wordings(language).get(finding)
    if named is not None:
        return named
    made = translate_finding(finding, language)
    if made.left:
        names = concept_wordings(language)
        helped = _concept_pattern(language).sub(lambda match: names[match.group()], finding)
        helped_made = translate_finding(helped, language)
        made = helped_made if len(helped_made.left) < len(made.left) else made
    return made.text


@cache
def _concept_pattern(language: str) -> re.Pattern[str]:
    longest_first = sorted(concept_wordings(language), key=lambda wording: (-len(wording), wording))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def _corrected(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The text with each unknown word read as the only English word near it."""
    found = {word: near for word in unknown(text) if (near := nearest_english(word))}
    return WORD.sub(lambda match: found.get(match.group(), match.group()), text), tuple(found.items())


def _in_house_wording(text: str) -> str:
    """English in the wording of the house, where the lexicon of English knows every word and so guesses none.

    A text that would come to name an augmented lead stands as it is: a single "r" in English is the wave.
    """
    words = WORD.findall(text)
    known = english_words() | load("en").stems
    if any(word not in known for word in words):
        return text
    made = translate_finding(text, "en").text
    return text if _AUGMENTED & set(WORD.findall(made)) - set(words) else made


def _notes(kind: str, changes: tuple[tuple[str, str], ...]) -> tuple[Note, ...]:
    return tuple(Note(kind=kind, got=got, read=read) for got, read in changes)
