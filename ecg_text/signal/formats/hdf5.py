"""HDF5 files: CODE-15 % (many exams a file), SPH (one a file), and arrays whose facts the caller states.

h5py is an extra package, and trusts what a file says: what a file may contain is therefore checked first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.errors import MissingPackageError, SignalError
from ecg_text.leads import STANDARD_12
from ecg_text.signal.formats.bare import bare_recording, check_numbers, scale_of
from ecg_text.signal.formats.exam_tables import code15_facts, sph_facts
from ecg_text.signal.formats.facts import Facts, Keep
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Reader, Recording, Stated

_MAGIC = b"\x89HDF\r\n\x1a\n"
_USER_BLOCK = 512  # MATLAB 7.3 files are HDF5 behind a page of their own
_PLAIN_FILTERS = frozenset((1, 2, 3, 32000))  # gzip, shuffle, checksum, lzf: no library from outside is loaded
_MOST_OBJECTS = 1000
_MOST_CHUNK_BYTES = 2**26
# What gzip can do at most (1032:1) would let a file of 1 MB unpack to 1 GB; samples never come near this.
_MOST_RATIO, _FREE_BYTES = 200, 2**24
_CODE15_SHAPE, _CODE15_RATE_HZ = (4096, 12), 400.0
_SPH_RATE_HZ = 500.0
_ROWS_AT_ONCE = 16


def recognises_hdf5(_path: Path, head: bytes) -> bool:
    """Whether the first bytes are those of HDF5, or of a MATLAB 7.3 file, which is HDF5 inside."""
    return head.startswith(_MAGIC) or (head.startswith(b"MATLAB 7.3") and head[_USER_BLOCK:].startswith(_MAGIC))


def open_hdf5(path: Path, stated: Stated, keep: Keep) -> Iterator[Recording]:
    """The recordings of an HDF5 file.

    CODE-15 %: the unit is stated by the caller, for its publishers contradict themselves; rate and leads are known.
    SPH: everything is known. Any other file with one array of numbers: everything is stated. Raises SignalError for a
    file that is damaged, that points to other files, or that is none of these; MissingPackageError without h5py.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingPackageError("HDF5 files need h5py; pip install 'ecg-text[formats]'") from error
    with refusing(path, "the file cannot be read", "give a complete HDF5 file"):
        file = h5py.File(path, "r", locking=False)
    with file:
        with refusing(path, "the file cannot be read", "give a complete HDF5 file"):
            arrays = _arrays(path, file)
        tracings = arrays.get("tracings")
        if tracings is not None and tracings.shape[1:] == _CODE15_SHAPE and "exam_id" in arrays:
            yield from _code15(path, tracings, arrays["exam_id"], stated, keep)
            return
        array = _only_array(path, arrays)
        stored = _Stored(path, array.name, tuple(array.shape))
        nothing_stated = not stated or stated.among_others
        if (
            nothing_stated
            and set(arrays) == {"ecg"}
            and array.dtype == np.float16
            and array.shape[0] == len(STANDARD_12)
        ):
            stated = Stated(rate_hz=_SPH_RATE_HZ, unit="mV", leads=STANDARD_12)
            yield replace(bare_recording(path, stored, stated, kind="SPH"), facts=sph_facts(path, keep))
            return
        yield bare_recording(path, stored, stated, kind="HDF5")


@dataclass(frozen=True)
class _Stored:
    """A data set that is opened whenever a stretch of it is read, so that no file stays open behind a recording."""

    path: Path
    name: str
    shape: tuple[int, ...]

    def __getitem__(self, place: Any) -> np.ndarray:
        import h5py

        with h5py.File(self.path, "r", locking=False) as file:
            return np.asarray(file[self.name][place])


def _arrays(path: Path, file: Any) -> dict[str, Any]:
    """The data sets in the file itself, by name, in all its groups. Raises SignalError for one that is not harmless."""
    import h5py

    arrays: dict[str, Any] = {}
    groups = [("", file)]
    count = 0
    while groups:
        prefix, group = groups.pop()
        for name in group:
            count += 1
            if count > _MOST_OBJECTS:
                raise SignalError(f"{path}: it holds more than {_MOST_OBJECTS} objects; save the recording alone")
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise SignalError(f"{path}: object {count} in it is a link to elsewhere; save the recording itself")
            found = group[name]
            if isinstance(found, h5py.Group):
                if prefix.count("/") < 8:
                    groups.append((f"{prefix}{name}/", found))
            elif isinstance(found, h5py.Dataset):
                _check_harmless(path, found)
                arrays[prefix + name] = found
    return arrays


