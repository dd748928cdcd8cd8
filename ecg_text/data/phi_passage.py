"""A passage: a stretch of a file's text as the scan for identifiers is given it, with its place and its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecg_text.text.identifiers import Identifier, find_identifiers, find_in_field, find_in_name

NAME_KEYS = frozenset(("record_id", "path", "file", "filename", "file_name", "filename_lr", "filename_hr", "ids"))
PIECE = 1 << 18  # characters read at a time
_BEFORE, BEHIND = 256, 1024  # characters on either side of a piece, so that no find is cut


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Text with the name of its field, if it has one. Only what begins in [start, stop) counts: the rest is context.

    place says where it stands; where it is empty, the line does, counted from first_line.
    """

    text: str
    place: str = ""
    key: str = ""
    first_line: int = 1
    start: int = 0
    stop: int | None = None

    def identifiers(self) -> Iterator[tuple[str, Identifier]]:
        """The place and the words of each identifier."""
        if self.key.casefold() in NAME_KEYS:
            found = find_in_name(self.text)
        else:
            found = find_in_field(self.key, self.text) if self.key else find_identifiers(self.text)
        for identifier in found:
            if self.start <= identifier.start < (len(self.text) if self.stop is None else self.stop):
                line = self.first_line + self.text.count("\n", 0, identifier.start)
                yield self.place or f"line {line}", identifier


def encoding_of(head: bytes) -> str:
    """The encoding of a text by its first bytes: UTF-16 with its mark, UTF-8, else Latin-1, which reads anything."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # not just a letter that the end of the head cut in two
            return "latin-1"
    return "utf-8-sig"


def text_pieces(path: Path, encoding: str, *, behind: int = BEHIND) -> Iterator[Passage]:
    """A text file in pieces that overlap, so that a file of any length is read in constant memory.

    behind is the context behind each piece, in characters.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        text, start, line = "", 0, 1
        while True:
            fresh = file.read(PIECE)
            text += fresh
            stop = len(text) - behind if fresh else len(text)
            if stop > start or not fresh:
                yield Passage(text=text, first_line=line, start=start, stop=max(stop, start))
                cut = max(stop - _BEFORE, 0)
                line += text.count("\n", 0, cut)
                text, start = text[cut:], max(stop, start) - cut
            if not fresh:
                return
