"""The few members of an archive that are unpacked at a time: a WFDB header waits for its signals, and they for it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ecg_text.errors import SignalError
from ecg_text.signal.formats.archive import Member
from ecg_text.signal.formats.wfdb_files import SUFFIXES
from ecg_text.signal.formats.wfdb_header import files_in_folder, read_header_lines

MOST_WAITING_BYTES = 2**31
_SAFE_NAME = re.compile(r"[\w+=@~,;()][\w .+=@~,;()-]{0,120}")


@dataclass
class _Waiting:
    """What has come of one folder of the archive: its files by name, and the headers with the names they want."""

    place: Path
    files: dict[str, Path] = field(default_factory=dict)
    headers: dict[str, frozenset[str]] = field(default_factory=dict)


class Spool:
    """A private folder in which members wait for those that they belong to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting: dict[str, _Waiting] = {}
        self._count = 0
        self._bytes = 0

    def take(self, member: Member) -> Iterator[tuple[Path, str]]:
        """Unpacks a member, and gives the files (path, name in the archive) that are complete with it.

        Raises SignalError where the member cannot be unpacked, or too many bytes wait for their headers.
        """
        name = PurePosixPath(member.name)
        folder, file = str(name.parent), name.name
        waiting = self._waiting.get(folder)
        is_signal = Path(file).suffix.lower() in SUFFIXES[1:]
        if Path(file).suffix.lower() != ".hea" and not is_signal and not self.wants(name):
            yield self._unpack(member, self._new_place(), file), member.name
            return
        if waiting is None:
            waiting = self._waiting[folder] = _Waiting(self._new_place())
        if file in waiting.files:
            raise SignalError(f"{member.name}: the archive holds it twice; unpack it yourself")
        path = self._unpack(member, waiting.place, file)
        size = path.stat().st_size
        if self._bytes + size > MOST_WAITING_BYTES:
            path.unlink()
            raise SignalError(f"{member.name}: header and signals lie too far apart; unpack it yourself")
        waiting.files[file], self._bytes = path, self._bytes + size
        if Path(file).suffix.lower() == ".hea":
            waiting.headers[file] = self._wanted(path)
        yield from self._complete(folder, waiting)

    def wants(self, name: PurePosixPath) -> bool:
        """Whether a header that has come names this file."""
        waiting = self._waiting.get(str(name.parent))
        return waiting is not None and any(name.name.lower() in wanted for wanted in waiting.headers.values())

    def rest(self) -> Iterator[tuple[Path, str]]:
        """At the archive's end: headers whose signals never came, and signals without a header."""
        for folder, waiting in list(self._waiting.items()):
            for header in list(waiting.headers):
                yield from self._release(folder, waiting, header)
            for file, path in list(waiting.files.items()):
                yield path, str(PurePosixPath(folder, file))

    def remove(self, path: Path) -> None:
        """Removes a file that was given out, with those of its record and the folder made for it."""
        shutil.rmtree(path.parent, ignore_errors=True)

    def _complete(self, folder: str, waiting: _Waiting) -> Iterator[tuple[Path, str]]:
        present = {file.lower() for file in waiting.files}
        for header in [header for header, wanted in waiting.headers.items() if wanted <= present]:
            yield from self._release(folder, waiting, header)
        if not waiting.files:
            shutil.rmtree(waiting.place, ignore_errors=True)
            self._waiting.pop(folder, None)

    def _release(self, folder: str, waiting: _Waiting, header: str) -> Iterator[tuple[Path, str]]:
        """A header, moved to a folder of its own with the signals that it names."""
        place = self._new_place()
        wanted = waiting.headers.pop(header)
        for file in [file for file in waiting.files if file == header or file.lower() in wanted]:
            path = waiting.files.pop(file)
            self._bytes -= path.stat().st_size
            path.rename(place / path.name)
        yield place / header, str(PurePosixPath(folder, header))

    def _wanted(self, header: Path) -> frozenset[str]:
        """The files that a header names; none where it is damaged, which its reader will tell."""
        try:
            files, segments = files_in_folder(header, read_header_lines(header)[0])
        except SignalError:
            return frozenset()
        return frozenset(file.lower() for file in files) if not segments else frozenset()

    def _unpack(self, member: Member, place: Path, file: str) -> Path:
        path = place / (file if _SAFE_NAME.fullmatch(file) else f"member{Path(file).suffix[:8]}")
        member.unpack(path)
        return path

    def _new_place(self) -> Path:
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        return place
