"""Bare arrays are read once the caller has said what they are, in either orientation, and never guessed at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from ecg_text.errors import EcgTextError, LeadError, SignalError
from ecg_text.signal.read import read
from ecg_text.signal.units import mv_per_unit

LEADS = ("I", "II", "V1")


@pytest.fixture
def signal(generator: np.random.Generator) -> np.ndarray:
    return generator.normal(size=(3, 250)).round(4)


def save(path: Path, array: np.ndarray, head: str = "", delimiter: str = ",") -> Path:
    if path.suffix == ".npy":
        np.save(path, array)
    elif path.suffix == ".mat":
        savemat(path, {"val": array})
    else:
        np.savetxt(path, array, delimiter=delimiter, header=head, comments="", fmt="%.6f")
    return path


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".mat"])
@pytest.mark.parametrize("turned", [False, True])
def test_an_array_is_read_in_either_orientation(tmp_path: Path, signal: np.ndarray, suffix: str, turned: bool) -> None:
    path = save(tmp_path / f"r7{suffix}", signal.T if turned else signal)
    made = read(path, rate_hz=250, unit="mV", leads=LEADS)
    np.testing.assert_allclose(made.signal, signal, atol=1e-6)
    assert (made.rate_hz, made.leads, made.record_id) == (250.0, LEADS, "r7")
    name = {".npy": "NumPy", ".csv": "CSV", ".mat": "MATLAB"}[suffix]
    assert made.trail == (f"read {name} r7{suffix} in mV",)


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".mat"])
def test_one_lead_may_be_a_plain_row_of_numbers(tmp_path: Path, signal: np.ndarray, suffix: str) -> None:
    made = read(save(tmp_path / f"r7{suffix}", signal[1]), rate_hz=250, unit="uV", leads=["MLII"])
    np.testing.assert_allclose(made.signal, signal[1:2] / 1000, atol=1e-9)
    assert made.leads == ("II",)


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".mat"])
def test_all_that_is_not_stated_is_asked_for(tmp_path: Path, signal: np.ndarray, suffix: str) -> None:
    path = save(tmp_path / f"r7{suffix}", signal)
    with pytest.raises(
        SignalError, match=r"a (NumPy|CSV|MATLAB) file does not say its rate_hz, unit, leads; state it when"
    ):
        read(path)
    with pytest.raises(SignalError, match=r"does not say its unit; state it when reading \(--unit\)$"):
        read(path, rate_hz=250, leads=LEADS)


def test_an_unknown_unit_is_refused_by_name(tmp_path: Path, signal: np.ndarray) -> None:
    with pytest.raises(SignalError, match="unknown unit 'counts'; give mV, uV or V"):
        read(save(tmp_path / "r7.npy", signal), rate_hz=250, unit="counts", leads=LEADS)


@pytest.mark.parametrize(
    ("spelling", "in_mv"),
    [("mV", 1), ("millivolts", 1), ("uV", 1e-3), ("µV", 1e-3), ("μV", 1e-3), ("Microvolt", 1e-3), (" V ", 1e3),
     ("volts", 1e3), ("nV", 1e-6), ("mmHg", None), ("", None), ("m", None)],
)  # fmt: skip
def test_a_unit_of_voltage_is_known_in_its_spellings(spelling: str, in_mv: float | None) -> None:
    assert mv_per_unit(spelling) == in_mv


def test_a_square_array_is_ambiguous(tmp_path: Path, generator: np.random.Generator) -> None:
    path = save(tmp_path / "r7.npy", generator.normal(size=(3, 3)))
    with pytest.raises(SignalError, match="may be read both ways with 3 leads"):
        read(path, rate_hz=250, unit="mV", leads=LEADS)


@pytest.mark.parametrize("shape", [(12, 250), (3, 250, 1), (250,), ()])
def test_a_shape_without_the_leads_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(SignalError, match="does not hold 3 leads"):
        read(save(tmp_path / "r7.npy", np.ones(shape)), rate_hz=250, unit="mV", leads=LEADS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_may_name_its_leads_and_count_the_time(tmp_path: Path, signal: np.ndarray, delimiter: str) -> None:
    table = np.column_stack([np.arange(250) / 250, signal.T])
    path = save(tmp_path / "r7.csv", table, head=delimiter.join(["time", "DI", "DII", "C1"]), delimiter=delimiter)
    made = read(path, rate_hz=250, unit="mV")
    assert made.leads == LEADS
    np.testing.assert_allclose(made.signal, signal, atol=1e-6)


def test_a_csv_with_as_many_rows_as_named_leads_is_not_ambiguous(
    tmp_path: Path, generator: np.random.Generator
) -> None:
    square = generator.normal(size=(3, 3)).round(4)
    made = read(save(tmp_path / "r7.csv", square, head="I,II,V1"), rate_hz=250, unit="mV")
    np.testing.assert_allclose(made.signal, square.T, atol=1e-6)


def test_the_callers_leads_name_columns_that_are_not_leads_but_never_rename_leads(
    tmp_path: Path, signal: np.ndarray
) -> None:
    path = save(tmp_path / "r7.csv", signal.T, head="a,b,c")
    assert read(path, rate_hz=250, unit="mV", leads=LEADS).leads == LEADS
    with pytest.raises(LeadError, match="name 1 of its 3 leads is no known lead"):
        read(path, rate_hz=250, unit="mV")
    path = save(tmp_path / "r7.csv", signal.T, head="I,II,V1")
    with pytest.raises(LeadError, match="its columns name I, II, V1, not II, I, V1"):
        read(path, rate_hz=250, unit="mV", leads=("II", "I", "V1"))


def test_leads_are_checked_like_those_of_any_record(tmp_path: Path, signal: np.ndarray) -> None:
    path = save(tmp_path / "r7.npy", signal)
    with pytest.raises(LeadError, match="lead II is given more than once"):
        read(path, rate_hz=250, unit="mV", leads=("I", "II", "II"))
    with pytest.raises(LeadError, match="unknown lead name 'X'"):
        read(path, rate_hz=250, unit="mV", leads=("I", "II", "X"))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("suffix", [".npy", ".csv", ".mat"])
def test_a_gap_in_the_samples_is_refused(tmp_path: Path, signal: np.ndarray, suffix: str, bad: float) -> None:
    signal[2, 40] = bad
    with pytest.raises(SignalError, match="first in lead V1"):
        read(save(tmp_path / f"r7{suffix}", signal), rate_hz=250, unit="mV", leads=LEADS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r7.npy", b"not an array"),
        ("r7.npy", b""),
        ("r7.csv", b"1,2,3\n4,5\n"),
        ("r7.csv", b"1,2,3\n4,,6\n"),
        ("r7.csv", b"I,II,V1\n1,2\n3,4\n"),
        ("r7.csv", b"I,II,V1\n1,2,x\n"),
        ("r7.csv", b"\xff\xfe\x00"),
        ("r7.mat", b"not a matlab file at all" * 20),
        ("r7.mat", b""),
        ("r7.edf", b"0"),
    ],
)
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EcgTextError) as refused:
        read(tmp_path / name, rate_hz=250, unit="mV", leads=LEADS)
    assert "\n" not in str(refused.value)
    assert name in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"I,II,V1\n"])
def test_an_empty_csv_is_refused_without_a_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, content: bytes
) -> None:
    (tmp_path / "r7.csv").write_bytes(content)
    with pytest.raises(SignalError, match="it has no numbers"):
        read(tmp_path / "r7.csv", rate_hz=250, unit="mV", leads=LEADS)
    assert not recwarn.list


def test_words_and_pickles_in_an_array_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "words.npy", np.array([["a", "b"]]))
    np.save(tmp_path / "pickle.npy", np.array([{"a": 1}], dtype=object))
    for name in ("words.npy", "pickle.npy"):
        with pytest.raises(SignalError, match=name):
            read(tmp_path / name, rate_hz=250, unit="mV", leads=LEADS)


def test_the_array_of_a_mat_file_is_val_or_the_only_one(tmp_path: Path, signal: np.ndarray) -> None:
    savemat(tmp_path / "one.mat", {"ecg": signal})
    savemat(tmp_path / "two.mat", {"ecg": signal, "rate": 250})
    savemat(tmp_path / "val.mat", {"val": (1000 * signal).astype(np.int16), "rate": 250})
    assert read(tmp_path / "one.mat", rate_hz=250, unit="mV", leads=LEADS).leads == LEADS
    made = read(tmp_path / "val.mat", rate_hz=250, unit="uV", leads=LEADS)
    np.testing.assert_allclose(made.signal, signal, atol=1.1e-3)
    with pytest.raises(SignalError, match="it holds 2 matrices; save one array, or name it val"):
        read(tmp_path / "two.mat", rate_hz=250, unit="mV", leads=LEADS)


@pytest.mark.shared
def test_a_challenge_file_without_its_header_reads_like_with_it(shared_dir: Path, tmp_path: Path) -> None:
    known = read(shared_dir / "data" / "formats" / "A0001.hea")
    bare = tmp_path / "A0001.mat"
    bare.write_bytes((shared_dir / "data" / "formats" / "A0001.mat").read_bytes())
    made = read(bare, rate_hz=500, unit="uV", leads=known.leads)
    np.testing.assert_allclose(made.signal, known.signal, atol=1e-6)