def _check_harmless(path: Path, array: Any) -> None:
    """A data set whose samples lie in this file, packed by known filters, and are not too many for its bytes."""
    plan = array.id.get_create_plist()
    filters = {plan.get_filter(number)[0] for number in range(plan.get_nfilters())}
    if array.external or array.is_virtual or not filters <= _PLAIN_FILTERS:
        raise SignalError(f"{path}: an array lies in other files, or its filter is from outside; save it plainly")
    chunk = math.prod(array.chunks) * array.dtype.itemsize if array.chunks else 0
    size = math.prod(array.shape or ()) * array.dtype.itemsize
    stored = array.id.get_storage_size()
    if chunk > _MOST_CHUNK_BYTES or size > max(_FREE_BYTES, _MOST_RATIO * stored) or stored > path.stat().st_size:
        raise SignalError(f"{path}: an array of shape {array.shape} cannot be in {stored} bytes; get the original file")


def _only_array(path: Path, arrays: dict[str, Any]) -> Any:
    """The data set named val, or the only one of two axes."""
    flat = {name: array for name, array in arrays.items() if len(array.shape or ()) in (1, 2)}
    found = {name: array for name, array in flat.items() if len(array.shape) == 2} or flat
    if "val" not in found and len(found) != 1:
        raise SignalError(f"{path}: it holds {len(arrays)} arrays; save one (leads, samples), or name it val")
    array = found["val"] if "val" in found else next(iter(found.values()))
    check_numbers(path, array.dtype)
    return array


def _code15(path: Path, tracings: Any, exam_ids: Any, stated: Stated, keep: Keep) -> Iterator[Recording]:
    """The exams one after the other, without the zeros at both ends of the shorter ones."""
    if (stated.rate_hz is not None or stated.leads is not None) and not stated.among_others:
        raise SignalError(f"{path}: CODE-15 % has 400 Hz and twelve leads; state its unit only")
    if stated.unit is None:
        raise SignalError(
            f"{path}: the publishers of CODE-15 % contradict themselves on its unit (1e-4 V, or mV, as the 2025 "
            "Challenge took it); state it when reading (--unit mV)"
        )
    scale = scale_of(path, stated.unit)
    check_numbers(path, tracings.dtype)
    with refusing(path, "the exams cannot be read", "give a complete HDF5 file"):
        ids = [str(int(exam)) for exam in exam_ids[: len(tracings)]]
    if len(ids) != len(tracings) or len(exam_ids) != len(tracings):
        raise SignalError(f"{path}: {len(exam_ids)} exam ids for {len(tracings)} tracings; get the original file")
    facts = code15_facts(path, frozenset(ids), keep)
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        with refusing(path, "the tracings cannot be read", "give a complete HDF5 file"):
            rows = np.asarray(tracings[start : start + _ROWS_AT_ONCE])
        for exam, row in zip(ids[start:], rows, strict=False):
            yield _exam(path, exam, row.copy(), scale, stated.unit, facts.get(exam, Facts()))


def _exam(path: Path, exam: str, row: np.ndarray, scale: float, unit: str, facts: Facts) -> Recording:
    alive = np.flatnonzero(row.any(axis=1))
    first, last = (int(alive[0]), int(alive[-1]) + 1) if len(alive) else (0, len(row))
    cut = first + len(row) - last
    return Recording(
        record_id=exam,
        format="CODE-15",
        rate_hz=_CODE15_RATE_HZ,
        leads=STANDARD_12,
        num_samples=last - first,
        load=lambda start, stop: row[first + start : first + stop].T * scale,
        facts=facts,
        trail=(f"read CODE-15 {path.name} in {unit}", *([f"cut {cut} samples of zero padding"] if cut else [])),
    )


HDF5 = Reader(name="HDF5", recognises=recognises_hdf5, open=open_hdf5)
