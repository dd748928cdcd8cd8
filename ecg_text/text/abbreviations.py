"""The abbreviations of electrocardiography, and a text with those that can only mean one thing written out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ecg_text.errors import DataError

_FIELDS = ("short", "expansion", "language", "source", "note", "when")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_NEAR = 3  # words on either side
_SEEN = 80  # characters on either side, in which these words are looked for


@dataclass(frozen=True, kw_only=True)
class Abbreviation:
    """A short form, what it stands for, its language ("en", "de", "sv"), its source, and when it may be expanded."""

    short: str
    expansion: str
    language: str
    source: str
    note: str
    when: str


@dataclass(frozen=True, kw_only=True)
class Expanded:
    """A text without its abbreviations, and each that was used: (as typed, what it was read as)."""

    text: str
    used: tuple[tuple[str, str], ...]


@cache
def table() -> tuple[Abbreviation, ...]:
    """All abbreviations, in the order of abbreviations.tsv. Raises DataError where a line lacks a field."""
    lines = resources.files("ecg_text.text").joinpath("abbreviations.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    for row in rows:
        if len(row) != len(_FIELDS):
            raise DataError(f"abbreviations.tsv has {row!r}; a line needs the fields {', '.join(_FIELDS)}")
    return tuple(Abbreviation(**dict(zip(_FIELDS, row, strict=True))) for row in rows[1:])


def expand(text: str, language: str = "en") -> Expanded:
    """The text with the abbreviations of one language written out: whole words, in any case, the longest first.

    What can mean something else ("ST", "LAD artery", "II, III, VF") stands; each line of the table says when. The rest
    of the text keeps its letters.
    """
    shorts, pattern = _pattern(language)
    is_mixed = text != text.upper()
    used: dict[tuple[str, str], None] = {}
    pieces: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        entry = shorts[_key(match["short"])]
        if not _is_meant(entry, match, text, is_mixed):
            continue
        before = text[end : match.start()]
        end = match.end() if entry.short.islower() else match.end("short")
        glue = " " if text[end : end + 1].isalnum() else ""
        pieces += [before, entry.expansion, glue]
        used[match["short"], entry.expansion] = None
    expanded = "".join([*pieces, text[end:]])
    for _, phrase in used:  # "left bundle branch block (LBBB)" says it once
        twice = re.compile(rf"({re.escape(phrase)})\s*\(\1\)", re.IGNORECASE)
        expanded = twice.sub(r"\1", expanded)
    return Expanded(text=expanded, used=tuple(used))


@cache
def _pattern(language: str) -> tuple[dict[str, Abbreviation], re.Pattern[str]]:
    """The entries of a language that are ever expanded, by their key, and what finds them."""
    shorts = {_key(entry.short): entry for entry in table() if entry.language == language and entry.when != "never"}
    if not shorts:
        raise DataError(f"there are no abbreviations of language {language!r}; there are some of en, de and sv")
    forms = [
        re.escape(short).replace(r"\ ", r"\s+") for short in sorted(shorts, key=lambda short: (-len(short), short))
    ]
    whole = [form + ("" if form.endswith(("/", ".")) else r"(?!\w)") for form in forms]
    return shorts, re.compile(rf"(?<!\w)(?P<short>{'|'.join(whole)})(?:\.(?=\s+\w))?", re.IGNORECASE)


def _key(short: str) -> str:
    return " ".join(short.lower().split())


def _is_meant(entry: Abbreviation, match: re.Match[str], text: str, is_mixed: bool) -> bool:
    """Whether the table's condition holds at this place; is_mixed: the text has small letters too."""
    if not entry.when:
        return True
    if entry.when == "capitals":
        return match["short"].isupper() and (is_mixed or text.strip() == match["short"])
    is_refused = entry.when.startswith("not ")
    where, *words = entry.when.removeprefix("not ").split()
    before = _WORD.findall(text[max(0, match.start() - _SEEN) : match.start()].lower())
    after = _WORD.findall(text[match.end() : match.end() + _SEEN].lower())
    places = {"before": after[:1], "after": before[-1:], "near": before[-_NEAR:] + after[:_NEAR]}
    return bool(set(places[where]) & set(words)) != is_refused
