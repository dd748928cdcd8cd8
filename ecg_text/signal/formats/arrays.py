"""Bare arrays as recordings: NumPy and MATLAB files, which do not say their rate, unit or leads."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.bare import bare_recording, check_numbers
from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.guard import told
from ecg_text.signal.formats.recording import Reader, Recording, Stated

SUFFIXES = (".npy", ".csv", ".mat")
# A compressed file says little of its size in memory: beyond this it is no ECG of a clinic, and may be a bomb.
MOST_UNPACKED_BYTES = 2**28
_NPY_MAGIC = b"\x93NUMPY"
_NUMERIC = ("double", "single", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_MAT4_BYTES = {0: 8, 1: 4, 2: 4, 3: 2, 4: 2, 5: 1}
_COMPRESSED = 15
_CHUNK = 2**20


def recognises_npy(_path: Path, head: bytes) -> bool:
    """Whether the first bytes are those of a NumPy array."""
    return head.startswith(_NPY_MAGIC)


def open_npy(path: Path, stated: Stated, _keep: Keep) -> Iterator[Recording]:
    """The recording of a .npy file; what it declares is held against its size before anything is read.

    Raises SignalError for an array that is cut, pickled or not of real numbers.
    """
    with told(path, "the file cannot be read", "give a complete .npy file"):
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read_header = (
                np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read_header(file)
            start = file.tell()
        check_numbers(path, dtype)
        if math.prod(shape) * dtype.itemsize > path.stat().st_size - start:
            raise SignalError(f"{path}: the file is cut, or its header wrong: it declares an array of shape {shape}")
        array = np.load(path, mmap_mode="r" if math.prod(shape) else None, allow_pickle=False)
    yield bare_recording(path, array, stated, kind="npy")


def recognises_mat(_path: Path, head: bytes) -> bool:
    """Whether the first bytes are those of a MATLAB file of version 5 (its text says so) or 4 (its numbers fit)."""
    if head.startswith(b"MATLAB 7.3"):
        return False
    return (head.startswith(b"MATLAB") and head[126:128] in (b"IM", b"MI")) or _mat4_size(head) is not None


def open_mat(path: Path, stated: Stated, _keep: Keep) -> Iterator[Recording]:
    """The recording of a bare .mat file: the array named val, or the only one.

    Raises SignalError for a damaged file, one that unpacks to more than MOST_UNPACKED_BYTES, or one of several arrays.
    """
    from scipy.io import loadmat, whosmat

    with told(path, "the file cannot be read", "give a complete .mat file"):
        _check_unpacked_size(path)
        kinds = {name: (shape, kind) for name, shape, kind in whosmat(path)}
        if "val" not in kinds and len(kinds) != 1:
            raise SignalError(f"{path}: it holds {', '.join(kinds) or 'nothing'}; save one array, or name it val")
        name = "val" if "val" in kinds else next(iter(kinds))
        shape, kind = kinds[name]
        if kind not in _NUMERIC:
            raise SignalError(f"{path}: an array of type {kind}; save real numbers")
        if math.prod(shape) * 8 > max(MOST_UNPACKED_BYTES, 8 * path.stat().st_size):
            raise SignalError(f"{path}: an array of shape {shape} is too large; save a part of it")
        array = np.asarray(loadmat(path, variable_names=[name])[name])
    check_numbers(path, array.dtype)
    yield bare_recording(path, array, stated, kind="mat")


def _mat4_size(head: bytes) -> int | None:
    """Bytes that the first matrix of a MATLAB 4 file takes, by its header of five numbers; None where it is none."""
    if len(head) < 20:
        return None
    kind, rows, columns, imaginary, name_length = struct.unpack("<5i", head[:20])
    known = kind in range(60) and kind // 10 in _MAT4_BYTES and kind % 10 in (0, 1, 2) and imaginary in (0, 1)
    if not known or min(rows, columns) < 1 or not 2 <= name_length <= 64:
        return None
    name = head[20 : 20 + name_length]
    if not name.endswith(b"\0") or not name[:-1].isascii() or not name[:-1].replace(b"_", b"").isalnum():
        return None
    return 20 + name_length + rows * columns * _MAT4_BYTES[kind // 10] * (1 + imaginary)


def _check_unpacked_size(path: Path) -> None:
    """What is in the file fits its size, and what is compressed in it stays below the bound when unpacked."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(128)
        declared = _mat4_size(head)
        if declared is not None:
            if declared > size:
                raise SignalError(f"{path}: the file is cut: {size} bytes of {declared}; get the original file")
            return
        order = "<" if head[126:128] == b"IM" else ">"
        unpacked = 0
        while len(tag := file.read(8)) == 8:
            kind, length = struct.unpack(f"{order}2I", tag)
            if file.tell() + length > size:
                raise SignalError(f"{path}: the file is cut; get the original file")
            if kind != _COMPRESSED:
                file.seek(length, 1)
                continue
            unpacked += _unpacked(file.read(length), MOST_UNPACKED_BYTES - unpacked)
            if unpacked >= MOST_UNPACKED_BYTES:
                raise SignalError(f"{path}: it unpacks to more than {MOST_UNPACKED_BYTES} bytes; save a part of it")


def _unpacked(packed: bytes, bound: int) -> int:
    """How many bytes packed becomes, counted up to bound and never held at once."""
    unpacking, count, rest = zlib.decompressobj(), 0, packed
    while rest and count < bound and not unpacking.eof:
        count += len(unpacking.decompress(rest, _CHUNK))
        rest = unpacking.unconsumed_tail
    return count


NPY = Reader(name="NumPy", recognises=recognises_npy, open=open_npy)
MAT = Reader(name="MATLAB", recognises=recognises_mat, open=open_mat)
