"""The phrases of a lexicon in the tokens of a text, and the fewest of them that cover it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from ecg_text.text.english.lexicon import ROOTS, Lexicon, Node
from ecg_text.text.english.morphology import fold, has_ending
from ecg_text.text.english.tokens import Token, leads_at

# Marks inside a phrase carry nothing: abbreviations end with a full stop, compounds have hyphens.
_PASSED = frozenset(".,:-/&;+?")
_REFERENCE = re.compile(r"\{([^}]*)\}")
_NUMBERS = MappingProxyType({"number": re.compile(r"\d.*"), "ratio": re.compile(r"\d:\d")})
_DECIMAL_COMMA = re.compile(r"\d+,\d+")
# What each piece of a text costs: a finding covers best, a word that nothing covers worst.
_COSTS = MappingProxyType({"sentence": 1.0, "finding": 1.0, "word": 1.2})
_UNCOVERED = 4.0
_A_WORD, _A_SLOT = 0.01, 0.001
Values = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase that ends before token number end, in English.

    The weight says how closely it was written in the lexicon: its words, less a little for each slot that took some.
    is_bare: its last word is spelt as in the lexicon, without an ending.
    """

    end: int
    english: str
    weight: float
    is_finding: bool = False
    is_bare: bool = True


class Matcher:
    """Finds phrases in the tokens of one text; what was found is remembered for as long as the text is read."""

    def __init__(self, text: str, tokens: tuple[Token, ...], lexicon: Lexicon) -> None:
        self._text, self._tokens, self._lexicon = text, tokens, lexicon
        self._known: dict[tuple[str, int], tuple[Match, ...]] = {}

    def cover(self) -> list[Match | None]:
        """The cheapest way to cut the text into phrases, from left to right; None for a token that stands alone."""
        size = len(self._tokens)
        costs = [0.0] * (size + 1)
        chosen: list[Match | None] = [None] * size
        for place in range(size - 1, -1, -1):
            costs[place] = costs[place + 1] + (0.0 if self._tokens[place].is_mark else _UNCOVERED)
            for section in ROOTS:
                for match in self._of_section(section, place):
                    cost = _COSTS[section] - match.weight * _A_WORD + costs[match.end]
                    if cost < costs[place]:
                        costs[place], chosen[place] = cost, match
        pieces: list[Match | None] = []
        place = 0
        while place < size:
            piece = chosen[place]
            pieces.append(piece)
            place = place + 1 if piece is None else piece.end
        return pieces

    def _of_section(self, section: str, place: int) -> tuple[Match, ...]:
        """Every phrase of a section that begins at a token, for each end the one that was written most closely."""
        key = (section, place)
        if key not in self._known:
            self._known[key] = ()  # a section that begins with itself finds nothing there
            best: dict[int, Match] = {}
            for match in self._found(section, place):
                if match.end not in best or best[match.end].weight < match.weight:
                    best[match.end] = match
            self._known[key] = tuple(best.values())
        return self._known[key]

    def _found(self, section: str, place: int) -> Iterator[Match]:
        if place >= len(self._tokens):
            return
        if section == "leads":
            yield from self._leads(place)
        elif section in _NUMBERS:
            text = self._tokens[place].text
            if _NUMBERS[section].fullmatch(text):
                yield Match(place + 1, text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text, 0.0)
        elif section in self._lexicon.sections:
            is_finding = section in ("sentence", "finding")
            for end, english, values, weight in self._walk(self._lexicon.sections[section], place, (), 0.0, True):
                yield Match(end, _filled(english, values), weight, is_finding, self._is_bare(end - 1))

    def _is_bare(self, place: int) -> bool:
        word = fold(self._tokens[place].text, self._lexicon.language)
        return word in self._lexicon.spellings or not has_ending(word, self._lexicon.language)

    def _leads(self, place: int) -> Iterator[Match]:
        found = leads_at(self._text, self._tokens[place].start)
        if found is None or found[0] == 1:  # a letter with nothing in front of it is no lead
            return
        end = place
        while end < len(self._tokens) and self._tokens[end].end <= found[0]:
            end += 1
        if end > place:
            yield Match(end, found[1], 0.0)

    def _walk(
        self, node: Node, place: int, values: Values, weight: float, is_first: bool
    ) -> Iterator[tuple[int, str, Values, float]]:
        if node.english is not None:
            yield place, node.english, values, weight
        while place < len(self._tokens):
            child = node.words.get(self._tokens[place].key)
            if child is not None:
                yield from self._walk(child, place + 1, values, weight + 1, False)
            if is_first or self._tokens[place].text not in _PASSED:
                break
            place += 1
        for slot, child in node.slots.items():
            name = slot[1:].lstrip("=")
            for match in self._of_section(name.partition(":")[0], place):
                if match.is_bare or slot[1] != "=":
                    taken = (*values, (name, match.english))
                    yield from self._walk(child, match.end, taken, weight + match.weight - _A_SLOT, False)


def _filled(english: str, values: Values) -> str:
    """The English with its slots filled; a slot that was absent leaves nothing."""

    def value(found: re.Match[str]) -> str:
        return " ".join(text for name, text in values if name == found.group(1))

    return " ".join(_REFERENCE.sub(value, english).split())
