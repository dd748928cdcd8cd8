"""The formats that are read, in the order in which a file is held against them: its content decides, not its name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from ecg_text.errors import EcgTextError, SignalError
from ecg_text.signal.formats.arrays import MAT, NPY
from ecg_text.signal.formats.csv_text import CSV
from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.guard import in_one_line
from ecg_text.signal.formats.hdf5 import HDF5
from ecg_text.signal.formats.parquet import PARQUET
from ecg_text.signal.formats.recording import Reader, Recording, Stated
from ecg_text.signal.formats.vendor import VENDOR_READERS
from ecg_text.signal.formats.wfdb_files import WFDB

READERS: tuple[Reader, ...] = (
    WFDB,
    NPY,
    MAT,
    HDF5,
    PARQUET,
    *VENDOR_READERS,
    CSV,
)

HEAD_BYTES = 4096


def find_reader(path: Path, head: bytes | None = None) -> Reader | None:
    """The reader whose format a file is of, by its first bytes, or None. Raises OSError where it cannot be opened."""
    if head is None:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    return next((reader for reader in READERS if reader.recognises(path, head)), None)


def open_with(reader: Reader, path: Path, stated: Stated, keep: Keep) -> Iterator[Recording]:
    """The recordings that a reader finds in a file; one that cannot be is refused with SignalError, in one line.

    Of a file among others, the fewest of the stated facts count with which it can be opened.
    """
    if stated.among_others and reader.says:
        stated = _needed(reader, path, stated, keep)
    recordings = reader.open(path, stated, keep)
    while True:
        with in_one_line():
            recording = next(recordings, None)
            if recording is None:
                return
            _check(path, recording)
        yield recording


def _needed(reader: Reader, path: Path, stated: Stated, keep: Keep) -> Stated:
    """What is stated and not said by the file itself, found by opening it; nothing where that does not help."""
    open_facts = [name for name in stated.names if name in reader.may_say]
    for count in range(1, len(open_facts) + 1) if not _opens(reader, path, Stated(), keep) else ():
        for names in combinations(open_facts, count):
            needed = replace(Stated(), **{name: getattr(stated, name) for name in names})
            if _opens(reader, path, needed, keep):
                return needed
    return Stated()


def _opens(reader: Reader, path: Path, stated: Stated, keep: Keep) -> bool:
    try:
        return next(reader.open(path, stated, keep), None) is not None
    except EcgTextError:
        return False


def _check(path: Path, recording: Recording) -> None:
    if not (math.isfinite(recording.rate_hz) and recording.rate_hz > 0):
        raise SignalError(f"{path}: its rate is {recording.rate_hz:g} samples per second; get the original file")
    if recording.num_samples < 1 or not recording.leads:
        raise SignalError(f"{path}: it is empty, it has no samples of a lead; get the original file")
