"""The one door: every kind of file goes to its reader, and a folder gives its records in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.read import find_records, read


@pytest.fixture
def folder(tmp_path: Path, generator: np.random.Generator) -> Path:
    for name in ("b", "a", "deep/c"):
        path = tmp_path / name
        record = Record(
            signal=generator.normal(size=(2, 300)), rate_hz=100, leads=("I", "II"), record_id=path.name, age=70
        )
        write_wfdb(record, path.parent)
    (tmp_path / "records.csv").write_text("record_id,report\na,sinus rhythm\n")
    np.save(tmp_path / "d.npy", np.ones((2, 300)))
    np.save(tmp_path / "a.npy", np.ones((2, 300)))
    (tmp_path / ".hidden.hea").write_text("x")
    return tmp_path


def test_a_folder_gives_its_headers_sorted(folder: Path) -> None:
    assert find_records(folder) == [folder / "a.hea", folder / "b.hea", folder / "deep" / "c.hea"]


def test_arrays_are_found_where_they_are_asked_for_and_have_no_header(folder: Path) -> None:
    found = find_records(folder, suffixes=(".hea", ".npy"))
    assert [path.name for path in found] == ["a.hea", "b.hea", "d.npy", "c.hea"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SignalError, match="there is no such folder"):
        find_records(tmp_path / "nowhere")
    assert find_records(tmp_path) == []


def test_a_header_speaks_for_itself(folder: Path) -> None:
    with pytest.raises(SignalError, match="a WFDB header says its own rate_hz, leads; leave that out"):
        read(folder / "a.hea", rate_hz=500, leads=("I", "II"))


def test_a_folder_is_not_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SignalError, match=r"deep is a folder; give a file in it$"):
        read(folder / "deep")
    monkeypatch.chdir(folder)
    with pytest.raises(SignalError, match=r"^\. is a folder; give a file in it$"):
        read(".")
    (folder / "a").mkdir()
    assert read(folder / "a").record_id == "a"


@pytest.mark.parametrize("named", ["a.dat", "A.DAT"])
def test_capital_names_are_found_and_read(folder: Path, named: str) -> None:
    known = read(folder / "a.hea").signal
    text = (folder / "a.hea").read_text().replace("a.dat", named)
    (folder / "a.hea").unlink()
    (folder / "A.HEA").write_text(text)
    (folder / "a.dat").rename(folder / "A.DAT")
    (folder / "a.npy").rename(folder / "A.NPY")
    (folder / "d.npy").rename(folder / "D.NPY")
    assert [path.name for path in find_records(folder, suffixes=(".hea", ".npy"))] == [
        "A.HEA", "D.NPY", "b.hea", "c.hea",
    ]  # fmt: skip
    for given in ("A.HEA", "A.DAT", "A"):
        made = read(folder / given)
        assert made.record_id == "A"
        assert np.array_equal(made.signal, known)


def test_a_capital_header_that_only_wfdb_reads_is_asked_to_be_renamed(folder: Path) -> None:
    record = read(folder / "a.hea")
    header = write_wfdb(record, folder / "old", fmt="212", units_per_mv=100)
    header.rename(header.with_suffix(".HEA"))
    with pytest.raises(SignalError, match=r"a\.HEA: wfdb reads this record by a lower-case \.hea only; name it a\.hea"):
        read(header.with_suffix(".HEA"))


def test_a_missing_file_and_an_unknown_kind_are_refused(folder: Path) -> None:
    with pytest.raises(SignalError, match=r"gone\.npy: there is no such file"):
        read(folder / "gone.npy")
    (folder / "x.edf").write_bytes(bytes(range(9)))
    with pytest.raises(SignalError, match=r"x\.edf: its content is of no format that is read; give one of WFDB, NumPy"):
        read(folder / "x.edf")


def test_a_name_with_a_dot_is_found_by_its_header(folder: Path) -> None:
    header = folder / "a.hea"
    (folder / "a.v2.hea").write_text(header.read_text())
    assert read(folder / "a.v2").record_id == "a.v2"
    assert read(folder / "a.v2.hea").record_id == "a.v2"


def test_a_record_prepares_the_same_from_wfdb_and_from_an_array(folder: Path) -> None:
    known = read(folder / "a.hea")
    np.save(folder / "bare.npy", known.signal.T)
    bare = read(folder / "bare.npy", rate_hz=100, unit="mV", leads=known.leads)
    preprocess = standard_preprocess()
    assert np.array_equal(preprocess(bare).signal, preprocess(known).signal)
