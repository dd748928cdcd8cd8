"""Prompt sets: what a model is asked, label by label, with the opposite that each answer is measured against."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ecg_text.errors import PromptError

# A finding without a stated opposite is measured against this.
DEFAULT_OPPOSITE = ("normal ecg",)

# What a set of a user's own texts is called: it bears no codes, so no records tell how often they are true.
OWN_TEXTS = "texts"

_SET_KEYS = ("name", "version", "sources", "ensemble", "opposite", "label")
_LABEL_KEYS = ("name", "title", "texts", "opposite", "codes")
_ENSEMBLE_KEYS = ("texts", "against")


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """How the texts of a label become one question; it is part of the set.

    texts: "mean" of all of them (Radford et al., 2021, section 3.1.4), or the "first" alone. against: the "opposite" of
    each label, or "none". Raises PromptError for another word.
    """

    texts: str = "mean"
    against: str = "opposite"

    def __post_init__(self) -> None:
        for key, value, known in (
            ("texts", self.texts, ("mean", "first")),
            ("against", self.against, ("opposite", "none")),
        ):
            if value not in known:
                raise PromptError(f"ensemble: {key} is {value!r}; choose one of {', '.join(known)}")

    def __str__(self) -> str:
        texts = "mean of the texts" if self.texts == "mean" else "first text alone"
        return f"{texts}, against {'the opposite' if self.against == 'opposite' else 'nothing'}"


@dataclass(frozen=True, kw_only=True)
class PromptLabel:
    """One label: the texts that say it, the texts that say its opposite, and its codes by vocabulary ("scp")."""

    name: str
    title: str
    texts: tuple[str, ...]
    opposite: tuple[str, ...] = DEFAULT_OPPOSITE
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, texts in (("texts", self.texts), ("opposite", self.opposite)):
            if (what == "texts" and not texts) or any(not text.strip() for text in texts):
                raise PromptError(f"label {self.name!r}: {what} is empty or holds an empty text; give words")
            _refuse_repeats(texts, f"label {self.name!r}: {what}")
        both = sorted(set(self.texts) & set(self.opposite))
        if both:
            raise PromptError(f"label {self.name!r}: {both[0]!r} is among its texts and its opposite; keep it in one")

    @property
    def all_codes(self) -> tuple[str, ...]:
        """The codes of every vocabulary, or the label's own name where it has none."""
        return tuple(code for codes in self.codes.values() for code in codes) or (self.name,)


