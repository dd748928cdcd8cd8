"""One door for recordings on disk: read a file by its suffix, find the records of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal import arrays
from ecg_text.signal.wfdb_files import header_path, read_wfdb


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
    """The files with these suffixes in a folder and the folders in it, sorted; hidden files are left out.

    A signal file beside a WFDB header of the same name is part of that record, and not listed again.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SignalError(f"{folder}: there is no such folder; give one that holds recordings")
    wanted = frozenset(suffixes)
    found: list[Path] = []
    for inside, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(inside, name) for name in names if not name.startswith(".") and Path(name).suffix in wanted]
    return sorted(path for path in found if path.suffix == ".hea" or not path.with_suffix(".hea").exists())
