"""Prompt sets: what a model is asked, label by label, with the opposite that each answer is measured against."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ecg_text.errors import PromptError

# A finding without a stated opposite is measured against this.
DEFAULT_OPPOSITE = ("normal ecg",)
# What states normality has no opposite in it: it is measured against what a normal ECG excludes.
NORMALITY = re.compile(r"\b(?:normal(?:er|es)? (?:ecg|ekg|electrocardiogram|sinus rhythm)|within normal limits)\b")
OPPOSITE_OF_NORMAL = (
    "abnormal ecg",
    "myocardial infarction",
    "st depression",
    "left bundle branch block",
    "left ventricular hypertrophy",
    "atrial fibrillation",
)
SINUS_RHYTHM = re.compile(r"\b(?:sinus rhythm|sinusrhythmus|sinusrytm)\b")
OPPOSITE_OF_SINUS_RHYTHM = (
    "atrial fibrillation",
    "atrial flutter",
    "sinus tachycardia",
    "sinus bradycardia",
    "sinus arrhythmia",
    "pacemaker rhythm",
)

_SET_KEYS = ("name", "version", "sources", "opposite", "label")
_LABEL_KEYS = ("name", "title", "texts", "opposite", "codes")
_FILE_NAME = re.compile(r"v([1-9]\d*)\.toml")


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
            if not texts or any(not text.strip() for text in texts):
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
    """A named, versioned list of labels; never changed once released, so that scores stay comparable."""

    name: str
    version: int
    labels: tuple[PromptLabel, ...]
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.labels:
            raise PromptError(f"prompt set {self.name!r} has no label; give at least one")
        _refuse_repeats(self.names, f"prompt set {self.name!r}: label names")

    @property
    def names(self) -> tuple[str, ...]:
        """The label names in their order, which is the order of the columns of every score."""
        return tuple(label.name for label in self.labels)

    @property
    def hash(self) -> str:
        """Twelve hex digits that change with any word, code or order of the set."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
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
        return {"name": self.name, "version": self.version, "sources": list(self.sources), "label": labels}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> PromptSet:
        """The set in the layout of its TOML file. Raises PromptError on an unknown, missing or ill-typed key."""
        _refuse_unknown(document, _SET_KEYS, "a prompt set")
        name = _string(document, "name", "a prompt set")
        where = f"prompt set {name!r}"
        version = document.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise PromptError(f"{where}: version is {version!r}; give a whole number from 1 on")
        default = _strings(document["opposite"], f"{where}: opposite") if "opposite" in document else DEFAULT_OPPOSITE
        labels = document.get("label", [])
        if not isinstance(labels, list) or not all(isinstance(label, Mapping) for label in labels):
            raise PromptError(f"{where}: label must be a list of [[label]] tables")
        return cls(
            name=name,
            version=version,
            labels=tuple(_label(label, default, where) for label in labels),
            sources=_strings(document.get("sources", []), f"{where}: sources"),
        )


def list_prompt_sets() -> list[tuple[str, int]]:
    """Name and version of every packaged prompt set, in alphabetical order, then by version."""
    found = []
    for path in sorted(prompts_folder().glob("*/v*.toml")):
        match = _FILE_NAME.fullmatch(path.name)
        if match:
            found.append((path.parent.name, int(match[1])))
    return sorted(found)


def load_prompt_set(name_or_path: str | Path, version: int | None = None) -> PromptSet:
    """A packaged prompt set by name, in its latest version where none is given; or the set in a .toml file.

    Raises PromptError, in one line, where there is no such set or version or the file is not a sound set.
    """
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml"):
        return _load_file(Path(name_or_path))
    known = list_prompt_sets()
    versions = [number for name, number in known if name == name_or_path]
    if not versions:
        names = ", ".join(sorted({name for name, _ in known})) or "none"
        raise PromptError(f"no prompt set {name_or_path!r}; known sets: {names}; or give the path of a .toml file")
    chosen = versions[-1] if version is None else version
    if chosen not in versions:
        raise PromptError(f"prompt set {name_or_path!r} has no version {chosen}; it has {versions}")
    prompts = _load_file(prompts_folder() / name_or_path / f"v{chosen}.toml")
    if (prompts.name, prompts.version) != (name_or_path, chosen):
        raise PromptError(f"{name_or_path}/v{chosen}.toml calls itself {prompts.name!r} version {prompts.version}")
    return prompts


def default_opposite(text: str) -> tuple[str, ...]:
    """What a text is measured against where nothing is stated: "normal ecg", or what a normal one excludes."""
    asked = " ".join(text.lower().split())
    if NORMALITY.search(asked):
        return OPPOSITE_OF_NORMAL
    if SINUS_RHYTHM.fullmatch(asked):
        return OPPOSITE_OF_SINUS_RHYTHM
    return DEFAULT_OPPOSITE


def text_prompt_set(texts: Sequence[str], opposite: Sequence[str] = ()) -> PromptSet:
    """A user's own texts as a prompt set: each text is a label and its only prompt; opposite holds for all of them.

    Without an opposite each text gets its default_opposite. Raises PromptError where a text is empty, given twice, or
    its own opposite.
    """
    labels = [
        PromptLabel(name=text, title=text, texts=(text,), opposite=tuple(opposite) or default_opposite(text))
        for text in texts
    ]
    return PromptSet(name="texts", version=1, labels=tuple(labels))


def prompts_folder() -> Path:
    """Where the packaged sets lie: inside the installed package, or beside the package in the repository."""
    installed = Path(str(resources.files("ecg_text"))) / "prompts_data"
    return installed if installed.is_dir() else installed.parents[1] / "prompts"


def _load_file(path: Path) -> PromptSet:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PromptError(f"{path}: cannot be read ({error.strerror}); give the path of a prompt set") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: not a TOML file in UTF-8: {error}") from error
    try:
        return PromptSet.from_dict(document)
    except PromptError as error:
        raise PromptError(f"{path}: {error}") from error


def _label(table: Mapping[str, Any], default_opposite: tuple[str, ...], where: str) -> PromptLabel:
    name = _string(table, "name", f"{where}: a label")
    where = f"{where}, label {name!r}"
    _refuse_unknown(table, _LABEL_KEYS, where)
    codes = table.get("codes", {})
    if not isinstance(codes, Mapping):
        raise PromptError(f'{where}: codes is {codes!r}; give a table such as {{ scp = ["IMI"] }}')
    return PromptLabel(
        name=name,
        title=_string(table, "title", where),
        texts=_strings(table.get("texts", []), f"{where}: texts"),
        opposite=_strings(table["opposite"], f"{where}: opposite") if "opposite" in table else default_opposite,
        codes={vocabulary: _strings(listed, f"{where}: codes.{vocabulary}") for vocabulary, listed in codes.items()},
    )


def _string(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
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