@dataclass(frozen=True, kw_only=True)
class PromptSet:
    """A named, versioned list of labels; never changed once released, so that scores stay comparable.

    Raises PromptError where there is no label, one twice, or an opposite where the ensemble has no use for it, or none
    where it needs one.
    """

    name: str
    version: int
    labels: tuple[PromptLabel, ...]
    sources: tuple[str, ...] = ()
    ensemble: Ensemble = Ensemble()

    def __post_init__(self) -> None:
        if not self.labels:
            raise PromptError(f"prompt set {self.name!r} has no label; give at least one")
        _refuse_repeats(self.names, f"prompt set {self.name!r}: label names")
        for label in self.labels:
            if self.ensemble.against == "opposite" and not label.opposite:
                raise PromptError(f'label {label.name!r}: opposite is empty; give words, or state against = "none"')
            if self.ensemble.against == "none" and label.opposite:
                raise PromptError(f'label {label.name!r} states an opposite, its set is against "none"; drop one')

    @property
    def names(self) -> tuple[str, ...]:
        """The label names in their order, which is the order of the columns of every score."""
        return tuple(label.name for label in self.labels)

    @property
    def hash(self) -> str:
        """Twelve hex digits that change with any word, code or order of the set, and with its ensembling."""
        document = self.to_dict()
        if self.ensemble == Ensemble():
            del document["ensemble"]  # a set that was saved before ensembling could be stated keeps its hash
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def label(self, name: str) -> PromptLabel:
        """The label of this name. Raises PromptError, with the known names, where there is none."""
        for label in self.labels:
            if label.name == name:
                return label
        raise PromptError(f"prompt set {self.name!r} has no label {name!r}; it has {', '.join(self.names)}")

    def to_dict(self) -> dict[str, Any]:
        """The set as plain values, in the layout of its TOML file."""
        labels = [
            {
                "name": label.name,
                "title": label.title,
                "texts": list(label.texts),
                "opposite": list(label.opposite),
                "codes": {vocabulary: list(codes) for vocabulary, codes in label.codes.items()},
            }
            for label in self.labels
        ]
        ensemble = {"texts": self.ensemble.texts, "against": self.ensemble.against}
        return {
            "name": self.name,
            "version": self.version,
            "sources": list(self.sources),
            "ensemble": ensemble,
            "label": labels,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> PromptSet:
        """The set in the layout of its TOML file. Raises PromptError on an unknown, missing or ill-typed key."""
        _refuse_unknown(document, _SET_KEYS, "a prompt set")
        name = _string(document, "name", "a prompt set")
        where = f"prompt set {name!r}"
        if "version" not in document:
            raise PromptError(f"{where} has no version; write version = 1")
        version = document["version"]
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise PromptError(f"{where}: version is {version!r}; give a whole number from 1 on")
        ensemble = _ensemble(document.get("ensemble", {}), f"{where}: ensemble")
        default: tuple[str, ...] = DEFAULT_OPPOSITE if ensemble.against == "opposite" else ()
        if "opposite" in document:
            default = _strings(document["opposite"], f"{where}: opposite")
        labels = document.get("label", [])
        if not isinstance(labels, list) or not all(isinstance(label, Mapping) for label in labels):
            raise PromptError(f"{where}: label must be a list of [[label]] tables")
        return cls(
            name=name,
            version=version,
            labels=tuple(_label(label, default, where) for label in labels),
            sources=_strings(document.get("sources", []), f"{where}: sources"),
            ensemble=ensemble,
        )


def _label(table: Mapping[str, Any], default_opposite: tuple[str, ...], where: str) -> PromptLabel:
    name = _string(table, "name", f"{where}: a label")
    where = f"{where}, label {name!r}"
    _refuse_unknown(table, _LABEL_KEYS, where)
    codes = table.get("codes", {})
    if not isinstance(codes, Mapping):
        raise PromptError(f'{where}: codes is {codes!r}; give a table such as {{ scp = ["IMI"] }}')
    return PromptLabel(
        name=name,
        title=_string(table, "title", where) if "title" in table else name,
        texts=_strings(table.get("texts", []), f"{where}: texts"),
        opposite=_strings(table["opposite"], f"{where}: opposite") if "opposite" in table else default_opposite,
        codes={vocabulary: _strings(listed, f"{where}: codes.{vocabulary}") for vocabulary, listed in codes.items()},
    )


def _ensemble(table: object, where: str) -> Ensemble:
    if not isinstance(table, Mapping):
        raise PromptError(f'{where} is {table!r}; give a table with texts = "mean" and against = "opposite"')
    _refuse_unknown(table, _ENSEMBLE_KEYS, where)
    return Ensemble(**{key: _string(table, key, where) for key in _ENSEMBLE_KEYS if key in table})


def _string(table: Mapping[str, Any], key: str, where: str) -> str:
    if key not in table:
        raise PromptError(f'{where} has no {key}; write {key} = "..."')
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise PromptError(f"{where}: {key} is {value!r}; give a text that is not empty")
    return value


def _strings(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise PromptError(f"{where} is {value!r}; give a list of texts")
    return tuple(value)


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise PromptError(f"{where} has the unknown key {unknown[0]!r}; known keys: {', '.join(known)}")


def _refuse_repeats(texts: Sequence[str], where: str) -> None:
    repeated = sorted({text for text in texts if texts.count(text) > 1})
    if repeated:
        raise PromptError(f"{where}: {repeated[0]!r} is given twice; give it once")
