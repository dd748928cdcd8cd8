"""The numbers of meanings: one for each, whether the tables, the grammar, a measurement or a composition says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from ecg_text.recipes.sayings import ABSENT, PLACE, POSSIBLE, PROBABLE, WITH, WITHOUT, Forms
from ecg_text.recipes.wordings import text_number
from ecg_text.text.grammar_meanings import Meaning, meaning_of
from ecg_text.text.grammar_table import ANY, LANGUAGES, read_grammar

JOINED, PLACED = "joined", "placed"
_KINDS: tuple[tuple[str, Forms], ...] = (
    ("absent", ABSENT),
    ("possible", POSSIBLE),
    ("probable", PROBABLE),
    (JOINED, WITH),
    ("without", WITHOUT),
    (PLACED, PLACE),
)
_PLACE = "place"  # the attribute of the grammar
Parts = tuple[int | str, ...]


class MeaningNumbers:
    """Tells the number of a meaning, which is one however it is said.

    It is that of the least text of the meaning that the tables know, or else a new one. So a finding of the grammar
    with a place is its bare finding with that place put to it, and one that is absent is the finding with a "no".
    """

    def __init__(self, tables: Mapping[str, int]) -> None:
        self._tables = tables
        self._composed: dict[tuple[str, Parts], int] = {}
        self._keys: dict[str, int] = {}
        self._texts = dict(tables)
        self._take_tables_apart()
        for finding, values, present in read_grammar().meanings():
            if present:
                self._number(meaning_of(finding, values, present))

    def of_text(self, text: str) -> int | None:
        """The number of a text of the tables, or of the grammar without a frame; None for any other."""
        return self._texts.get(text)

    def of_made(self, key: str) -> int:
        """The number of what was made: key is that of the grammar's meaning, or a text of the tables."""
        known = self._keys.get(key, self._texts.get(key))
        return text_number(key) if known is None else known

    def of_composed(self, kind: str, *parts: int | str) -> int:
        """The number of a composition of meanings, or of a meaning and a place."""
        composed = _ordered(kind, parts)
        known = self._composed.get(composed)
        return text_number(f"{kind} {composed[1]}") if known is None else known

    def _take_tables_apart(self) -> None:
        """Texts of the tables that are compositions of others ("av block with sinus arrest") number these."""
        for text, number in sorted(self._tables.items()):
            for kind, pattern in _patterns():
                match = pattern.fullmatch(text)
                parts = () if match is None else tuple(self._parts(kind, match.groupdict()))
                if parts and None not in parts:
                    known = tuple(part for part in parts if part is not None)
                    self._composed.setdefault(_ordered(kind, known), number)

    def _parts(self, kind: str, found: Mapping[str, str]) -> Iterator[int | str | None]:
        yield self._tables.get(found["one"])
        if "two" in found:
            yield _leads().get(found["two"]) if kind == PLACED else self._tables.get(found["two"])

    def _number(self, meaning: Meaning) -> None:
        """Numbers a finding of the grammar, its texts, and what it is composed of."""
        texts = sorted(set(meaning.bare()))
        number = next((self._tables[text] for text in texts if text in self._tables), None)
        parts = self._bare_and_place(meaning)
        if number is None:
            number = self.of_composed(PLACED, *parts) if parts else text_number(meaning.key)
        if parts:
            self._composed.setdefault((PLACED, parts), number)
        self._keys[meaning.key] = number
        self._keys[meaning.key_of_absence] = self.of_composed("absent", number)
        for text in texts:
            self._texts.setdefault(text, number)

    def _bare_and_place(self, meaning: Meaning) -> Parts:
        """The number of the finding in no place, and the place; () where it has none."""
        if _PLACE not in meaning.finding.attributes:
            return ()
        at = meaning.finding.attributes.index(_PLACE)
        place = meaning.values[at]
        if place == ANY:
            return ()
        anywhere = (*meaning.values[:at], ANY, *meaning.values[at + 1 :])
        return self._keys[meaning_of(meaning.finding, anywhere, True).key], place


def place_of(leads: str) -> str:
    """The name of the place that these leads look at, or the leads themselves where they have none."""
    return _leads().get(leads, leads)


def _ordered(kind: str, parts: Parts) -> tuple[str, Parts]:
    return kind, tuple(sorted(parts, key=str)) if kind == JOINED else parts


@cache
def _leads() -> Mapping[str, str]:
    """The place of each list of leads, in the grammar's words."""
    place = read_grammar().attributes[_PLACE]
    return {
        text: value
        for value in place.values
        for language in LANGUAGES
        for style in place.words.get((value, language, "leads"), ())
        for text in style
    }


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each form of what is said around a finding, by its kind."""
    return tuple(
        (kind, re.compile(re.escape(form).replace(r"\{\}", "(?P<one>.+)").replace("@", "(?P<two>.+)")))
        for kind, forms in _KINDS
        for listed in forms.values()
        for form in listed
    )
