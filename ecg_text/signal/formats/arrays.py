"""Bare arrays as recordings: NumPy and MATLAB files, which do not say their rate, unit or leads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.bare import bare_recording, check_numbers
from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.mat_numeric import is_mat, read_matrices
from ecg_text.signal.formats.recording import Reader, Recording, Stated

SUFFIXES = (".npy", ".csv", ".mat")
_NPY_MAGIC = b"\x93NUMPY"


def recognises_npy(_path: Path, head: bytes) -> bool:
    """Whether the first bytes are those of a NumPy array."""
    return head.startswith(_NPY_MAGIC)


def open_npy(path: Path, stated: Stated, _keep: Keep) -> Iterator[Recording]:
    """The recording of a .npy file; what it declares is held against its size before anything is read.

    Raises SignalError for an array that is cut, pickled or not of real numbers.
    """
    with refusing(path, "the file cannot be read", "give a complete .npy file"):
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
    yield bare_recording(path, array, stated, kind="NumPy")


def recognises_mat(_path: Path, head: bytes) -> bool:
    """Whether the first bytes are those of a MATLAB file of version 4 or 5."""
    return is_mat(head)


def open_mat(path: Path, stated: Stated, _keep: Keep) -> Iterator[Recording]:
    """The recording of a bare .mat file: the matrix of real numbers named val, or the only one.

    Raises SignalError for a file that is damaged, unpacks to too much, or holds no such matrix or several.
    """
    with refusing(path, "the file cannot be read", "give a complete .mat file"):
        matrices = read_matrices(path)
    if "val" not in matrices and len(matrices) != 1:
        held = f"{len(matrices)} matrices" if matrices else "no matrix of real numbers"
        raise SignalError(f"{path}: it holds {held}; save one array, or name it val")
    array = matrices["val"] if "val" in matrices else next(iter(matrices.values()))
    yield bare_recording(path, array, stated, kind="MATLAB")


NPY = Reader(name="NumPy", recognises=recognises_npy, open=open_npy)
MAT = Reader(name="MATLAB", recognises=recognises_mat, open=open_mat)
