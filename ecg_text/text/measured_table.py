"""The table of measurements, measured.toml: quantities with their units, patterns and classes."""

from __future__ import annotations

import itertools
import math
import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ecg_text.errors import TextError
from ecg_text.text.grammar_table import LANGUAGES

WHERE, SIGN = "where", "sign"
_SIGNS = {"minus": "", "plus": "+", "none": ""}
_NEAR = 1e-6  # of a step: what floating point may miss

Wordings = Mapping[tuple[str, str], tuple[str, ...]]  # by language and slot


@dataclass(frozen=True, eq=False, kw_only=True)
class Unit:
    """How a number is told: times scale, in steps of the range's unit, with the sign of "minus", "plus" or "none"."""

    scale: float
    step: float
    sign: str

    def steps(self, low: float, high: float) -> range:
        """The numbers of steps that lie within a range."""
        return range(math.ceil(low / self.step - _NEAR), math.floor(high / self.step + _NEAR) + 1)

    def text(self, value: float) -> str:
        """The value of the range's unit as it is told."""
        told = abs(value) if self.sign == "none" else value
        return f"{_SIGNS[self.sign] if value > 0 else ''}{round(told * self.scale, 4):g}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Pattern:
    """A text with slots; unit is the slot that holds the number, or None where the text is of words."""

    text: str
    language: str
    slots: tuple[str, ...]
    unit: str | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Level:
    """A class of a quantity: its range, its wordings, and patterns by language and whether they tell a number.

    low and high are the ends of its range, in the unit that the quantity's units turn into theirs. concept is the name
    that the other tables have for it, or the key of the grammar's meaning, "" for none.
    """

    name: str
    concept: str
    low: float
    high: float
    wordings: Wordings
    says: Mapping[tuple[str, bool], tuple[Pattern, ...]]
    denies: Mapping[str, tuple[Pattern, ...]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Quantity:
    """What is measured: its units, its classes, and wordings of lead groups ("" alone where it has none)."""

    name: str
    units: Mapping[str, Unit]
    groups: Mapping[str, Wordings]
    levels: tuple[Level, ...]


@cache
def read_measured() -> tuple[Quantity, ...]:
    """The quantities of the package."""
    return parse_measured((resources.files("ecg_text.text") / "measured.toml").read_text(encoding="utf-8"))


def parse_measured(text: str) -> tuple[Quantity, ...]:
    """The quantities of a table.

    Raises TextError where it is no TOML, a key is missing or a value of another kind, a slot is never filled, ranges
    overlap or hold no step of a unit, two classes share a wording, or a class has no number or no words in a language.
    """
    try:
        return tuple(_quantity(entry) for entry in tomllib.loads(text)["quantity"])
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise TextError(f"measured.toml: {type(error).__name__}: {error}; see the head of the package's own") from error


def _quantity(entry: Mapping[str, Any]) -> Quantity:
    name = entry["name"]
    _refuse_unknown(name, entry, ("name", "units", "groups", "says", "denies", "classes"))
    units = {key: _unit(name, **unit) for key, unit in entry["units"].items()}
    groups = {
        group: {(language, WHERE): tuple(listed) for language, listed in languages.items()}
        for group, languages in entry.get("groups", {"": {}}).items()
    }
    says, denies = (tuple(_patterns(name, entry[key], units, "groups" in entry)) for key in ("says", "denies"))
    levels = tuple(_level(key, raw, says, denies) for key, raw in entry["classes"].items())
    quantity = Quantity(name=name, units=units, groups=groups, levels=levels)
    _check_levels(quantity)
    _check_slots(quantity, (*says, *denies))
    return quantity


def _unit(quantity: str, scale: float = 1, step: float = 1, sign: str = "minus") -> Unit:
    if step <= 0 or scale <= 0 or sign not in _SIGNS:
        raise TextError(f"measured.toml: a unit of {quantity} has {scale=}, {step=}, {sign=}; signs are {list(_SIGNS)}")
    return Unit(scale=scale, step=step, sign=sign)


def _patterns(
    quantity: str, languages: Mapping[str, list[str]], units: Mapping[str, Unit], grouped: bool
) -> Iterator[Pattern]:
    for language, text in ((language, text) for language, listed in languages.items() for text in listed):
        slots = tuple(slot for _, slot, _, _ in string.Formatter().parse(text) if slot is not None)
        told = [slot for slot in slots if slot in units]
        if language not in LANGUAGES or len(told) > 1 or (WHERE in slots) != grouped:
            raise TextError(
                f"measured.toml: {quantity} has {text!r} in {language!r}; give one of {', '.join(LANGUAGES)},"
                f" at most one unit, and {{{WHERE}}} where and only where there are groups"
            )
        yield Pattern(text=text, language=language, slots=slots, unit=told[0] if told else None)


def _level(name: str, raw: Mapping[str, Any], says: tuple[Pattern, ...], denies: tuple[Pattern, ...]) -> Level:
    _refuse_unknown(name, raw, ("range", "concept", *LANGUAGES))
    low, high = raw["range"]
    words = {
        (language, slot): tuple(listed) for language in LANGUAGES for slot, listed in raw.get(language, {}).items()
    }

    def can(one: Pattern) -> bool:
        return all(slot in (WHERE, one.unit) or (one.language, slot) in words for slot in one.slots)

    said = {
        (language, told): tuple(
            one for one in says if (one.language, one.unit is not None) == (language, told) and can(one)
        )
        for language, told in itertools.product(LANGUAGES, (False, True))
    }
    denied = {language: tuple(one for one in denies if one.language == language and can(one)) for language in LANGUAGES}
    return Level(
        name=name, concept=raw.get("concept", ""), low=low, high=high, wordings=words, says=said, denies=denied
    )


def _refuse_unknown(name: str, entry: Mapping[str, Any], keys: Iterable[str]) -> None:
    if unknown := sorted(entry.keys() - set(keys)):
        raise TextError(f"measured.toml: {name} has the unknown keys {unknown}; keys are {sorted(keys)}")


def _check_levels(quantity: Quantity) -> None:
    for level in quantity.levels:
        steps = {key: len(unit.steps(level.low, level.high)) for key, unit in quantity.units.items()}
        empty = [
            key for key, number in steps.items() if max(steps.values()) < 1 + (level.low < level.high) or not number
        ]
        silent = sorted(language for (language, _), listed in level.says.items() if not listed)
        if empty or silent:
            raise TextError(
                f"measured.toml: {quantity.name}, {level.name}: no step, or one alone, of {empty} is in the range"
                f" {level.low} to {level.high}, or there are no numbers or no words in {silent}"
            )
    for one, other in itertools.combinations(quantity.levels, 2):
        shared = {
            text
            for key, listed in one.wordings.items()
            for text in listed
            if key[1] != SIGN and text in other.wordings.get(key, ())
        }
        if shared or (one.low <= other.high and other.low <= one.high):
            raise TextError(
                f"measured.toml: {quantity.name}: {one.name} and {other.name} share {sorted(shared)} or a value"
            )


def _check_slots(quantity: Quantity, patterns: tuple[Pattern, ...]) -> None:
    filled = {key for level in quantity.levels for key in level.wordings}
    filled |= {key for group in quantity.groups.values() for key in group}
    for one in patterns:
        missing = [slot for slot in one.slots if slot != one.unit and (one.language, slot) not in filled]
        if missing:
            raise TextError(f"measured.toml: {quantity.name}: no class fills {missing} of {one.text!r}")
