"""Pairs that say the same measurement in numbers and in words, and contrasts that say another."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeVar

import numpy as np

from ecg_text.text.grammar import MAX_CONTRASTS, SHARES, Made
from ecg_text.text.grammar_table import LANGUAGES
from ecg_text.text.measured_table import WHERE, Level, Pattern, Quantity, read_measured

_UNTIL = tuple(itertools.accumulate(SHARES.values()))  # of the languages
_KINDS = ((True, False), (False, True), (False, False), (True, True))  # of the sides: whether they tell a number
_PICKS = 840  # divides by all small numbers of wordings
_WORD = re.compile(r"[^\W_]+")
T = TypeVar("T")


class _Meant(NamedTuple):
    """What a text says: a quantity, one of its classes, and a lead group ("" where it has none)."""

    quantity: Quantity
    level: Level
    group: str


@dataclass(frozen=True, kw_only=True)
class _Said:
    """How it was said: the pattern, the number of each slot's wording, the value in the unit of the class's range."""

    pattern: Pattern
    picks: Mapping[str, int]
    value: float
    text: str


def sample_measured(generator: np.random.Generator) -> Made:
    """A class of a quantity by chance, said twice in numbers or words, with at most MAX_CONTRASTS contrasts of a.

    Its meaning is the concept of the class where there is one, or else a name of its own. Two numbers differ in value
    and in pattern. The contrasts are other classes like a, in numbers and in words, the class denied, and the class in
    other leads.
    """
    quantity = _one(read_measured(), generator)
    meant = _Meant(quantity, _one(quantity.levels, generator), _one(list(quantity.groups), generator))
    tells_a, tells_b = _one(_KINDS, generator)
    said = _say(meant, _language(generator), tells_a, generator)
    other = _say(meant, _language(generator), tells_b, generator)
    while other.text == said.text or (tells_a and tells_b and _tell_alike(meant, said, other)):
        other = _say(meant, _language(generator), tells_b, generator)
    contrasts = _contrasts(meant, said, (said.text, other.text), generator)
    return Made(a=said.text, b=other.text, meaning=_key(meant), contrasts=contrasts)


@cache
def words() -> frozenset[str]:
    """Every word that the measurements can say, numbers apart, for the vocabulary of a tokenizer."""
    found = set[str]()
    for quantity in read_measured():
        wordings = [level.wordings for level in quantity.levels] + list(quantity.groups.values())
        texts = [text for each in wordings for listed in each.values() for text in listed]
        for text in (*texts, *_rendered(quantity)):
            found |= set(_WORD.findall(text))
    return frozenset(word for word in found if not word.isdigit())


def _rendered(quantity: Quantity) -> Iterator[str]:
    """Each pattern with each of its wordings, as endings make other words, and 0 for the number and the leads."""
    for level in quantity.levels:
        for pattern in (*itertools.chain(*level.says.values()), *itertools.chain(*level.denies.values())):
            listed = [level.wordings.get((pattern.language, slot), ("0",)) for slot in pattern.slots]
            for chosen in itertools.product(*listed):
                yield pattern.text.format(**dict(zip(pattern.slots, chosen, strict=True)))


def _key(meant: _Meant) -> str:
    if meant.level.concept:
        return meant.level.concept.replace("{group}", meant.group)
    parts = ("measured", meant.quantity.name, meant.level.name, meant.group)
    return ":".join(part for part in parts if part)


def _one(listed: Sequence[T], generator: np.random.Generator) -> T:
    return listed[int(generator.random() * len(listed))]


def _language(generator: np.random.Generator) -> str:
    share = generator.random()
    return next((language for language, until in zip(SHARES, _UNTIL, strict=True) if share < until), LANGUAGES[-1])


def _say(meant: _Meant, language: str, tells: bool, generator: np.random.Generator) -> _Said:
    return _fill(meant, _one(meant.level.says[language, tells], generator), generator)


def _fill(
    meant: _Meant, pattern: Pattern, generator: np.random.Generator, picks: Mapping[str, int] | None = None
) -> _Said:
    """The meaning in this pattern, with these wordings or else any, and any value of the class."""
    if picks is None:
        picks = {slot: int(generator.random() * _PICKS) for slot in pattern.slots if slot != pattern.unit}
    value = 0.0
    if pattern.unit is not None:
        unit = meant.quantity.units[pattern.unit]
        value = _one(unit.steps(meant.level.low, meant.level.high), generator) * unit.step
    return _Said(pattern=pattern, picks=picks, value=value, text=_render(meant, pattern, picks, value))


def _render(meant: _Meant, pattern: Pattern, picks: Mapping[str, int], value: float) -> str:
    filled = {}
    for slot in pattern.slots:
        if slot == pattern.unit:
            filled[slot] = meant.quantity.units[slot].text(value)
        else:
            source = meant.quantity.groups[meant.group] if slot == WHERE else meant.level.wordings
            wordings = source[pattern.language, slot]
            filled[slot] = wordings[picks[slot] % len(wordings)]
    return pattern.text.format(**filled)


def _tell_alike(meant: _Meant, said: _Said, other: _Said) -> bool:
    """Whether two numbers are in one pattern, or are one value though the class has several."""
    same = said.value == other.value and meant.level.low < meant.level.high
    return same or said.pattern is other.pattern


def _contrasts(meant: _Meant, said: _Said, taken: tuple[str, str], generator: np.random.Generator) -> tuple[str, ...]:
    """Texts of another meaning: each kind of contrast in turn, up to the most.

    Other classes in the pattern of what was said come first and last, the second time with other numbers.
    """
    kinds = (
        [_like(other, said, generator) for other in _others(meant, generator)],
        _denied(meant, said, generator),
        [_render(meant._replace(group=group), said.pattern, said.picks, said.value) for group in _elsewhere(meant)],
        [_turned(other, said, generator) for other in _others(meant, generator)],
        [_like(other, said, generator) for other in _others(meant, generator)],
    )
    turns = (text for turn in itertools.zip_longest(*kinds) for text in turn)
    texts = dict.fromkeys(text for text in turns if text is not None and text not in taken)
    return tuple(texts)[:MAX_CONTRASTS]


def _others(meant: _Meant, generator: np.random.Generator) -> list[_Meant]:
    """The other classes of the quantity in the same leads, in an order by chance."""
    others = [_Meant(meant.quantity, level, meant.group) for level in meant.quantity.levels if level is not meant.level]
    return sorted(others, key=lambda _: generator.random())


def _elsewhere(meant: _Meant) -> list[str]:
    return [group for group in meant.quantity.groups if group != meant.group]


def _like(other: _Meant, said: _Said, generator: np.random.Generator) -> str:
    """Another class in the pattern of what was said, or else in any of its language and kind."""
    pattern = said.pattern
    tells = pattern.unit is not None
    if pattern in other.level.says[pattern.language, tells]:
        return _fill(other, pattern, generator, said.picks).text
    return _say(other, pattern.language, tells, generator).text


def _turned(other: _Meant, said: _Said, generator: np.random.Generator) -> str:
    """Another class in words where a number was said, and in a number where words were."""
    return _say(other, said.pattern.language, said.pattern.unit is None, generator).text


def _denied(meant: _Meant, said: _Said, generator: np.random.Generator) -> list[str]:
    listed = meant.level.denies[said.pattern.language]
    return [_fill(meant, _one(listed, generator), generator).text] if listed else []
