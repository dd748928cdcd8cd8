"""CSV, NumPy and MATLAB files in the forms and encodings of the wild; absurd and hostile ones are refused in time."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from ecg_text.errors import SignalError
from ecg_text.signal.formats import mat_numeric
from ecg_text.signal.read import read

LEADS = ("I", "II", "V1")


@pytest.fixture
def signal(generator: np.random.Generator) -> np.ndarray:
    return generator.normal(size=(3, 250)).round(4)


def refusal(path: Path) -> str:
    with pytest.raises(SignalError) as refused:
        read(path, rate_hz=250, unit="mV", leads=LEADS)
    assert "\n" not in str(refused.value)
    assert path.name in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("mark", [";", "\t", " "])
def test_decimal_commas_are_read_and_told(tmp_path: Path, signal: np.ndarray, mark: str) -> None:
    lines = [mark.join(f"{value:.4f}".replace(".", ",") for value in row) for row in signal.T]
    path = tmp_path / "r7.csv"
    path.write_text("\n".join([mark.join(LEADS), *lines]))
    made = read(path, rate_hz=250, unit="mV")
    np.testing.assert_allclose(made.signal, signal, atol=1e-6)
    assert made.trail == ("read CSV r7.csv in mV", "read decimal commas")


def test_points_and_commas_together_may_mean_thousands_and_are_refused(tmp_path: Path) -> None:
    (tmp_path / "r7.csv").write_text("I;II;V1\n1.234,5;2;3\n1;2;3\n")
    assert "both decimal points and commas" in refusal(tmp_path / "r7.csv")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "r7.csv").write_bytes("I,II,V1\n1,2,3\n4,5,6\n".encode(encoding))
    refusal(tmp_path / "r7.csv")


def test_latin_1_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "r7.csv").write_bytes("I (µV),II,V1\n1,2,3\n4,5,6\n".encode("latin-1"))
    assert "save it as CSV UTF-8" in refusal(tmp_path / "r7.csv")


def test_a_csv_of_a_few_very_wide_lines_is_read(tmp_path: Path, generator: np.random.Generator) -> None:
    wide = generator.normal(size=(3, 20_000)).round(3)
    np.savetxt(tmp_path / "r7.csv", wide, delimiter=",", fmt="%.3f")
    np.testing.assert_allclose(read(tmp_path / "r7.csv", rate_hz=250, unit="mV", leads=LEADS).signal, wide, atol=1e-6)


def test_the_content_decides_not_the_suffix(tmp_path: Path, signal: np.ndarray) -> None:
    np.save(tmp_path / "r7.npy", signal)
    (tmp_path / "r7.npy").rename(tmp_path / "r7.csv")
    assert read(tmp_path / "r7.csv", rate_hz=250, unit="mV", leads=LEADS).trail == ("read NumPy r7.csv in mV",)


@pytest.mark.parametrize("shape", ["(3, 1000000000000)", "(1000000000000, 3)", "(3, -5)", "(99999999999999999999, 3)"])
def test_an_npy_header_that_declares_more_than_there_is_is_refused(tmp_path: Path, shape: str) -> None:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    (tmp_path / "r7.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + bytes(240))
    refusal(tmp_path / "r7.npy")


def test_a_window_of_an_array_is_the_same_stretch_of_the_whole(tmp_path: Path, signal: np.ndarray) -> None:
    for order in ("C", "F"):
        np.save(tmp_path / "r7.npy", np.asarray(signal.T, order=order))
        made = read(tmp_path / "r7.npy", rate_hz=250, unit="mV", leads=LEADS, start_s=0.2, duration_s=0.4)
        np.testing.assert_allclose(made.signal, signal[:, 50:150], rtol=1e-6)


@pytest.mark.parametrize("rate_hz", [0, -250, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(tmp_path: Path, signal: np.ndarray, rate_hz: float) -> None:
    np.save(tmp_path / "r7.npy", signal)
    with pytest.raises(SignalError, match="rate_hz is"):
        read(tmp_path / "r7.npy", rate_hz=rate_hz, unit="mV", leads=LEADS)


@pytest.mark.parametrize("version", ["4", "5"])
@pytest.mark.parametrize("packed", [False, True])
def test_both_kinds_of_matlab_files_are_read(tmp_path: Path, signal: np.ndarray, version: str, packed: bool) -> None:
    if version == "4" and packed:
        pytest.skip("MATLAB 4 files are never packed")
    savemat(tmp_path / "r7.mat", {"val": signal}, format=version, do_compression=packed)
    made = read(tmp_path / "r7.mat", rate_hz=250, unit="mV", leads=LEADS)
    np.testing.assert_allclose(made.signal, signal, rtol=1e-6)


def test_a_matlab_file_that_unpacks_to_more_than_is_held_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mat_numeric, "MOST_UNPACKED_BYTES", 2**20)
    savemat(tmp_path / "r7.mat", {"val": np.zeros((3, 10**6))}, do_compression=True)
    assert "unpacks to more than 1048576 bytes" in refusal(tmp_path / "r7.mat")


def test_matlab_files_that_declare_more_than_there_is_are_refused(tmp_path: Path) -> None:
    (tmp_path / "four.mat").write_bytes(struct.pack("<5i", 30, 12, 10**8, 0, 4) + b"val\0" + bytes(100))
    assert "the file is cut" in refusal(tmp_path / "four.mat")
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    (tmp_path / "five.mat").write_bytes(head + struct.pack("<2I", 14, 2**31) + bytes(100))
    assert "the file is cut" in refusal(tmp_path / "five.mat")
    junk = zlib.compress(struct.pack("<2I", 14, 2**31) + bytes(1000))
    (tmp_path / "junk.mat").write_bytes(head + struct.pack("<2I", 15, len(junk)) + junk)
    refusal(tmp_path / "junk.mat")


def test_a_line_without_an_end_is_refused_before_it_is_taken_apart(tmp_path: Path) -> None:
    (tmp_path / "line.csv").write_text("1," * 600_000)
    with pytest.raises(SignalError, match="its first line is longer than 1048576 signs"):
        read(tmp_path / "line.csv", rate_hz=500, unit="mV", leads=("I",))
