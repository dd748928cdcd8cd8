"""MATLAB files of versions 4 and 5: their matrices of real numbers, read in bounds and without recursion.

scipy.io.loadmat takes the whole process down over some damaged files (a data element of type 0, cells nested
thousands deep), and unpacks compressed ones without a bound. The layouts are those of "MAT-File Format", The MathWorks.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ecg_text.errors import SignalError

# A compressed file says little of its size in memory: beyond this it is no ECG of a clinic, and may be a bomb.
MOST_UNPACKED_BYTES = 2**27
_MOST_MATRICES = 10_000
_HEAD_5 = 128
_UINT32, _INT32, _MATRIX, _COMPRESSED = 6, 5, 14, 15
_NUMBERS_5 = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_NUMERIC_CLASSES = range(6, 16)
_COMPLEX = 0x08
_NUMBERS_4 = ("f8", "f4", "i4", "i2", "u2", "u1")
_LONGEST_NAME = 64


def is_mat(head: bytes) -> bool:
    """Whether the first bytes are those of a MATLAB file of version 5 (its text says so) or 4 (its numbers fit)."""
    if head.startswith(b"MATLAB"):
        return not head.startswith(b"MATLAB 7.3") and head[126:128] in (b"IM", b"MI")
    if len(head) < 24:
        return False
    kind, rows, columns, imaginary, length = struct.unpack("<5i", head[:20])
    known = kind in range(60) and kind // 10 < len(_NUMBERS_4) and kind % 10 < 3 and imaginary in (0, 1)
    if not known or min(rows, columns) < 1 or not 2 <= length <= _LONGEST_NAME:
        return False
    name = head[20 : 20 + length]
    return name.endswith(b"\0") and name[:-1].isascii() and name[:-1].replace(b"_", b"").isalnum()


def read_matrices(path: Path) -> dict[str, np.ndarray]:
    """The real matrices of a file by their names, (rows, columns); everything else in it is passed over.

    What is not compressed is a view of the file. Raises SignalError where the file is damaged or cut, or unpacks to
    more than MOST_UNPACKED_BYTES.
    """
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        is_5 = bytes(data[126:128]) in (b"IM", b"MI")
        matrices: dict[str, np.ndarray] = {}
        for name, matrix in _matrices_5(data) if is_5 else _matrices_4(data):
            matrices[name] = matrix
            if len(matrices) > _MOST_MATRICES:
                raise ValueError(f"more than {_MOST_MATRICES} matrices")
    except (ValueError, OverflowError, struct.error, zlib.error) as error:
        raise SignalError(f"{path}: the file is no MATLAB file, or damaged ({error}); get the original file") from error
    return matrices


def _matrices_4(data: memoryview) -> Iterator[tuple[str, np.ndarray]]:
    """Matrices of version 4: type, rows, columns, imaginary and length of name in 32 bits; the name; the numbers."""
    at = 0
    while at + 20 <= len(data):
        order = "<" if int.from_bytes(data[at : at + 4], "little") < 10_000 else ">"
        kind, rows, columns, imaginary, length = struct.unpack_from(f"{order}5i", data, at)
        machine, precision, matrix = kind // 1000, kind // 10 % 10, kind % 10
        if kind < 0 or machine != (order == ">") or kind // 100 % 10 or precision >= len(_NUMBERS_4) or matrix > 2:
            raise ValueError("a matrix of an unknown type")
        if not 0 < length <= _LONGEST_NAME or rows < 0 or columns < 0 or imaginary not in (0, 1):
            raise ValueError(f"a matrix of {rows} x {columns} with a name of {length} bytes")
        name = bytes(data[at + 20 : at + 20 + length]).split(b"\0")[0].decode("latin-1")
        numbers = np.dtype(order + _NUMBERS_4[precision])
        start = at + 20 + length
        at = start + rows * columns * numbers.itemsize * (1 + imaginary)
        if at > len(data):
            raise ValueError("the file is cut")
        if matrix == 0 and not imaginary:
            yield name, np.frombuffer(data, numbers, rows * columns, start).reshape((rows, columns), order="F")
    if at != len(data):
        raise ValueError("the file is cut")


def _matrices_5(data: memoryview) -> Iterator[tuple[str, np.ndarray]]:
    """Matrices of version 5: after 128 bytes, elements of a type and a size, each of them packed or not."""
    order = "<" if bytes(data[126:128]) == b"IM" else ">"
    at, free_bytes = _HEAD_5, MOST_UNPACKED_BYTES
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}2I", data, at)
        content = data[at + 8 : at + 8 + size]
        if len(content) < size:
            raise ValueError("the file is cut")
        at += 8 + size
        if kind == _COMPRESSED:
            kind, content = _unpacked(content, order, free_bytes)
            free_bytes -= len(content)
        if kind == _MATRIX:
            named = _matrix_5(content, order)
            if named is not None:
                yield named
        elif kind not in _NUMBERS_5:
            raise ValueError(f"an element of type {kind}")
    if at != len(data):
        raise ValueError("the file is cut")


def _unpacked(packed: memoryview, order: str, most_bytes: int) -> tuple[int, memoryview]:
    """Type and content of a packed element; what it declares is held against the bound before it is unpacked."""
    unpacker = zlib.decompressobj()
    kind, size = struct.unpack(f"{order}2I", unpacker.decompress(packed, 8))
    if size > most_bytes:
        raise ValueError(f"it unpacks to more than {MOST_UNPACKED_BYTES} bytes")
    content = unpacker.decompress(unpacker.unconsumed_tail, size) if size else b""
    if len(content) < size:
        raise ValueError("the file is cut")
    return kind, memoryview(content)


def _matrix_5(content: memoryview, order: str) -> tuple[str, np.ndarray] | None:
    """One matrix: flags, dimensions, name, real part; None for what is no real matrix of two dimensions."""
    _, flags, at = _element(content, 0, order)
    flags_word = struct.unpack_from(f"{order}I", flags)[0]
    if flags_word & 0xFF not in _NUMERIC_CLASSES or flags_word >> 8 & _COMPLEX:
        return None
    kind, packed, at = _element(content, at, order)
    if kind not in (_INT32, _UINT32) or len(packed) != 8:
        return None
    rows, columns = struct.unpack(f"{order}2i", packed)
    _, name, at = _element(content, at, order)
    kind, numbers, _ = _element(content, at, order)
    if kind not in _NUMBERS_5:
        raise ValueError(f"numbers of type {kind}")
    array = np.frombuffer(numbers, np.dtype(order + _NUMBERS_5[kind]))
    if min(rows, columns) < 0 or len(array) != rows * columns:
        raise ValueError(f"{len(array)} numbers for a matrix of {rows} x {columns}")
    return bytes(name[:_LONGEST_NAME]).decode("latin-1"), array.reshape((rows, columns), order="F")


def _element(content: memoryview, at: int, order: str) -> tuple[int, memoryview, int]:
    """Type, bytes and the end of an element; a small one holds its size in the upper half of its type."""
    kind, size = struct.unpack_from(f"{order}2I", content, at)
    start, end = at + 8, at + 8 + (size + 7) // 8 * 8
    if kind >> 16:
        kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
    if start + size > min(len(content), end):
        raise ValueError("the file is cut")
    return kind, content[start : start + size], end
