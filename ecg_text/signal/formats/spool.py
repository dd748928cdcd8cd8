"""The few members of an archive that are unpacked at a time: a WFDB header waits for its signals, and they for it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ecg_text.errors import SignalError
from ecg_text.signal.formats.archive import Member
from ecg_text.signal.formats.wfdb_files import SUFFIXES, recognises_wfdb
from ecg_text.signal.formats.wfdb_header import files_in_folder, read_header_lines

MOST_WAITING_BYTES = 2**31
# An EDAN recording lies in two files of these names; its header is no WFDB header.
EDAN_HEADER, EDAN_SIGNALS = "patient.hea", "ecgraw.dat"
_SAFE_NAME = re.compile(r"[\w+=@~,;()][\w .+=@~,;()-]{0,120}")


@dataclass
class _Waiting:
    """What has come of one folder of the archive, by names in small letters.

    files: where each lies, headers: the names that each one wants, missing: those of them that have not come, wanted:
    the headers that want a name, segmented: the headers of records in segments.
    """

    place: Path
    files: dict[str, Path] = field(default_factory=dict)
    headers: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, set[str]] = field(default_factory=dict)
    wanted: dict[str, set[str]] = field(default_factory=dict)
    segmented: set[str] = field(default_factory=set)

    def want(self, header: str, names: list[str]) -> None:
        """Notes that a header wants names, beside those that it wants already."""
        self.headers.setdefault(header, []).extend(names)
        self.missing.setdefault(header, set()).update(name for name in names if name not in self.files)
        for name in names:
            self.wanted.setdefault(name, set()).add(header)

    def forget(self, header: str) -> list[str]:
        """The names that a header wanted, which it wants no more."""
        names = self.headers.pop(header)
        del self.missing[header]
        for name in names:
            headers = self.wanted.get(name, set())
            headers.discard(header)
            if not headers:
                self.wanted.pop(name, None)
        return names


class Spool:
    """A private folder in which members wait for those that they belong to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused: list[tuple[str, str]] = []
        self._alone = folder / "alone"
        self._alone.mkdir()
        self._waiting: dict[str, _Waiting] = {}
        self._count = 0
        self._bytes = 0

    def take(self, member: Member) -> Iterator[tuple[Path, str]]:
        """Unpacks a member, and gives the files (path, name in the archive) that are complete with it.

        Raises SignalError where the member cannot be unpacked, or too many bytes wait for their headers.
        """
        folder, _, file = member.name.rpartition("/")
        lower = file.lower()
        if not lower.endswith(SUFFIXES) and not self.wants(member.name):
            yield self._unpack(member, self._alone, file), member.name
            return
        waiting = self._waiting.get(folder)
        if waiting is None:
            waiting = self._waiting[folder] = _Waiting(self._new_place())
        if lower in waiting.files:
            raise SignalError(f"{member.name}: the archive holds it twice; unpack it yourself")
        path = self._unpack(member, waiting.place, file)
        size = path.stat().st_size
        if self._bytes + size > MOST_WAITING_BYTES:
            path.unlink()
            raise SignalError(f"{member.name}: header and signals lie too far apart; unpack it yourself")
        waiting.files[lower], self._bytes = path, self._bytes + size
        yield from self._complete(folder, waiting, lower)
        if not waiting.files:
            self.remove(waiting.place / file)
            self._waiting.pop(folder, None)

    def wants(self, name: str) -> bool:
        """Whether a header that has come names this file of the archive."""
        folder, _, file = name.rpartition("/")
        waiting = self._waiting.get(folder)
        return waiting is not None and file.lower() in waiting.wanted

    def rest(self) -> Iterator[tuple[Path, str]]:
        """At the archive's end: headers whose signals never came, and signals without a header.

        Records whose segments came before their own header, or never, are told in refused.
        """
        for folder, waiting in list(self._waiting.items()):
            for header in sorted(waiting.segmented & waiting.headers.keys()):
                reason = "its segments do not all come after it in the archive; unpack it and read the folder"
                name = _joined(folder, waiting.files[header].name)
                self.refused.append((name, f"{name}: {reason}"))
                for file in [header, *waiting.forget(header)]:
                    waiting.files.pop(file, None)
            for header in [header for header in waiting.headers if header in waiting.files]:
                path = self._release(waiting, header)
                yield path, _joined(folder, path.name)
            for path in list(waiting.files.values()):
                yield path.rename(self._alone / path.name), _joined(folder, path.name)

    def remove(self, path: Path) -> None:
        """Removes a file that was given out, with those of its record and the folder made for it."""
        if path.parent == self._alone:
            path.unlink(missing_ok=True)
        else:
            shutil.rmtree(path.parent, ignore_errors=True)

    def _complete(self, folder: str, waiting: _Waiting, file: str) -> Iterator[tuple[Path, str]]:
        """What is complete with a file that came: headers that waited for it, and itself where it is a header."""
        owners = sorted(waiting.wanted.get(file, ()))
        for owner in owners:
            waiting.missing[owner].discard(file)
        if file.endswith(".hea"):
            names, in_segments = self._wanted(waiting.files[file])
            for header in owners or [file]:
                waiting.want(header, names)
            if in_segments and not owners:
                waiting.segmented.add(file)
            owners = owners or [file]
        for header in owners:
            if not waiting.missing[header]:
                path = self._release(waiting, header)
                yield path, _joined(folder, path.name)

    def _release(self, waiting: _Waiting, header: str) -> Path:
        """A header, moved to a folder of its own with what it wants; what others want too is linked to."""
        place = self._new_place()
        found = waiting.files.pop(header)
        self._bytes -= found.stat().st_size
        found.rename(place / found.name)
        for name in waiting.forget(header):
            path = waiting.files.get(name)
            if path is not None and name in waiting.wanted:
                os.link(path, place / path.name)
            elif path is not None:
                self._bytes -= path.stat().st_size
                waiting.files.pop(name).rename(place / path.name)
        return place / found.name

    def _wanted(self, header: Path) -> tuple[list[str], bool]:
        """The files that a header names, and whether they are segments; none where its reader will call it damaged."""
        if not recognises_wfdb(header, b""):
            return [EDAN_SIGNALS] if header.name.lower() == EDAN_HEADER else [], False
        try:
            files, segments = files_in_folder(header, read_header_lines(header)[0])
        except SignalError:
            return [], False
        return [name.lower() for name in files] + [f"{name}.hea".lower() for name in segments], bool(segments)

    def _unpack(self, member: Member, place: Path, file: str) -> Path:
        path = place / (file if _SAFE_NAME.fullmatch(file) else f"member{Path(file).suffix[:8]}")
        member.unpack(path)
        return path

    def _new_place(self) -> Path:
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        return place


def _joined(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file
