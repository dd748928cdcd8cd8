"""A finding is cut into words, numbers and marks; lists of leads are read as such."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ecg_text.text.english.morphology import stem

# "extrasystole(n)" is one word; so is "qrs(t)".
_TOKEN = re.compile(r"v[1-9](?![^\W_])|[^\W\d_]+(?:\([^\W\d_]{1,3}\)(?:[^\W\d_]+)?)?|\d+(?:[.,:/x-]\d+)*|[^\w\s]|_")
_GLUED = re.compile(r"(?<![\w-])(in|im|bei)(?=(?:v[1-6]|i{1,3}|av[rlf])(?![a-uw-zäöü]))")
_RATIO = re.compile(r"(?<!\w)(\d) ?: ?(\d)(?!\w)")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or mark, the key by which a lexicon knows it, and its place in the text."""

    text: str
    key: str
    start: int
    end: int

    @property
    def is_mark(self) -> bool:
        """Whether it is punctuation."""
        return not self.text[0].isalnum()


def tokenise(text: str, language: str) -> tuple[Token, ...]:
    """The tokens of a text in lower case; parts of a hyphened word are tokens of their own, and so is the hyphen."""
    tokens = []
    for match in _TOKEN.finditer(text):
        bare = match.group().replace("(", "").replace(")", "") if match.group()[0].isalpha() else match.group()
        key = stem(bare, language) if bare[0].isalpha() else bare
        tokens.append(Token(bare, key, match.start(), match.end()))
    return tuple(tokens)


def mend_spaces(text: str) -> str:
    """Put the space back that is missing in "inv5", and take out those of "2 : 1"."""
    return _RATIO.sub(r"\1:\2", _GLUED.sub(r"\1 ", text))


_CHEST = r"v ?[1-9](?![\d]*[a-z])"
_MORE = r"(?:\s*(?:-\s*)+|\s*[,/+&]\s*)v? ?[1-9](?![\d.:\w]|\s*(?:/|pro )\s*min)"
_LIMB = r"(?:av[rlf]|afl|i{1,3}|l{2,3})(?!\w)"
# Single letters stand for the augmented leads in typed lists: "iii, l, f".
_SHORT = r"[rlf](?![\w'-])(?!\s*-?\s*(?:pro|ver|za|wa|in\b|red|s\b|w))"
_ITEM = rf"(?:{_CHEST}(?:{_MORE}){{0,8}}(?!\w)|{_LIMB}(?:\s*-\s*i{{1,3}}(?!\w))?)"
_JOINT = r"(?:\s*[,;/+&.]\s*(?:,\s*)?|\s+(?:und|u\.|and|och|samt|sowie)\s+|\s*-\s*|\s+)"
_SHORT_JOINT = r"(?:\s*[,/+]\s*)"
# A list has a length: without a bound, a text of nothing but leads would be read anew from each of them to its end.
_LIST = re.compile(
    rf"(?:{_ITEM}|{_SHORT}(?=\s*(?:,|$)|\s+[rlf]\b))"
    rf"(?:{_JOINT}{_ITEM}|{_SHORT_JOINT}{_SHORT}|(?<=[rlf]) {_SHORT}){{0,24}}"
)
# Before a single letter that is a lead, not a wave: "q in l", but "tall r".
_AMONG_LEADS = re.compile(r"(?:\b(?:in|im|i|lead|leads|über|ueber|ableitung|ableitungen|abl\.?)\s*|[,/+&]\s*)$")
_PART = re.compile(rf"{_CHEST}(?:{_MORE}){{0,8}}|{_LIMB}(?:\s*-\s*i{{1,3}}(?!\w))?|[rlf](?!\w)")
_NAMES = {"l": "avl", "f": "avf", "r": "avr", "ll": "ii", "lll": "iii", "afl": "avl"}


def leads_at(text: str, start: int) -> tuple[int, str] | None:
    """Where the list of leads that begins here ends, and the list as it is written in English; None for no list.

    "v2 - 4, f" becomes "v2-v4, avf".
    """
    found = _LIST.match(text, start)
    if found is None or (found.group() in "rlf" and not _AMONG_LEADS.search(text[max(0, start - 16) : start])):
        return None
    names: list[str] = []
    for part in _PART.findall(found.group()):
        names += _chest_leads(part) if part[0] == "v" else [_limb_lead(part)]
    return found.end(), ", ".join(names)


def _limb_lead(part: str) -> str:
    first, dash, last = (piece.strip() for piece in part.partition("-"))
    return f"{first}-{last}" if dash else _NAMES.get(first, first)


def _chest_leads(part: str) -> list[str]:
    """Chest leads with their letter: "v1-3,5" is v1-v3, v5; "v1-2-3" is v1-v3."""
    names = []
    for piece in re.split(r"[,/+&]", part):
        numbers = re.findall(r"\d", piece)
        names.append(f"v{numbers[0]}" if len(numbers) == 1 else f"v{numbers[0]}-v{numbers[-1]}")
    return names
