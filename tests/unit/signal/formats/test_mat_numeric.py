"""MATLAB's files are read as scipy writes them, and damaged or hostile ones are refused while the process lives on."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from ecg_text.errors import SignalError
from ecg_text.signal.formats import mat_numeric
from ecg_text.signal.formats.mat_numeric import is_mat, read_matrices
from ecg_text.signal.read import read

HEAD_5 = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
FORMS = [("4", False), ("5", False), ("5", True)]
each_form = pytest.mark.parametrize(("version", "packed"), FORMS)


@each_form
@pytest.mark.parametrize("dtype", ["int16", "int32", "uint8", "float32", "float64"])
def test_every_kind_of_number_comes_back_bit_by_bit(
    tmp_path: Path, generator: np.random.Generator, version: str, packed: bool, dtype: str
) -> None:
    matrix = (100 * generator.normal(size=(12, 301))).clip(0, 200).astype(dtype)
    savemat(tmp_path / "r.mat", {"val": matrix}, format=version, do_compression=packed)
    assert is_mat((tmp_path / "r.mat").read_bytes()[:4096])
    [(name, made)] = read_matrices(tmp_path / "r.mat").items()
    assert (name, made.dtype, made.shape) == ("val", matrix.dtype, matrix.shape)
    assert np.array_equal(made, matrix)


@each_form
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (0, 3), (1, 7)])
def test_the_smallest_matrices_are_read_too(tmp_path: Path, version: str, packed: bool, shape: tuple[int, int]) -> None:
    matrix = np.arange(shape[0] * shape[1], dtype=np.int16).reshape(shape)
    savemat(tmp_path / "r.mat", {"x": matrix, "second": matrix + 1.5}, format=version, do_compression=packed)
    made = read_matrices(tmp_path / "r.mat")
    assert list(made) == ["x", "second"]
    assert np.array_equal(made["x"], matrix)
    assert np.array_equal(made["second"], matrix + 1.5)


def test_a_file_of_the_other_byte_order_is_read() -> None:
    kind = struct.unpack(">I", struct.pack(">I", 1000 + 30))[0]
    words = struct.pack(">5i", kind, 2, 2, 0, 4) + b"val\0" + np.array([1, 2, 3, 4], ">i2").tobytes()
    [(_, made)] = mat_numeric._matrices_4(memoryview(words))
    assert made.tolist() == [[1, 3], [2, 4]]


def test_what_is_no_matrix_of_real_numbers_is_passed_over(tmp_path: Path, generator: np.random.Generator) -> None:
    signal = generator.normal(size=(2, 50))
    others = {"names": "a text", "cells": np.array([[1], "x"], dtype=object), "facts": {"age": 70},
              "waves": signal + 1j, "cube": np.zeros((2, 2, 2))}  # fmt: skip
    savemat(tmp_path / "r.mat", {**others, "ecg": signal}, do_compression=True)
    assert list(read_matrices(tmp_path / "r.mat")) == ["ecg"]
    assert read(tmp_path / "r.mat", rate_hz=100, unit="mV", leads=("I", "II")).num_samples == 50
    savemat(tmp_path / "none.mat", others)
    with pytest.raises(SignalError, match="it holds no matrix of real numbers; save one array"):
        read(tmp_path / "none.mat", rate_hz=100, unit="mV", leads=("I", "II"))


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(SignalError) as refused:
        read_matrices(path)
    return str(refused.value)


def test_an_element_of_no_type_is_refused_where_scipy_would_crash(tmp_path: Path) -> None:
    assert "an element of type 0" in refusal(tmp_path / "r.mat", HEAD_5 + bytes(64))


def test_cells_nested_thousands_deep_are_passed_over(tmp_path: Path) -> None:
    content = b""
    for _ in range(5000):
        flags = struct.pack("<4I", 6, 8, 1, 0)  # a cell
        content = struct.pack("<2I", 14, len(content) + 16) + flags + content
    (tmp_path / "r.mat").write_bytes(HEAD_5 + content)
    assert read_matrices(tmp_path / "r.mat") == {}


def test_a_bomb_is_refused_by_what_it_declares_and_cut_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mat_numeric, "MOST_UNPACKED_BYTES", 2**16)
    honest = zlib.compress(struct.pack("<2I", 14, 2**24) + bytes(2**24))
    packed = HEAD_5 + struct.pack("<2I", 15, len(honest)) + honest
    assert "unpacks to more than 65536 bytes" in refusal(tmp_path / "r.mat", packed)
    lying = zlib.compress(struct.pack("<2I", 14, 48) + bytes(2**24))
    refusal(tmp_path / "r.mat", HEAD_5 + struct.pack("<2I", 15, len(lying)) + lying)


@pytest.mark.slow
@each_form
def test_a_file_cut_or_changed_anywhere_is_read_or_refused(
    tmp_path: Path, generator: np.random.Generator, version: str, packed: bool
) -> None:
    savemat(tmp_path / "r.mat", {"val": np.arange(60.0).reshape(3, 20)}, format=version, do_compression=packed)
    whole = (tmp_path / "r.mat").read_bytes()
    for cut in range(0, len(whole) - 1, 7):
        assert told_or_read(tmp_path / "cut.mat", whole[:cut]) or cut == 128
    for _ in range(300):
        changed = bytearray(whole)
        changed[generator.integers(len(whole))] = generator.integers(256)
        assert "\n" not in told_or_read(tmp_path / "x.mat", bytes(changed))


def told_or_read(path: Path, content: bytes) -> str:
    """Why a file is refused; nothing where it is read."""
    path.write_bytes(content)
    try:
        read_matrices(path)
    except SignalError as error:
        return str(error)
    return ""
