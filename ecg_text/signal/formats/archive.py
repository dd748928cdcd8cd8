"""Archives as streams of members: zip, and tar packed or not; nothing in them is trusted, and little of it unpacked."""

from __future__ import annotations

import os
import re
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ecg_text.errors import SignalError
from ecg_text.signal.formats.guard import refusing

# What is unpacked in all may be this many times the archive: samples pack to a tenth at best, bombs to a thousandth.
MOST_RATIO, FREE_BYTES = 100, 2**26
MOST_MEMBER_BYTES = 2**31
_MOST_DIRECTORY_BYTES = 2**26  # of a zip, which is read whole: some 500,000 members
_MOST_TAR_HEADER_BYTES = 2**20  # of a long name or an extended header, which tarfile reads whole
_LONGEST_TOLD_NAME = 200
_ZIP_MAGIC = (b"PK\3\4", b"PK\5\6")
_ARCHIVE_MAGIC = (*_ZIP_MAGIC, b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!")
_TAR_SUFFIXES = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_CHUNK = 2**20


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file of an archive, readable while it is the current one: its name, or why it is refused."""

    name: str
    refused: str = ""
    open: Callable[[], IO[bytes] | None] = lambda: None

    def unpack(self, path: Path) -> int:
        """Writes its bytes to a new file, and returns their number. Raises SignalError where they cannot be read."""
        try:
            return self._unpack(path)
        except SignalError:
            path.unlink(missing_ok=True)
            raise

    def _unpack(self, path: Path) -> int:
        count = 0
        with refusing(path, f"{self.name} cannot be unpacked", "get a complete archive"):
            source = self.open()
            if source is None:
                raise SignalError(f"{self.name} has no bytes; get a complete archive")
            with source, path.open("xb") as target:
                while chunk := source.read(_CHUNK):
                    count += len(chunk)
                    if count > MOST_MEMBER_BYTES:
                        raise SignalError(f"{self.name} is larger than {MOST_MEMBER_BYTES} bytes; unpack it yourself")
                    target.write(chunk)
        return count


def is_archive(path: Path, head: bytes) -> bool:
    """Whether the first bytes are those of an archive or of a packed file."""
    return head.startswith(_ARCHIVE_MAGIC) or head[257:262] == b"ustar" or path.name.lower().endswith(_TAR_SUFFIXES)


def members(path: Path) -> Iterator[Member]:
    """The files of an archive in its order; folders are left out.

    Refused are links, devices, and names that lead out of the archive. Raises SignalError for an archive that is
    damaged or encrypted, or that would unpack to more than MOST_RATIO times its size.
    """
    with path.open("rb") as file:
        is_zip = file.read(4) in _ZIP_MAGIC  # a zip at the end of a tar would pass for one to zipfile
    found = _zip_members(path) if is_zip else _tar_members(path)
    unpacked, bound = 0, max(FREE_BYTES, MOST_RATIO * path.stat().st_size)
    while True:
        with refusing(path, "the archive cannot be read", "get a complete .zip or .tar archive"):
            member, size = next(found, (None, 0))
        if member is None:
            return
        unpacked += size
        if unpacked > bound:
            raise SignalError(f"{path}: it unpacks to more than {bound} bytes; unpack it yourself")
        yield member


def _zip_members(path: Path) -> Iterator[tuple[Member, int]]:
    _check_directory(path)
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if any(info.flag_bits & 1 for info in infos):
            raise SignalError(f"{path}: the archive is encrypted; unpack it yourself")
        for info in infos:
            if info.is_dir():
                continue
            kind = stat.S_IFMT(info.external_attr >> 16)
            refused = _why_refused(info.filename, is_plain=kind in (0, stat.S_IFREG))

            def opened(info: zipfile.ZipInfo = info) -> IO[bytes]:
                return archive.open(info)

            yield Member(name=_told_name(info.filename), refused=refused, open=opened), info.file_size


def _check_directory(path: Path) -> None:
    """The zip's list of members is not too long to be read at once, by the size that its last record declares."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 2**16 - 22))
        tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place >= 0 and len(tail) >= place + 16:
        (declared,) = struct.unpack_from("<I", tail, place + 12)
        if min(declared, size) > _MOST_DIRECTORY_BYTES:
            raise SignalError(f"{path}: it lists more members than can be walked; unpack it yourself")


class _CarefulTarInfo(tarfile.TarInfo):
    """A member whose extra headers are weighed before tarfile reads them into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        extra = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
                 tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)  # fmt: skip
        if self.type in extra and not 0 <= self.size <= _MOST_TAR_HEADER_BYTES:
            name = os.fsdecode(archive.name or "")
            raise SignalError(f"{name}: it has a header of {self.size} bytes; get a complete .tar archive")
        return super()._proc_member(archive)  # type: ignore[misc]


def _tar_members(path: Path) -> Iterator[tuple[Member, int]]:
    with tarfile.open(path, "r|*", tarinfo=_CarefulTarInfo) as archive:
        for info in archive:
            archive.members = []  # type: ignore[attr-defined]  # else it remembers every member
            if info.isdir():
                continue
            is_plain = info.isreg() and not info.issparse()

            def opened(info: tarfile.TarInfo = info) -> IO[bytes] | None:
                return archive.extractfile(info)

            refused = _why_refused(info.name, is_plain=is_plain)
            yield Member(name=_told_name(info.name), refused=refused, open=opened), max(0, info.size)


def _why_refused(name: str, *, is_plain: bool) -> str:
    parts = re.split(r"[/\\]", name)
    if ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", name) or "\0" in name:
        return "its name leads out of the archive"
    return "" if is_plain else "it is a link or a device, not a file"


def _told_name(name: str) -> str:
    """The name on one line, without signs that steer a terminal."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in name.replace("\\", "/").removeprefix("./"))
    return shown if len(shown) <= _LONGEST_TOLD_NAME else "..." + shown[-_LONGEST_TOLD_NAME:]
