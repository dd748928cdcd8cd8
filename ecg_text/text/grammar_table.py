"""The table of the grammar of findings, grammar.toml: attributes with their wordings, patterns and frames."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import Any

from ecg_text.errors import TextError

LANGUAGES = ("en", "de", "sv")
ANY = "any"
NORMAL = "normal"
# The ending of an adjective by language, number or gender, and case.
ENDINGS: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {kind: {"nom": ""} for kind in ("sg", "pl")},
        "de": {
            "m": {"nom": "er", "acc": "en", "neg": "er"},
            "f": {"nom": "e", "acc": "e", "neg": "e"},
            "n": {"nom": "es", "acc": "es", "neg": "es"},
            "pl": {"nom": "e", "acc": "e", "neg": "en"},
        },
        "sv": {kind: {"nom": ending, "neg": ending} for kind, ending in (("c", ""), ("n", "t"), ("pl", "a"))},
    }
)
CLAUSE = ""
_PART = re.compile(
    r"\{(?P<attribute>\w+)(?:\.(?P<form>\w+)(?:\+(?P<ending>\w+))?|=(?P<values>[^}]+))\}|\[(?P<choice>[^]]*)\]"
)
_FORM = re.compile(r"\{(?P<form>\w+)(?:\+(?P<ending>\w+))?\}")
_FRAME = re.compile(r"\{(nom|acc|neg)\}")
Words = tuple[tuple[str, ...], ...]  # a form's wordings by style


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Where a wording of an attribute stands; ending, where given, closes its adjectives."""

    attribute: str
    form: str
    ending: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is said where the finding is present, and where it is absent."""

    present: str
    absent: str


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What is said before and after a name, which stands in a case."""

    before: str
    case: str
    after: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Pattern:
    """A name (kind: number or gender) or a clause (kind: CLAUSE) in a language, for the values that it is held to."""

    language: str
    kind: str
    parts: tuple[str | Slot | Choice, ...]
    held: Mapping[str, frozenset[str]]

    @property
    def denies(self) -> bool:
        """Whether it can say that the finding is absent."""
        return bool(self.kind) or any(isinstance(part, Choice) for part in self.parts)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """Its slots, in order."""
        return tuple(part for part in self.parts if isinstance(part, Slot))


@dataclass(frozen=True, eq=False, kw_only=True)
class Attribute:
    """An attribute: its values ("any" first, where it is one), their words by (value, language, form), and overlaps.

    overlaps are the pairs of values that may both hold of one trace.
    """

    values: tuple[str, ...]
    words: Mapping[tuple[str, str, str], Words]
    overlaps: frozenset[frozenset[str]]

    def contrasts(self, value: str) -> tuple[str, ...]:
        """The values that say another thing than this one, of any trace."""
        if value == ANY:
            return ()
        others = (other for other in self.values if other not in (value, ANY))
        return tuple(other for other in others if frozenset((value, other)) not in self.overlaps)


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """A finding: names of its attributes, its patterns, and whether it may be said to be absent."""

    name: str
    attributes: tuple[str, ...]
    absent: bool
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """All of the grammar; frames by presence, language and kind."""

    attributes: Mapping[str, Attribute]
    findings: Mapping[str, Finding]
    frames: Mapping[tuple[bool, str, str], tuple[Frame, ...]]

    def meanings(self) -> Iterator[tuple[Finding, tuple[str, ...], bool]]:
        """Each finding with each choice of values, and the presence that it may have with them."""
        for finding in self.findings.values():
            for chosen in itertools.product(*(self.attributes[name].values for name in finding.attributes)):
                yield finding, chosen, True
                if finding.absent and NORMAL not in chosen:
                    yield finding, chosen, False


@cache
def read_grammar() -> Table:
    """The table of the package. Raises TextError where a pattern leaves an attribute of its finding unsaid."""
    text = (resources.files("ecg_text.text") / "grammar.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    frames = {
        (presence == "present", language, kind): tuple(_frame(one) for one in listed)
        for presence, languages in raw["frames"].items()
        for language, kinds in languages.items()
        for kind, listed in kinds.items()
    }
    attributes = {name: _attribute(entry) for name, entry in raw["attributes"].items()}
    findings = {entry["name"]: _finding(entry) for entry in raw["finding"]}
    return Table(attributes=attributes, findings=findings, frames=frames)


def _frame(text: str) -> Frame:
    before, case, after = _FRAME.split(text)
    return Frame(before=before, case=case, after=after)


def _attribute(entry: Mapping[str, Any]) -> Attribute:
    words: dict[tuple[str, str, str], Words] = {}
    for value, languages in entry["values"].items():
        for language in LANGUAGES:
            forms: dict[str, list[str]] = {}
            for spoken in ("all", language):
                for form, listed in languages.get(spoken, {}).items():
                    forms.setdefault(form, []).extend(listed)
            words |= {(value, language, form): tuple((text,) for text in listed) for form, listed in forms.items()}
            for form, templates in entry.get("derived", {}).items():
                made = tuple(_derived(template, forms) for template in templates.get(language, ()))
                if form not in forms and any(made):
                    words[value, language, form] = tuple(style for style in made if style)
    pairs = (pair for group in entry.get("overlaps", ()) for pair in itertools.combinations(group, 2))
    return Attribute(values=tuple(entry["values"]), words=words, overlaps=frozenset(map(frozenset, pairs)))


def _derived(template: str, forms: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The template with each wording of the one form that it names; nothing where there is none."""
    slot = _FORM.search(template)
    if slot is None:
        raise TextError(f"grammar.toml: derived {template!r} names no form; give one in braces")
    wordings = [text.replace("~", slot["ending"] or "") for text in forms.get(slot["form"], ())]
    return tuple(template.replace(slot[0], text) for text in wordings)


def _finding(entry: Mapping[str, Any]) -> Finding:
    patterns = [
        _pattern(text, language, kind)
        for language, kinds in entry["names"].items()
        for kind, listed in kinds.items()
        for text in listed
    ]
    patterns += [_pattern(text, lang, CLAUSE) for lang, listed in entry.get("clauses", {}).items() for text in listed]
    attributes = tuple(entry["attributes"])
    for pattern in patterns:
        said = {slot.attribute for slot in pattern.slots} | set(pattern.held)
        if said != set(attributes):
            raise TextError(f"grammar.toml: {entry['name']} has {attributes}, and {pattern.parts} says {sorted(said)}")
    absent = entry.get("absent", True)
    return Finding(name=entry["name"], attributes=attributes, absent=absent, patterns=tuple(patterns))


def _pattern(text: str, language: str, kind: str) -> Pattern:
    parts: list[str | Slot | Choice] = []
    held: dict[str, frozenset[str]] = {}
    end = 0
    for match in _PART.finditer(text):
        parts.append(text[end : match.start()])
        end = match.end()
        if match["choice"] is not None:
            present, _, absent = match["choice"].partition("|")
            parts.append(Choice(present=present, absent=absent))
        elif match["values"]:
            held[match["attribute"]] = frozenset(match["values"].split("/"))
        else:
            parts.append(Slot(attribute=match["attribute"], form=match["form"], ending=match["ending"] or ""))
    parts.append(text[end:])
    return Pattern(language=language, kind=kind, parts=tuple(part for part in parts if part != ""), held=held)
