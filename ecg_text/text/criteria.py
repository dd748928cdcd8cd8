"""The table of criteria: what ECG findings look like, in texts that each mean one finding, and near texts that do not.

It teaches a text encoder that "wide notched qrs, broad r in i and v6 without q, deep s in v1" is left bundle branch
block, and that "rsr' in v1 with qrs 100 ms" is not.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ecg_text.errors import TextError

_KEYS = ("name", "says", "differs")
_LANGUAGES = ("de", "sv")  # these are told by a prefix, English by its absence
_PREFIX = re.compile(r"([a-z]{2}):\s*")


@dataclass(frozen=True, kw_only=True)
class Description:
    """A text in lower case and its language: "en", "de" or "sv"."""

    text: str
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """A finding by its English name, that of its concept where there is one.

    Each text of says means the finding on its own; each of differs has similar words and means something else.
    """

    name: str
    says: tuple[Description, ...]
    differs: tuple[Description, ...] = ()


@cache
def criteria() -> tuple[Criterion, ...]:
    """Every finding of the package's table, in the order in which an ECG is read."""
    return read_criteria((resources.files("ecg_text.text") / "criteria.toml").read_text(encoding="utf-8"))


def read_criteria(text: str) -> tuple[Criterion, ...]:
    """The findings of a table in TOML.

    Raises TextError where a finding has an unknown key, lacks a name or texts, has a text that is not tidy, not in
    lower case or in an unknown language, where a text or a name stands twice, and where the text is no such table.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise TextError(f"criteria.toml: {fault}") from fault
    entries = table.get("finding")
    if table.keys() != {"finding"} or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise TextError(f"criteria.toml: wanted entries [[finding]] alone, found {sorted(table)}")
    read = tuple(_criterion(entry) for entry in entries)
    _check_unique(read)
    return read


def _criterion(entry: Mapping[str, Any]) -> Criterion:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise TextError(f"criteria.toml: a finding has no name: {dict(entry)}")
    _check_tidy(name, name)
    if unknown := sorted(entry.keys() - set(_KEYS)):
        raise TextError(f"criteria.toml: {name!r} has the unknown keys {unknown}; keys are {_KEYS}")
    if not entry.get("says"):
        raise TextError(f"criteria.toml: {name!r} says nothing; give texts that mean it")
    return Criterion(name=name, says=_descriptions(entry, "says"), differs=_descriptions(entry, "differs"))


def _descriptions(entry: Mapping[str, Any], key: str) -> tuple[Description, ...]:
    texts = entry.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise TextError(f"criteria.toml: {key} of {entry['name']!r} is not a list of texts")
    return tuple(_description(entry["name"], text) for text in texts)


def _description(name: str, written: str) -> Description:
    prefix = _PREFIX.match(written)
    if prefix is None:
        text, language = written, "en"
    else:
        text, language = written[prefix.end() :], prefix[1]
        if language not in _LANGUAGES:
            known = ", ".join(_LANGUAGES)
            raise TextError(f"criteria.toml: {name!r} has {written!r}; a language is one of {known}, none for English")
    _check_tidy(name, text)
    return Description(text=text, language=language)


def _check_tidy(name: str, text: str) -> None:
    """Raises TextError where a text is empty, has upper case or more than single spaces between words."""
    if text != text.lower():
        raise TextError(f"criteria.toml: {name!r} has upper case in {text!r}")
    if not text or text != " ".join(text.split()):
        raise TextError(f"criteria.toml: {name!r} has an empty text or stray spaces in {text!r}")


def _check_unique(read: tuple[Criterion, ...]) -> None:
    """Raises TextError where a text or a name stands twice, in whatever languages."""
    owners: dict[str, str] = {}
    for each in read:
        for text in (each.name, *(described.text for described in (*each.says, *each.differs))):
            if text in owners:
                raise TextError(f"criteria.toml: {text!r} of {each.name!r} stands twice, first with {owners[text]!r}")
            owners[text] = each.name
