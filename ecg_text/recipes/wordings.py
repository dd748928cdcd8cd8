"""Wordings and what they mean: groups of texts of one meaning, by source, and the texts of the labels of prompts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b, sha256
from types import MappingProxyType
from typing import Any

from ecg_text.recipes.label_pairs import LabelTexts

# The source of whole descriptions, which are said of nothing else and take no negation.
CRITERIA = "criteria"


@dataclass(frozen=True, order=True, kw_only=True)
class Wording:
    """A text in lower case and its language ("en", "de" or "sv"; of an abbreviation, where it is used)."""

    text: str
    language: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Vocabulary:
    """Groups of wordings by source; a group has one meaning, and may be met in several sources.

    labels are the texts of the labels of the packaged prompt sets, which are wider than a meaning. contrasts are, for
    some texts, those that were written to be like them and mean something else. links are texts of one meaning beyond
    the groups, which are not drawn together. tables is a hash of the tables that rows are made by.
    """

    groups: Mapping[str, tuple[tuple[Wording, ...], ...]]
    labels: tuple[LabelTexts, ...] = ()
    contrasts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: tuple[tuple[str, ...], ...] = ()
    tables: str = ""

    @cached_property
    def meanings(self) -> Mapping[str, int]:
        """The meaning of each text: those that any chain of groups and links connects have one, that of the least."""
        least: dict[str, str] = {}

        def root(text: str) -> str:
            while least.setdefault(text, text) != text:
                least[text] = least[least[text]]
                text = least[text]
            return text

        told = [[wording.text for wording in group] for groups in self.groups.values() for group in groups]
        for texts in (*told, *self.links):
            roots = sorted({root(text) for text in texts})
            for other in roots:
                least[other] = roots[0]
        return MappingProxyType({text: text_number(root(text)) for text in list(least)})

    @property
    def num_meanings(self) -> int:
        """How many different meanings there are."""
        return len(set(self.meanings.values()))

    @property
    def facts(self) -> dict[str, Any]:
        """What must be the same of the groups for a run to go on with them."""
        told = (sorted(self.groups.items()), self.labels, sorted(self.contrasts.items()), self.links, self.tables)
        return {"synonyms_hash": sha256(repr(told).encode()).hexdigest()[:16]}


def text_number(text: str) -> int:
    """A number of 63 bits for a text, the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
