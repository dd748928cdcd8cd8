"""What looks like an identifier of a person in a text: a sieve of rules for English, German and Swedish."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ecg_text.text.identifier_keys import kind_of_key
from ecg_text.text.identifier_names import is_placeholder, name_spans
from ecg_text.text.identifier_patterns import Hit, dates_in_name, is_date_value, pattern_hits
from ecg_text.text.identifier_words import is_common

KINDS = ("name", "date", "record", "phone", "email", "url", "ip", "address", "age", "device", "path")
OLDEST_TOLD = 90.0  # stands for "90 or more", as in a Record
OLDEST = 130.0

_HASH = re.compile(r"[0-9a-f]{16,64}")
_DIGIT = re.compile(r"\d")
_FULL_NAME = re.compile(r"(?:[^\W\d_a-zß-ÿ][^\W\dA-Z_]+(?:[ -]|, )){1,3}[^\W\d_a-zß-ÿ][^\W\dA-Z_]+")
_NOTHING = re.compile(r"[\d.]{0,5}|[^\W\d_]*")  # a small number or one word says nothing without its field
_LONGEST_KEPT, _LONGEST_CELL = 1024, 64  # characters of a text and of a cell whose finds are remembered
_PARTS_OF_NAME = re.compile(r"[^\W\d_]{2,}")
_CODE_IN_NAME = re.compile(
    r"(?i:mrn|pat(?:ient)?(?:id|nr)?|fall|ssn|case)[_ #-]?(\d{4,})|(?<!\d)(\d{3}-\d\d-\d{4})(?!\d)"
)
_NAME_IN_NAME = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,}[_ ,^]+[^\W\d_]{2,})(?=[_ -]*(?:19|20)\d{6}|[_ -]*\d\d\.\d\d\.)")


@dataclass(frozen=True)
class Identifier:
    """One find: its kind (of KINDS), where it stands in the text, and its words."""

    kind: str
    start: int
    stop: int
    text: str


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """The identifiers of a text in their order, none overlapping another.

    The kinds follow HIPAA's safe harbour (45 CFR 164.514(b)(2)): names that a word announces, dates finer than a year,
    record, phone and serial numbers, addresses of post, mail and network, ages over 89, and paths with a user's name.
    A bare year is none, and neither is a name that nothing announces ("ingrid looked at it"): rules cannot find it.
    """
    if _NOTHING.fullmatch(text):
        return ()
    return _find_again(text) if len(text) <= _LONGEST_KEPT else _find(text)


def _find(text: str) -> tuple[Identifier, ...]:
    hits: list[Hit] = list(pattern_hits(text))
    hits += [("name", *span) for span in name_spans(text)]
    return _apart(hits, text)


@lru_cache(maxsize=2048)
def _find_again(text: str) -> tuple[Identifier, ...]:
    """The same for a short text, which may come again: "sinus rhythm. normal ecg."."""
    return _find(text)


def find_in_field(key: str, value: str) -> tuple[Identifier, ...]:
    """The identifiers of a named value (a column, a JSON key, an XML element): the name tells what the value is."""
    return _find_in_field_again(key, value) if len(value) <= _LONGEST_CELL else _find_in_field(key, value)


@lru_cache(maxsize=8192)
def _find_in_field_again(key: str, value: str) -> tuple[Identifier, ...]:
    """The same for a short value, which may come again in its column."""
    return _find_in_field(key, value)


def _find_in_field(key: str, value: str) -> tuple[Identifier, ...]:
    kind = kind_of_key(key)
    if kind is None and _NOTHING.fullmatch(value) and key.casefold() != "name":
        return ()
    whole = value.strip()
    if is_placeholder(whole):
        return ()
    start = value.index(whole)
    if key.casefold() == "name" and _FULL_NAME.fullmatch(whole) and not any(map(is_common, whole.split())):
        kind = "name"
    if kind is None:
        return find_identifiers(value)
    if _is_what_it_is_called(kind, whole):
        return (Identifier(kind, start, start + len(whole), whole),)
    return find_identifiers(value)


def find_in_name(name: str) -> tuple[Identifier, ...]:
    """The identifiers in the name of a file or a record: dates, numbers, and two words before a date or around ^."""
    hits: list[Hit] = list(dates_in_name(name))
    for kind, pattern in (("record", _CODE_IN_NAME), ("name", _NAME_IN_NAME)):
        for match in pattern.finditer(name):
            group = match.lastindex or 0
            hits.append((kind, *match.span(group)))
    hits += [(found.kind, found.start, found.stop) for found in find_identifiers(name)]
    return _apart(hits, name)


def is_keyed_hash(value: str) -> bool:
    """Whether a patient's id is a keyed hash in hexadecimal digits, as preparing a folder writes it."""
    return _HASH.fullmatch(value) is not None


def masked(text: str) -> str:
    """An identifier that can be shown: each word with its middle taken out, so that three stars tell no length."""
    return " ".join(_masked_word(word) for word in text.split())


def _masked_word(word: str) -> str:
    if len(word) < 3:
        return "*"
    return f"{word[0]}***{word[-1]}" if len(word) > 4 else f"{word[0]}***"


def _is_what_it_is_called(kind: str, value: str) -> bool:
    """Whether a value can be of the kind that its name says."""
    if kind == "name":
        return _PARTS_OF_NAME.search(value) is not None and not is_keyed_hash(value)
    if kind == "date":
        return is_date_value(value)
    if kind == "age":
        years = re.fullmatch(r"0*(\d{2,3}(?:\.\d+)?)Y?", value)
        return years is not None and OLDEST_TOLD < float(years[1]) <= OLDEST
    return _DIGIT.search(value) is not None and not is_keyed_hash(value)


def _apart(hits: Iterable[Hit], text: str) -> tuple[Identifier, ...]:
    """The hits that overlap none before them, by their place in the text."""
    taken: list[Hit] = []
    covered = bytearray(len(text) + 1)
    for kind, start, stop in hits:
        if stop > start and not any(covered[start:stop]):
            taken.append((kind, start, stop))
            covered[start:stop] = b"\1" * (stop - start)
    return tuple(Identifier(kind, start, stop, text[start:stop]) for kind, start, stop in sorted(taken, key=_place))


def _place(hit: Hit) -> int:
    return hit[1]
