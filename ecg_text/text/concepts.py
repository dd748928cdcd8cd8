"""The table of concepts: what an ECG can show, how English, German and Swedish say it, and its codes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from ecg_text.errors import TextError

VOCABULARIES = ("scp", "snomed")
_KEYS = ("english", "german", "swedish", "abbreviations", *VOCABULARIES)


@dataclass(frozen=True, kw_only=True)
class Concept:
    """One thing that an ECG can show; its name is the first of its English wordings, the one that this package uses.

    abbreviations are those of English; a short form that only German or Swedish reports use is one of their wordings.
    scp are codes of SCP-ECG (EN 1064) as PTB-XL spells them, snomed those of SNOMED CT.
    """

    name: str
    english: tuple[str, ...]
    german: tuple[str, ...] = ()
    swedish: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()
    scp: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()


@cache
def concepts() -> tuple[Concept, ...]:
    """Every concept of the table, in the order in which an ECG is read."""
    text = (resources.files("ecg_text.text") / "concepts.toml").read_text(encoding="utf-8")
    return tuple(_concept(entry) for entry in tomllib.loads(text)["concept"])


@cache
def known_codes(vocabulary: str) -> Mapping[str, str]:
    """Each known code of a vocabulary, "scp" or "snomed", with the name of its concept.

    Raises TextError where the vocabulary is another.
    """
    if vocabulary not in VOCABULARIES:
        raise TextError(f"no vocabulary {vocabulary!r} in the table of concepts; it has {', '.join(VOCABULARIES)}")
    return MappingProxyType({code: each.name for each in concepts() for code in getattr(each, vocabulary)})


def _concept(entry: Mapping[str, Any]) -> Concept:
    unknown = sorted(entry.keys() - set(_KEYS))
    if unknown or not entry.get("english"):
        raise TextError(f"concepts.toml: {dict(entry)} needs english and has {unknown or 'none'}; keys are {_KEYS}")
    return Concept(name=entry["english"][0], **{key: tuple(entry.get(key, ())) for key in _KEYS})
