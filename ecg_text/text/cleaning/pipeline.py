"""A pipeline of named steps, its fingerprint, and what it made of a report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from ecg_text.text.cleaning.encoding import decode
from ecg_text.text.cleaning.language import report_language

# What may be said of a report. Nothing was written, or no word; what was written is not about the trace; letters were
# lost; it is longer than a pipeline reads; its source cut it off. Without a text are those with one of the first two,
# and the unreadable of which too little is left.
FLAGS = ("empty", "boilerplate", "unreadable", "long", "cut")
_WORD = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A named change of a text; its version goes up when it does something else, its flag is set when it did something.

    flag is one of FLAGS, or "" for a step that leaves none.
    """

    name: str
    apply: Callable[[str], str]
    version: int = 1
    flag: str = ""


@dataclass(frozen=True, kw_only=True)
class CleanReport:
    """A cleaned report: its text ("" where nothing about the trace is left) and language, and how they came about.

    language is "de", "en", "sv" or "unknown"; flags are some of FLAGS; steps are the names of those that changed the
    text, in their order, led by "read_cp1252" and its like where bytes were not UTF-8.
    """

    text: str
    language: str
    flags: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The steps of one source, in their order."""

    name: str
    steps: tuple[Step, ...]

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with the name, and with a step, its version, its flag or its place."""
        told = json.dumps([self.name, [[step.name, step.version, step.flag] for step in self.steps]])
        return blake2b(told.encode(), digest_size=8).hexdigest()

    def clean(self, raw: str | bytes) -> CleanReport:
        """A report in lower case, its language kept, ready to be split into findings; no report is refused."""
        text, encoding = decode(raw) if isinstance(raw, bytes) else (raw, "utf-8")
        trail = [] if encoding == "utf-8" else [f"read_{encoding}"]
        had_words = _WORD.search(text) is not None
        flags: set[str] = set()
        for step in self.steps:
            before, text = text, step.apply(text)
            if text != before:
                trail.append(step.name)
                flags.add(step.flag)
        if not text and "unreadable" not in flags:
            flags.add("boilerplate" if had_words else "empty")
        return CleanReport(
            text=text,
            language=report_language(text),
            flags=tuple(flag for flag in FLAGS if flag in flags),
            steps=tuple(trail),
        )
