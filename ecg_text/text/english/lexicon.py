"""The lexicon files: which wording of a report says what in English.

A line is `source<TAB>english`; `#` starts a comment. Matching is by the stems of words, so a phrase is written once,
and the longest phrase wins. In a source

* a hyphen joins parts that are written together, apart, or with a hyphen: "st-hebung";
* `one|other` are alternatives, of a part ("st-hebung|senkung") or, where each has a hyphen, of a whole word
  ("st-hebung|t-hebung"); `word?` and `one|other?` may be absent;
* `{section}` is anything of that section, `{section?}` may be absent, and `{section:1}`, `{section:2}` tell two of them
  apart; the same name in the English is where it goes. Named twice in a source, its values follow one another.
  `{=section}` ends with a word as some source spells it, without an ending: "infarkt alt", not "infarkt alter ...";
* `{leads}` is a list of leads, `{number}` a number, `{ratio}` one such as 2:1.

A line `[section]` opens a section. Of these, "sentence", "finding" and "word" are looked for everywhere in a text; two
findings in a row are parted by a comma in English. Lines before the first section are words. Every entry of
`[vocabulary]` is a line of plain English words, which stand for themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import product

from ecg_text.errors import DataError
from ecg_text.text.english.morphology import fold
from ecg_text.text.english.tokens import tokenise
from ecg_text.text.spelling import Speller

LANGUAGES = ("de", "sv", "en")
ROOTS = ("sentence", "finding", "word")
_FILES = {"de": "german.tsv", "sv": "swedish.tsv", "en": "english.tsv"}
_REFERENCE = re.compile(r"\{[^}]*\}")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(slots=True)
class Node:
    """A place in the tree of a section's phrases."""

    words: dict[str, Node] = field(default_factory=dict)
    slots: dict[str, Node] = field(default_factory=dict)
    english: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """The sections of one language, every stem in them, and the speller that knows these."""

    language: str
    sections: dict[str, Node]
    stems: frozenset[str]
    spellings: frozenset[str]
    vocabulary: frozenset[str]
    speller: Speller


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A line of a lexicon file."""

    section: str
    source: str
    english: str
    line: int


@cache
def load(language: str) -> Lexicon:
    """The lexicon of "de", "sv" or "en".

    Raises DataError for a line that cannot be read.
    """
    sections: dict[str, Node] = {}
    stems: set[str] = set()
    for entry in entries(language):
        root = sections.setdefault(entry.section, Node())
        for path in _paths(entry.source, language):
            _add(root, path, entry)
            stems.update(step for step in path if step[0] != "{")
    own = frozenset(_vocabulary(language))
    spellings = {fold(word, language) for entry in entries(language) for word in _WORD.findall(entry.source)}
    return Lexicon(
        language=language,
        sections=sections,
        stems=frozenset(stems),
        spellings=frozenset(spellings),
        vocabulary=own,
        speller=Speller(word for word in stems | own if len(word) > 2),
    )


@cache
def english_words() -> frozenset[str]:
    """Every word that a translation may hold, and the vocabulary of English reports."""
    words = set(_vocabulary("en"))
    for language in LANGUAGES:
        for entry in entries(language):
            words.update(_WORD.findall(_REFERENCE.sub(" ", entry.english)))
    return frozenset(words)


@cache
def entries(language: str) -> tuple[Entry, ...]:
    """The entries of a lexicon file in their order, without those of its vocabulary."""
    return tuple(entry for entry in _read(language) if entry.section != "vocabulary")


def _vocabulary(language: str) -> set[str]:
    lines = (entry.source for entry in _read(language) if entry.section == "vocabulary")
    return {word for line in lines for word in line.split()}


@cache
def _read(language: str) -> tuple[Entry, ...]:
    file = resources.files(__package__) / _FILES[language]
    if not file.is_file():
        return ()
    found, section = [], "word"
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text[0] == "#":
            continue
        if text[0] == "[" and text[-1] == "]":
            section = text[1:-1]
            continue
        source, tab, english = line.partition("\t")
        if not tab and section != "vocabulary":
            raise DataError(f"{_FILES[language]}, line {number}: got no tab in {text!r}; write source<TAB>english")
        found.append(Entry(section=section, source=source.strip(), english=english.strip(), line=number))
    return tuple(found)


def _add(root: Node, path: tuple[str, ...], entry: Entry) -> None:
    node = root
    for step in path:
        branch = node.slots if step[0] == "{" else node.words
        node = branch.setdefault(step, Node())
    # The first entry stands, so that a phrase may be written before the pattern that would cover it.
    node.english = entry.english if node.english is None else node.english


def _paths(source: str, language: str) -> list[tuple[str, ...]]:
    """All the ways in which a source may be written, each as stems and slots."""
    choices = [_choices(part, language) for part in source.split()]
    paths = [tuple(step for steps in chosen for step in steps) for chosen in product(*choices)]
    return [path for path in paths if path]


def _choices(part: str, language: str) -> list[tuple[str, ...]]:
    if part[0] == "{":
        return [("{" + part[1:-2],), ()] if part.endswith("?}") else [("{" + part[1:-1],)]
    options: list[tuple[str, ...]] = [()] if part.endswith("?") else []
    words = part.removesuffix("?").split("|")
    if not all("-" in word for word in words):  # the alternatives are of parts, not of the whole word
        words = ["|".join(words)]
    for word in words:
        for parts in product(*(piece.split("|") for piece in word.split("-") if piece)):
            options += _spellings(parts, language)
    return options


def _spellings(parts: tuple[str, ...], language: str) -> Iterator[tuple[str, ...]]:
    """The parts of a compound apart and joined, as stems: (st, hebung) -> (st, hebung), (sthebung,).

    The stem of a joined word is that of its last part: "vorhof-es" must not lose an ending it does not have.
    """
    for joints in product((" ", ""), repeat=len(parts) - 1):
        apart, space, head = "".join(map("".join, zip(parts, joints, strict=False))).rpartition(" ")
        first, *more = (token.key for token in tokenise(parts[-1], language))
        yield (*(token.key for token in tokenise(apart + space, language)), fold(head, language) + first, *more)
