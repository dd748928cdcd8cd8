"""What the grammar can say of a meaning: its patterns with the wordings of its values, and the meanings beside it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from ecg_text.text.grammar_table import (
    ENDINGS,
    LANGUAGES,
    NORMAL,
    Choice,
    Finding,
    Frame,
    Pattern,
    Slot,
    Words,
    read_grammar,
)

BARE = Frame(before="", case="nom", after="")


@dataclass(frozen=True, eq=False, kw_only=True)
class Ready:
    """A pattern that can say a meaning: its parts, each a text, or the wordings of its value by style."""

    pattern: Pattern
    parts: tuple[str | Words, ...]
    present: bool

    @cached_property
    def slots(self) -> tuple[Words, ...]:
        """The wordings of each slot, in order."""
        return tuple(part for part in self.parts if not isinstance(part, str))

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """What may be said around it; nothing around a clause."""
        key = (self.present, self.pattern.language, self.pattern.kind)
        return read_grammar().frames[key] if self.pattern.kind else (BARE,)

    def render(self, frame: Frame, picks: Sequence[tuple[int, int]]) -> str:
        """The text with the picked wordings (style, wording) in its slots, inside the frame."""
        texts, slot = [frame.before], 0
        for part in self.parts:
            if isinstance(part, str):
                texts.append(part)
            else:
                style, wording = picks[slot]
                listed = part[style % len(part)]
                texts.append(listed[wording % len(listed)])
                slot += 1
        texts.append(frame.after)
        text = "".join(texts)
        if "~" in text:
            text = text.replace("~", ENDINGS[self.pattern.language][self.pattern.kind][frame.case])
        return " ".join(text.split()).replace(" ,", ",")


@dataclass(frozen=True, eq=False, kw_only=True)
class Meaning:
    """A finding with a value for each of its attributes, present or absent, and the patterns that can say it."""

    finding: Finding
    values: tuple[str, ...]
    present: bool
    ready: Mapping[Pattern, Ready]
    spoken: Mapping[str, tuple[Ready, ...]]

    @property
    def key(self) -> str:
        """The finding, its values and the presence in one line."""
        return self._key("present" if self.present else "absent")

    @property
    def key_of_absence(self) -> str:
        """The key of the same said to be absent."""
        return self._key("absent")

    def bare(self) -> Iterator[str]:
        """Every text that says it without a frame."""
        for ready in self.ready.values():
            picks = [[(k, n) for k, style in enumerate(styles) for n in range(len(style))] for styles in ready.slots]
            yield from (ready.render(BARE, chosen) for chosen in itertools.product(*picks))

    @cached_property
    def others(self) -> tuple[tuple[Meaning, ...], ...]:
        """What differs in one attribute or in the presence: a group for each of these."""
        table, groups = read_grammar(), list[tuple[Meaning, ...]]()
        for k, name in enumerate(self.finding.attributes):
            others = table.attributes[name].contrasts(self.values[k])
            turned = [(*self.values[:k], other, *self.values[k + 1 :]) for other in others]
            groups.append(tuple(meaning_of(self.finding, one, self.present) for one in turned if self._may_be(one)))
        if self.finding.absent and NORMAL not in self.values:
            groups.append((meaning_of(self.finding, self.values, not self.present),))
        return tuple(group for group in groups if group)

    def _key(self, presence: str) -> str:
        values = zip(self.finding.attributes, self.values, strict=True)
        said = "".join(f"{name}={value}, " for name, value in values)
        return f"{self.finding.name}: {said}{presence}"

    def _may_be(self, values: tuple[str, ...]) -> bool:
        return self.present or NORMAL not in values


@cache
def meaning_of(finding: Finding, values: tuple[str, ...], present: bool) -> Meaning:
    """The meaning with all that can say it, made once."""
    ready = {pattern: _ready(pattern, finding, values, present) for pattern in finding.patterns}
    fitting = {pattern: one for pattern, one in ready.items() if one is not None}
    spoken = {lang: tuple(one for key, one in fitting.items() if key.language == lang) for lang in LANGUAGES}
    return Meaning(finding=finding, values=values, present=present, ready=fitting, spoken=spoken)


def _ready(pattern: Pattern, finding: Finding, values: tuple[str, ...], present: bool) -> Ready | None:
    """The pattern with the wordings of these values; None where it has none, or cannot say that it is absent."""
    named = dict(zip(finding.attributes, values, strict=True))
    if not (present or pattern.denies) or any(named[name] not in held for name, held in pattern.held.items()):
        return None
    parts: list[str | Words] = []
    for part in pattern.parts:
        if isinstance(part, Slot):
            words = read_grammar().attributes[part.attribute].words
            found = words.get((named[part.attribute], pattern.language, part.form))
            if found is None:
                return None
            ending = part.ending or "~"
            parts.append(tuple(tuple(text.replace("~", ending) for text in style) for style in found))
        elif isinstance(part, Choice):
            parts.append(part.present if present else part.absent)
        else:
            parts.append(part)
    return Ready(pattern=pattern, parts=tuple(parts), present=present)
