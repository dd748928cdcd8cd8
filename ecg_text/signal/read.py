"""One door for recordings on disk: read a file by its suffix, find the records of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats import arrays
from ecg_text.signal.formats.wfdb_files import header_path, read_wfdb


def read(
    path: str | Path,
    *,
    rate_hz: float | None = None,
    unit: str | None = None,
    leads: Iterable[str] | None = None,
) -> Record:
    """The record in a file: WFDB by its .hea, .dat, .mat or bare name; .npy, .csv or a .mat that has no header.

    A WFDB header says its rate, unit and leads; for an array the caller must. Raises SignalError or LeadError.
    """
    path = Path(path)
    if path.is_dir() and not (path.name and header_path(path).is_file()):
        raise SignalError(f"{path} is a folder; give a file in it")
    if header_path(path).is_file() or path.suffix.lower() in ("", ".hea", ".dat"):
        stated = [name for name, value in (("rate_hz", rate_hz), ("unit", unit), ("leads", leads)) if value is not None]
        if stated:
            raise SignalError(f"{path}: a WFDB header says its own {', '.join(stated)}; leave that out")
        return read_wfdb(path)
    if not path.exists():
        raise SignalError(f"{path}: there is no such file; check the path")
    if path.suffix.lower() not in arrays.SUFFIXES:
        raise SignalError(f"{path}: a {path.suffix} file is not read; give WFDB (.hea), .npy, .csv or .mat")
    return arrays.read_array(path, rate_hz=rate_hz, unit=unit, leads=leads)


def find_records(folder: str | Path, suffixes: Iterable[str] = (".hea",)) -> list[Path]:
    """The files with these suffixes, in small or capital letters, in a folder and the folders in it, sorted.

    Hidden files are left out. A signal file beside a WFDB header of the same name is part of that record, and not
    listed again.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SignalError(f"{folder}: there is no such folder; give one that holds recordings")
    wanted = frozenset(suffix.lower() for suffix in suffixes)
    found: list[Path] = []
    for inside, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [Path(inside, name) for name in names]
        described = {path.stem for path in paths if path.suffix.lower() == ".hea"}
        found += [
            path
            for path in paths
            if not path.name.startswith(".")
            and (suffix := path.suffix.lower()) in wanted
            and (suffix == ".hea" or path.stem not in described)
        ]
    return sorted(found)
