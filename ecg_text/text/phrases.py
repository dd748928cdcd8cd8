"""Where the phrases of a table stand in a sentence: whole words, the longest at each place, spellings read as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

# Parts that are written together or apart are one word: "a-v", "non-specific", "antero-septal", "extrasystole(n)".
_TOKEN = re.compile(r"a-v(?!\w)|(?:(?:non|pre|antero|infero|postero)[ -]+|re-)?[^\W_]+(?:\([^\W_]+\))?|,")
_GAP = re.compile(r"[\s/.:&+°'’-]{0,3}")
_SPELLINGS = (
    *((" ", ""), ("-", ""), ("(", ""), (")", ""), ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")),
    *(("ischem", "ischaem"), ("kalem", "kalaem"), ("calcem", "calcaem"), ("ization", "isation")),
)
_END = ""  # the key under which a branch of the tree holds what its phrase means

CLAUSE = re.compile(r" (?:are|is) ")  # "st segments are depressed" stands for a sentence's opening only
GOES_ON = re.compile(r"(?=$|,| in | throughout)")

T = TypeVar("T")


class Found(NamedTuple, Generic[T]):
    """A phrase at [start, end) of a sentence, and what it means."""

    start: int
    end: int
    meaning: T


class PhraseTable(Generic[T]):
    """Phrases by their keys (phrase_key), each with a meaning.

    clauses_open: one with a verb in it ("is", "are") is found at the opening of a sentence only.
    """

    def __init__(self, meanings: Mapping[tuple[str, ...], T], *, clauses_open: bool = True) -> None:
        self._clauses_open = clauses_open
        self._tree: dict[str, Any] = {}  # words lead to words, and at _END to a meaning
        for key, meaning in meanings.items():
            node = self._tree
            for word in key:
                node = node.setdefault(word, {})
            node[_END] = meaning

    def find(self, sentence: str) -> Iterator[Found[T]]:
        """The phrases of a sentence in lower case, from left to right, in time linear in its length."""
        tokens = list(_TOKEN.finditer(sentence))
        keys = [_key(token.group()) for token in tokens]
        at = 0
        while at < len(tokens):
            last, found = self._longest(sentence, tokens, keys, at)
            if found is not None:
                yield found
            at = last + 1

    def _longest(
        self, sentence: str, tokens: list[re.Match[str]], keys: list[str], at: int
    ) -> tuple[int, Found[T] | None]:
        """The number of the last token of the longest phrase that begins at a token, and the phrase."""
        node, last, found = self._tree, at, None
        start = tokens[at].start()
        if sentence[start - 1 : start] in ("-", "/"):
            return last, found
        for number in range(at, len(tokens)):
            gap = sentence[tokens[number - 1].end() : tokens[number].start()] if number > at else ""
            if keys[number] not in node or not _GAP.fullmatch(gap):
                break
            node, end = node[keys[number]], tokens[number].end()
            if _END in node and self._may_end(sentence, start, end):
                last, found = number, Found(start, end, node[_END])
        return last, found

    def _may_end(self, sentence: str, start: int, end: int) -> bool:
        """Whether a phrase is whole at its end, and a clause stands where only a clause can."""
        if sentence[end : end + 1] in ("-", "/", "("):
            return False
        if not self._clauses_open or not CLAUSE.search(sentence[start:end]):
            return True
        return start == 0 and GOES_ON.match(sentence, end) is not None


def phrase_key(wording: str) -> tuple[str, ...]:
    """The words of a wording as they are compared: what differs in spelling alone has one key."""
    return tuple(_key(token) for token in _TOKEN.findall(wording))


def _key(token: str) -> str:
    for written, read in _SPELLINGS:
        token = token.replace(written, read)
    return token
