"""What may happen to the elements of an XML file."""

from __future__ import annotations

import re

import numpy as np

_TEXT = re.compile(rb">([^<>]{1,200000})<")
_ATTRIBUTE = re.compile(rb'="([^"]*)"')
_OPEN = re.compile(rb"<([A-Za-z_][\w:.-]*)[^<>]*?>")
_VALUES = (
    b"", b"0", b"-1", b"nan", b"inf", b"1e9", b"1e400", b"2147483648", b"9223372036854775808", b"999999999999",
    b"1,2,3",
    b"AAAA", b"=", b"not a number", b"1 2 3 4", b"\xff", b"&undefined;", b"9" * 5000, b"-500", b"0.0000001",
)  # fmt: skip


def element_text(data: bytes, chance: np.random.Generator) -> bytes:
    """The text of one element replaced."""
    return _replaced(data, chance, list(_TEXT.finditer(data)))


def attribute(data: bytes, chance: np.random.Generator) -> bytes:
    """The value of one attribute replaced."""
    return _replaced(data, chance, list(_ATTRIBUTE.finditer(data)))


def no_element(data: bytes, chance: np.random.Generator) -> bytes:
    """One element left out with all that is in it."""
    span = _element(data, chance)
    return data if span is None else data[: span[0]] + data[span[1] :]


def many_elements(data: bytes, chance: np.random.Generator) -> bytes:
    """One element written up to a hundred times."""
    span = _element(data, chance)
    if span is None:
        return data
    start, stop = span
    times = int(chance.choice([2, 2, 13, 100])) if stop - start < 20_000 else 2
    return data[:start] + data[start:stop] * times + data[stop:]


def nested(data: bytes, chance: np.random.Generator) -> bytes:
    """One element put into itself, some times or a thousand."""
    found = list(_OPEN.finditer(data))
    if not found:
        return data
    match = found[int(chance.integers(len(found)))]
    times = int(chance.choice([1, 10, 1000]))
    end = b"</" + match[1] + b">"
    return data[: match.end()] + match[0] * times + end * times + data[match.end() :]


def _replaced(data: bytes, chance: np.random.Generator, found: list[re.Match[bytes]]) -> bytes:
    if not found:
        return data
    match = found[int(chance.integers(len(found)))]
    return data[: match.start(1)] + _VALUES[int(chance.integers(len(_VALUES)))] + data[match.end(1) :]


def _element(data: bytes, chance: np.random.Generator) -> tuple[int, int] | None:
    found = list(_OPEN.finditer(data))
    if not found:
        return None
    match = found[int(chance.integers(len(found)))]
    end = data.find(b"</" + match[1] + b">", match.end())
    return match.start(), end + len(match[1]) + 3 if end >= 0 else match.end()


XML = (element_text, attribute, no_element, many_elements, nested)
