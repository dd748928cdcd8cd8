"""Every recording of a file, a folder or an archive, one after the other, in constant memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from ecg_text.errors import EcgTextError, SignalError
from ecg_text.signal.formats.archive import is_archive, members
from ecg_text.signal.formats.facts import NOTHING_MORE, Keep
from ecg_text.signal.formats.guard import plain
from ecg_text.signal.formats.paths import at_home, cannot_be_read, is_file, is_folder
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.formats.spool import EDAN_HEADER, EDAN_SIGNALS, Spool
from ecg_text.signal.formats.table import HEAD_BYTES, find_reader, open_with
from ecg_text.signal.formats.wfdb_files import WFDB
from ecg_text.signal.formats.wfdb_header import segments_of

# What lies beside recordings and is plainly none; a table of numbers (.csv) is looked into.
_NO_RECORDINGS = frozenset((
    ".txt", ".md", ".rst", ".html", ".htm", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".tex", ".doc", ".docx",
    ".xls", ".xlsx", ".py", ".m", ".ipynb", ".sh", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".log", ".sha256", ".md5",
    ".atr", ".qrs", ".ann", ".ari", ".pu", ".pwave", ".stb", ".sta", ".xyz", ".breath", ".key",
))  # fmt: skip
_TABLES = frozenset((".csv", ".tsv", ".json", ".xml", ""))  # recordings by their content, or tables about them
_NO_RECORDING_NAMES = frozenset(("records", "annotators", "sha256sums.txt", "license", "readme", "index", "makefile"))


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """A recording, and the name of its file within what is walked; or why a file is refused, in one line."""

    name: str
    recording: Recording | None = None
    refused: str = ""


def walk(
    path: str | Path,
    *,
    rate_hz: float | None = None,
    unit: str | None = None,
    leads: Iterable[str] | None = None,
    keep: Iterable[str] = (),
    key: bytes | None = None,
    among_others: bool = False,
) -> Generator[Found]:
    """Every recording of a file, a folder, a .zip or a .tar (.gz, .bz2, .xz), in order, and every file refused.

    A recording is readable only while it is the current one: what an archive holds is unpacked to a private folder
    that is removed when the next one is asked for, or the iterator is closed. What is plainly no recording (texts,
    annotations, hidden files) is passed over. What is stated is meant for the files that do not say it themselves; a
    file of its own, not among_others, is refused where it says it, too.
    Archives in archives are not opened. Raises SignalError where there is no such path; nothing else.
    """
    path = at_home(path)
    names = None if leads is None else tuple(leads)
    stated = Stated(rate_hz=rate_hz, unit=unit, leads=names, among_others=among_others)
    kept = Keep(names=frozenset(keep), key=key)
    if WFDB.recognises(path, b""):
        return _recordings(path, path.name, stated, kept)
    if is_folder(path):
        return (found for file in files_of(path) for found in walk_file_of(path, file, stated, kept))
    if not is_file(path):
        raise SignalError(plain(f"{path}: there is no such file or folder; check the path"))
    if is_archive(path, _head(path) or b""):
        return _archive(path, stated, kept)
    return _recordings(path, path.name, stated, kept)


def files_of(folder: Path) -> Generator[Path]:
    """The files below a folder that may be recordings, sorted; what is part of a record, as its header says, is not."""
    for inside, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        kept = [name for name in sorted(names) if not is_passed_over(name)]
        headers = [name for name in kept if name.lower().endswith(".hea")]
        described = {Path(name).stem for name in headers}
        signals = [name for name in kept if Path(name).stem in described and Path(name).suffix.lower() != ".hea"]
        with_signals = {Path(name).stem for name in signals}
        # A header without a signal file of its name may be one of segments, which are no records of their own.
        alone = [name for name in headers if Path(name).stem not in with_signals]
        parts = set(signals).union(*(segments_of(Path(inside, name)) for name in alone))
        parts.update([EDAN_SIGNALS] if EDAN_HEADER in headers else [])
        yield from (Path(inside, name) for name in kept if name not in parts)


def walk_file_of(folder: Path, path: Path, stated: Stated, keep: Keep) -> Generator[Found]:
    """The recordings of one of files_of(folder), under its name in the folder."""
    told = path.relative_to(folder).as_posix()
    if not path.is_file():
        yield Found(name=plain(told), refused=plain(f"{path}: it is no ordinary file; leave it out"))
        return
    head = _head(path)
    if head is not None and is_archive(path, head):
        is_npz = path.suffix.lower() == ".npz"
        advice = "save the array as .npy" if is_npz else "give it by its own name"
        what = "a .npz file" if is_npz else "an archive"
        yield Found(name=plain(told), refused=plain(f"{path}: {what} in a folder is not opened; {advice}"))
    else:
        yield from _recordings(path, told, stated, keep, among_others=True, head=head)


def may_be_recording(path: Path) -> bool:
    """Whether a file among others is of a format that is read, or is not plainly something else."""
    try:
        return find_reader(path) is not None or path.suffix.lower() not in _TABLES
    except OSError:
        return True


def recording_of(folder: Path, path: Path, stated: Stated) -> Recording:
    """The one recording in one of files_of(folder). Raises SignalError where it is refused, or where there are many."""
    found = list(islice(walk_file_of(folder, path, stated, NOTHING_MORE), 2))
    if not found or found[0].recording is None:
        raise SignalError(found[0].refused if found else f"{path}: it holds no recording; leave it out")
    if len(found) > 1:
        raise SignalError(f"{path}: it holds many recordings; make a file of each: ecg-text convert --to wfdb")
    return found[0].recording


def _archive(path: Path, stated: Stated, keep: Keep) -> Generator[Found]:
    """Every recording of an archive; a WFDB header and its signals may lie apart in it."""
    with tempfile.TemporaryDirectory(prefix="ecg-text-") as folder:
        spool = Spool(Path(folder))
        try:
            for member in members(path):
                name = PurePosixPath(member.name)
                if "__MACOSX" in name.parts or (is_passed_over(name.name) and not spool.wants(member.name)):
                    continue
                if member.refused:
                    yield Found(
                        name=member.name, refused=plain(f"{path}: {member.name}: {member.refused}; it is left out")
                    )
                    continue
                try:
                    yield from _spooled(spool, spool.take(member), stated, keep)
                except EcgTextError as error:
                    yield Found(name=member.name, refused=plain(str(error)))
            yield from _spooled(spool, spool.rest(), stated, keep)
            yield from (Found(name=name, refused=plain(reason)) for name, reason in spool.refused)
        except EcgTextError as error:
            yield Found(name=plain(path.name), refused=plain(str(error)))


def _spooled(spool: Spool, ready: Iterable[tuple[Path, str]], stated: Stated, keep: Keep) -> Generator[Found]:
    """The recordings of unpacked files, which are removed one by one."""
    for path, name in ready:
        head = _head(path)
        if head is not None and is_archive(path, head):
            yield Found(name=name, refused=f"{name}: an archive in an archive is not opened; unpack it yourself")
        else:
            for found in _recordings(path, name, stated, keep, among_others=True, head=head):
                refused = found.refused.replace(f"{path.parent}{os.sep}", f"{PurePosixPath(name).parent}/")
                yield Found(name=name, recording=found.recording, refused=refused.removeprefix("./"))
        spool.remove(path)


def _recordings(
    path: Path, name: str, stated: Stated, keep: Keep, *, among_others: bool = False, head: bytes | None = None
) -> Generator[Found]:
    """The recordings of one file, or why it is refused; among others, a text that is no table is passed over."""
    name = plain(name)
    try:
        reader = find_reader(path, head)
        if reader is None and not (among_others and path.suffix.lower() in _TABLES):
            raise SignalError(f"{path}: its content is of no format that is read; leave it out, or convert it")
        if reader is not None:
            stated = replace(stated, among_others=True) if among_others else stated
            for recording in open_with(reader, path, stated, keep):
                yield Found(name=name, recording=recording)
    except EcgTextError as error:
        yield Found(name=name, refused=plain(str(error)))
    except OSError as error:
        yield Found(name=name, refused=plain(cannot_be_read(path, error)))


def is_passed_over(name: str) -> bool:
    """Whether a file is hidden, or plainly no recording by its name."""
    lower = name.lower()
    return lower.startswith(".") or PurePosixPath(lower).suffix in _NO_RECORDINGS or lower in _NO_RECORDING_NAMES


def _head(path: Path) -> bytes | None:
    """The first bytes of a file; None where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return None
