"""One door for recordings on disk: read one, open one, open all of a file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.guard import in_one_line
from ecg_text.signal.formats.paths import at_home, cannot_be_read, is_anything, is_file, is_folder
from ecg_text.signal.formats.recording import Reader, Recording, Stated
from ecg_text.signal.formats.table import READERS, find_reader, open_with
from ecg_text.signal.formats.wfdb_files import WFDB, header_path


def read(
    path: str | Path,
    *,
    rate_hz: float | None = None,
    unit: str | None = None,
    leads: Iterable[str] | None = None,
    record_id: str | None = None,
    start_s: float | None = None,
    duration_s: float | None = None,
    keep: Iterable[str] = (),
    key: bytes | None = None,
) -> Record:
    """The record in a file of any known format, whole or from start_s on for duration_s seconds.

    The content decides which format it is; a WFDB record is given by its .hea, .dat, .mat or bare name. rate_hz, unit
    and leads are stated where the format does not say them (arrays). In a file of many, record_id names the one.
    keep names what is kept beyond the whitelist of privacy (report; patient_id, as a hash with key). Raises
    SignalError or LeadError, in one line.
    """
    recording = open_recording(path, rate_hz=rate_hz, unit=unit, leads=leads, record_id=record_id, keep=keep, key=key)
    if start_s is None and duration_s is None:
        return recording.record()
    start = 0.0 if start_s is None else start_s
    duration = recording.duration_s if duration_s is None else duration_s
    if not (math.isfinite(start) and start >= 0 and math.isfinite(duration) and duration > 0):
        raise SignalError(
            f"{recording.record_id}: a window from {start:g} s for {duration:g} s; give a start from 0 on and a length"
        )
    return recording.window(start, duration)


def open_recording(
    path: str | Path,
    *,
    rate_hz: float | None = None,
    unit: str | None = None,
    leads: Iterable[str] | None = None,
    record_id: str | None = None,
    keep: Iterable[str] = (),
    key: bytes | None = None,
    among_others: bool = False,
) -> Recording:
    """The one recording in a file, or the one of that record id, its samples not yet read; the arguments of read.

    Of a file among_others, what is stated counts only as far as the file does not say it.
    """
    recordings = open_recordings(
        path, rate_hz=rate_hz, unit=unit, leads=leads, keep=keep, key=key, among_others=among_others
    )
    with in_one_line():
        return _the_one(Path(path), recordings, record_id)


def open_recordings(
    path: str | Path,
    *,
    rate_hz: float | None = None,
    unit: str | None = None,
    leads: Iterable[str] | None = None,
    keep: Iterable[str] = (),
    key: bytes | None = None,
    among_others: bool = False,
) -> Iterator[Recording]:
    """The recordings of a file, one after the other, open but not read: each is readable while it is the current one.

    The arguments are those of open_recording. Raises SignalError where there is no such file, or none of known format.
    """
    names = None if leads is None else tuple(leads)
    stated = Stated(rate_hz=rate_hz, unit=unit, leads=names, among_others=among_others)
    path = at_home(path)
    with in_one_line():
        return open_with(_reader(path), path, stated, Keep(names=frozenset(keep), key=key))


def _reader(path: Path) -> Reader:
    """The reader of a file, found by its content. Raises SignalError where there is none."""
    if WFDB.recognises(path, b""):  # first, and without a look at its samples: most records of archives are WFDB
        return WFDB
    if is_folder(path):
        raise SignalError(f"{path} is a folder; give a file in it")
    missing_header = f"{header_path(path)}: there is no such header; a WFDB record needs its .hea file"
    if not is_file(path):
        if is_anything(path):
            raise SignalError(f"{path}: it is no ordinary file; give a file with a recording")
        if path.suffix.lower() in (".hea", ".dat"):
            raise SignalError(missing_header)
        raise SignalError(f"{path}: there is no such file or folder; check the path")
    try:
        reader = find_reader(path)
    except OSError as error:
        raise SignalError(cannot_be_read(path, error)) from error
    if reader is None and path.suffix.lower() == ".dat":
        raise SignalError(missing_header)
    if reader is None and path.suffix.lower() == ".npz":
        raise SignalError(f"{path}: a .npz file may hold many arrays; save the one of the ECG as .npy")
    if reader is None:
        known = ", ".join(known.name for known in READERS)
        raise SignalError(f"{path}: its content is of no format that is read; give one of {known}")
    return reader


def _the_one(path: Path, recordings: Iterator[Recording], record_id: str | None) -> Recording:
    """The recording of that id, or the only one, still readable. Raises SignalError where there is no such one."""
    seen: list[str] = []
    only: Recording | None = None
    for recording in recordings:
        if record_id is not None and recording.record_id == record_id:
            return recording
        seen.append(recording.record_id)
        if record_id is None and only is not None:
            raise SignalError(
                f"{path}: it holds {', '.join(seen[:2])} and maybe more; name one by its record id (--record-id)"
            )
        only = recording
    if only is None:
        raise SignalError(f"{path}: it holds no recording; give a file with an ECG")
    if record_id is not None:
        some = ", ".join(seen[:3]) + (", ..." if len(seen) > 3 else "")
        raise SignalError(f"{path}: it holds no record {record_id!r}; it has {some}")
    return only
