"""A compositional grammar of findings: one meaning in two wordings, and what differs from it in one attribute."""

from __future__ import annotations

import itertools
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import numpy as np

from ecg_text.errors import TextError
from ecg_text.text.grammar_meanings import BARE, Meaning, Ready, meaning_of
from ecg_text.text.grammar_table import ANY, LANGUAGES, NORMAL, Finding, Frame, read_grammar

MAX_CONTRASTS = 6
_ABSENT = 0.25  # share of the findings that are said to be absent
_UNSAID = 0.25  # share of "any" of the values of an attribute that has it
_BARE = 0.6  # share of the names that are said without a frame, where the finding is present
_TRIES = 8
SHARES = MappingProxyType({"en": 0.7, "de": 0.2, "sv": 0.1})  # of the sides, by language
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Made:
    """Two texts of one meaning (finding, values, presence), and texts like a that differ from it in one of these."""

    a: str
    b: str
    meaning: str
    contrasts: tuple[str, ...]


class _Chance:
    """Uniform draws of a generator, taken in blocks, as single ones are slow."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._left: list[float] = []

    def share(self) -> float:
        if not self._left:
            self._left = self._generator.random(48).tolist()
        return self._left.pop()

    def below(self, number: int) -> int:
        return int(self.share() * number) if number > 1 else 0

    def one(self, listed: Sequence[T]) -> T:
        return listed[self.below(len(listed))]

    def shuffled(self, listed: Sequence[T]) -> Sequence[T]:
        return listed if len(listed) < 2 else sorted(listed, key=lambda _: self.share())


class _Said(NamedTuple):
    """How a meaning was said: the pattern, the frame, and the wording of each slot as (style, wording)."""

    ready: Ready
    frame: Frame
    picks: Sequence[tuple[int, int]]
    text: str


def sample(generator: np.random.Generator, languages: Sequence[str] = LANGUAGES) -> Made:
    """A meaning by chance, said twice in these languages, with at most MAX_CONTRASTS contrasts of the first text.

    Raises TextError where the languages have none of LANGUAGES.
    """
    if not languages or set(languages) - set(LANGUAGES):
        raise TextError(f"languages of the grammar are {tuple(languages)}; give some of {', '.join(LANGUAGES)}")
    chance = _Chance(generator)
    while True:
        meaning = _drawn(chance)
        spoken = [language for language in languages if meaning.spoken[language]]
        said = _say(meaning, _language(spoken, chance), chance)
        for _ in range(_TRIES):
            other = _say(meaning, _language(spoken, chance), chance)
            if other.text != said.text:
                contrasts = _contrasts(meaning, said, (said.text, other.text), chance)
                return Made(a=said.text, b=other.text, meaning=meaning.key, contrasts=contrasts)


@cache
def words() -> frozenset[str]:
    """Every word that the grammar can say, for the vocabulary of a tokenizer."""
    found = set[str]()
    for finding, values, present in read_grammar().meanings():
        for ready in meaning_of(finding, values, present).ready.values():
            most = max((len(styles) * max(map(len, styles)) for styles in ready.slots), default=1)
            cases = {frame.case: frame for frame in ready.frames}.values()
            tasks = [*itertools.product(range(most), cases), *((0, frame) for frame in ready.frames)]
            for k, frame in tasks:
                picks = [(k % len(styles), k // len(styles)) for styles in ready.slots]
                found |= set(ready.render(frame, picks).split())
    return frozenset(found)


@cache
def _until() -> tuple[tuple[float, ...], tuple[Finding, ...]]:
    """Sums of the findings' shares, which grow with the root of the number of what they can mean."""
    counts = Counter(finding for finding, _, _ in read_grammar().meanings())
    sums = np.cumsum(np.sqrt(list(counts.values())))
    return tuple((sums / sums[-1]).tolist()), tuple(counts)


def _drawn(chance: _Chance) -> Meaning:
    until, findings = _until()
    finding = findings[bisect(until, chance.share())]
    values = tuple(_value(read_grammar().attributes[name].values, chance) for name in finding.attributes)
    deniable = finding.absent and NORMAL not in values
    return meaning_of(finding, values, not (deniable and chance.share() < _ABSENT))


def _value(values: tuple[str, ...], chance: _Chance) -> str:
    if values[0] != ANY:
        return chance.one(values)
    return ANY if chance.share() < _UNSAID else chance.one(values[1:])


def _language(spoken: Sequence[str], chance: _Chance) -> str:
    left = chance.share() * sum(SHARES[language] for language in spoken)
    for language in spoken:
        left -= SHARES[language]
        if left < 0:
            return language
    return spoken[-1]


def _say(meaning: Meaning, language: str, chance: _Chance) -> _Said:
    ready = chance.one(meaning.spoken[language])
    picks = []
    for styles in ready.slots:
        style = chance.below(len(styles))
        picks.append((style, chance.below(len(styles[style]))))
    frame = _framed(ready, chance)
    return _Said(ready, frame, picks, ready.render(frame, picks))


def _framed(ready: Ready, chance: _Chance) -> Frame:
    if not ready.pattern.kind or (ready.present and chance.share() < _BARE):
        return BARE
    return chance.one(ready.frames)


def _contrasts(meaning: Meaning, said: _Said, taken: tuple[str, str], chance: _Chance) -> tuple[str, ...]:
    """Texts like what was said with one attribute or the presence changed: one of each in turn, up to the most."""
    turns = itertools.zip_longest(*(chance.shuffled(group) for group in meaning.others))
    chosen = [one for turn in turns for one in turn if one is not None][:MAX_CONTRASTS]
    texts = dict.fromkeys(_like(said, one, chance) for one in chosen)
    return tuple(text for text in texts if text not in taken)


def _like(said: _Said, meaning: Meaning, chance: _Chance) -> str:
    """Another meaning in the pattern and wordings of what was said, or else in any of its language."""
    ready = meaning.ready.get(said.ready.pattern)
    if ready is None:
        return _say(meaning, said.ready.pattern.language, chance).text
    frame = said.frame if ready.present == said.ready.present else _framed(ready, chance)
    return ready.render(frame, said.picks)
