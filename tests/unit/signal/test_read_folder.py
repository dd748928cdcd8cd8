"""The one door: every kind of file goes to its reader, and a folder gives its records in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.recording import Stated
from ecg_text.signal.formats.walk import files_of, may_be_recording, recording_of
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.formats.write_parquet import write_parquet
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.read import read


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


def test_a_folder_gives_what_may_be_a_recording_sorted(folder: Path) -> None:
    names = [path.relative_to(folder).as_posix() for path in files_of(folder)]
    assert names == ["a.hea", "b.hea", "d.npy", "records.csv", "deep/c.hea"]
    assert [may_be_recording(folder / name) for name in names] == [True, True, True, False, True]


def test_one_recording_of_a_file_or_the_reason(folder: Path) -> None:
    assert recording_of(folder, folder / "a.hea", Stated()).record_id == "a"
    with pytest.raises(SignalError, match="does not say its rate_hz"):
        recording_of(folder, folder / "d.npy", Stated())
    stated = Stated(rate_hz=100, unit="mV", leads=("I", "II"))
    assert recording_of(folder, folder / "d.npy", stated).num_samples == 300
    many = [replace(read(folder / name), record_id=name) for name in ("a.hea", "b.hea")]
    write_parquet(many, folder / "many.parquet")
    with pytest.raises(SignalError, match="it holds many recordings; make a file of each: ecg-text convert"):
        recording_of(folder, folder / "many.parquet", Stated())


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
    assert [path.name for path in files_of(folder)] == ["A.HEA", "D.NPY", "b.hea", "records.csv", "c.hea"]
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
