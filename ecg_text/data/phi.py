"""Identifiers of persons in files and folders: what to look at before anything is shared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecg_text.data.phi_formats import HEAD_BYTES, READERS, format_of
from ecg_text.data.phi_passage import encoding_of
from ecg_text.errors import DataError
from ecg_text.text.identifiers import Identifier, find_in_name, masked

MOST_PLACES = 1000  # of one kind in one file; the others are counted together
ELSEWHERE = "elsewhere"


@dataclass(frozen=True, kw_only=True)
class Found:
    """An identifier in a file: where, of which kind, and its words with their middle masked; count of them there."""

    file: str
    place: str
    kind: str
    excerpt: str
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """What became of one file: the format it was read as, what was found, and why it was not read, if it was not.

    is_gap says that it may hold texts which nobody looked at: an archive, a picture, a damaged file.
    """

    file: str
    read_as: str
    found: tuple[Found, ...]
    unread: str = ""
    is_gap: bool = False


def scan(path: Path | str) -> Iterator[Found]:
    """Every identifier in a file, or in the files of a folder. Raises DataError where there is neither."""
    for scanned in scan_files(path):
        yield from scanned.found


def scan_files(path: Path | str) -> Iterator[Scanned]:
    """What became of a file, or of each file of a folder in their order; links are not followed.

    Texts are read in pieces and tables in batches: memory stays flat. Raises DataError where there is no such file.
    """
    path = Path(path)
    if path.is_dir():
        for file in _files_in(path):
            yield _scan_file(file, file.relative_to(path).as_posix())
    elif path.is_file():
        yield _scan_file(path, path.name)
    else:
        raise DataError(f"there is no file or folder {path}; give what is to be scanned")


def _files_in(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if name != ".git")
        yield from (Path(place) / name for name in sorted(files))


def _scan_file(path: Path, told_name: str) -> Scanned:
    tally = _Tally(str(path))
    for found in find_in_name(told_name):
        tally.add("file name", found)
    read_as, unread, is_gap = "", "", False
    if path.is_symlink():
        unread = "a link; scan what it points to"
        is_gap = not path.resolve().is_file()
    else:
        try:
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
            read_as, unread, is_gap = format_of(path, head)
            if read_as:
                for passage in READERS[read_as](path, encoding_of(head) if b"\0" not in head[:2] else "utf-8"):
                    for place, found in passage.identifiers():
                        tally.add(place, found)
        except Exception as error:  # noqa: BLE001 - a damaged file raises anything, and its message may quote a name
            read_as, unread, is_gap = "", f"cannot be read to its end ({type(error).__name__})", True
    return Scanned(file=str(path), read_as=read_as, found=tally.found(), unread=unread, is_gap=is_gap)


class _Tally:
    """Gathers what is found in one file, in memory that does not grow with the file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.counts: dict[tuple[str, str, str], int] = {}
        self.places: dict[str, int] = {}

    def add(self, place: str, found: Identifier) -> None:
        """One more identifier; beyond MOST_PLACES of its kind it is only counted."""
        entry = (place, found.kind, masked(found.text))
        if entry not in self.counts and self.places.get(found.kind, 0) >= MOST_PLACES:
            entry = (ELSEWHERE, found.kind, "...")
        elif entry not in self.counts:
            self.places[found.kind] = self.places.get(found.kind, 0) + 1
        self.counts[entry] = self.counts.get(entry, 0) + 1

    def found(self) -> tuple[Found, ...]:
        """What was gathered, in the order of the file."""
        return tuple(
            Found(file=self.file, place=place, kind=kind, excerpt=excerpt, count=count)
            for (place, kind, excerpt), count in self.counts.items()
        )
