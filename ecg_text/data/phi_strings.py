"""The texts between the samples of a binary file: runs of printable letters of one, two or four bytes each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ecg_text.data.phi_passage import Passage

_BLOCK = 1 << 20  # bytes
_OVERLAP = 1 << 12
_WIDE = rb"[\x20-\x7e\xc0-\xd6\xd8-\xf6\xf8-\xff]"
_PRINTABLE = re.compile(
    rb"(?P<narrow>(?:[\x20-\x7e]|\xc3[\x80-\xbf]){6,})|(?P<wide>(?:" + _WIDE + rb"\x00){6,})"
    rb"|(?P<widest>(?:" + _WIDE + rb"\x00{3}){6,})"
)
_WRITTEN = re.compile(r"[^\W_]|[ ,.:^]")
_SHARE_WRITTEN = 0.9  # of a run's signs: samples that happen to be printable have more odd ones


def string_passages(path: Path, encoding: str, *, first_byte: int = 0) -> Iterator[Passage]:
    """Every run of six or more printable letters in a binary file, in constant memory."""
    with path.open("rb") as file:
        file.seek(first_byte)
        block, base = b"", first_byte
        while True:
            fresh = file.read(_BLOCK)
            block += fresh
            stop = len(block) - _OVERLAP if fresh else len(block)
            for place, text in runs(block, encoding):
                if place < stop:
                    yield Passage(text=text, place=f"byte {base + place}")
            if not fresh:
                return
            cut = max(stop, 0)
            block, base = block[cut:], base + cut


def runs(data: bytes, encoding: str) -> Iterator[tuple[int, str]]:
    """Where each run of letters begins, and its text.

    Many formats write a string's length before it, which may be a letter by chance: it would hide the first word.
    """
    for match in _PRINTABLE.finditer(data):
        width = {"narrow": "utf-8" if encoding == "utf-8-sig" else encoding, "wide": "utf-16-le"}
        run = match[0].decode(width.get(str(match.lastgroup), "utf-32-le"), "replace")
        if ord(run[0]) == len(run) - 1:
            run = " " + run[1:]
        if len(_WRITTEN.findall(run)) >= _SHARE_WRITTEN * len(run):
            yield match.start(), run
