"""A folder of recordings and a table become a catalogue, and what does not fit is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecg_text.data.sources.folder import KEPT, THROWN_AWAY, folder
from ecg_text.data.splits import check_disjoint, split_by_patient
from ecg_text.errors import DataError, SignalError
from ecg_text.signal.formats.facts import pseudonym
from ecg_text.signal.read import read

KEY = bytes(range(32))


def hashed(*patients: str) -> list[str]:
    return [pseudonym(patient, KEY) for patient in patients]


@pytest.fixture
def recordings(tmp_path: Path, write_recording: Any) -> Path:
    """Recordings a, b and deep/c; b's header knows its person."""
    write_recording(tmp_path, "a", seed=1)
    write_recording(tmp_path, "b", seed=2, comments="# Age: 71\n# Sex: Male\n# Dx: 426783006,59118001")
    write_recording(tmp_path / "deep", "c", seed=3)
    return tmp_path


def table(recordings: Path, text: str, name: str = "records.csv", encoding: str = "utf-8") -> Path:
    path = recordings / name
    path.write_text(text, encoding=encoding)
    return path


def test_a_table_says_whose_the_records_are_and_what_is_known(recordings: Path) -> None:
    table(
        recordings,
        "record_id,patient_id,age,sex,report,labels,split\n"
        'a,p1,63.5,F,"Sinusrhythmus, Normales EKG",NORM|SR,train\n'
        "b,p2,,,,,val\n"
        "deep/c,p1,64,female,,STACH; LVH,train\n",
    )
    catalogue = folder(recordings, key=KEY)
    assert catalogue.column("record_id") == ["a", "b", "deep/c"]
    assert catalogue.column("path") == ["a.hea", "b.hea", "deep/c.hea"]
    assert catalogue.column("patient_id") == hashed("p1", "p2", "p1")
    assert catalogue.column("age") == [63.5, 71.0, 64.0]
    assert catalogue.column("sex") == ["female", "male", "female"]
    assert catalogue.column("labels") == [["NORM", "SR"], ["426783006", "59118001"], ["STACH", "LVH"]]
    assert catalogue.column("raw_report") == ["Sinusrhythmus, Normales EKG", None, None]
    assert catalogue.column("report")[0].startswith("sinusrhythmus")
    assert catalogue.column("split") == ["train", "val", "train"]
    told, kept = catalogue.notes
    assert told.startswith("reports, cleaned by folder (")
    assert told.endswith("): 1 German, 2 missing")
    assert kept == KEPT


def test_without_a_table_headers_are_read_and_every_record_is_its_own_patient(recordings: Path) -> None:
    catalogue = folder(recordings)
    assert catalogue.column("age") == [None, 71.0, None]
    assert len(set(catalogue.column("patient_id"))) == 3
    assert set(catalogue.column("split")) <= {"train", "val", "test"}
    assert any("3 of 3 records have no patient id" in note for note in catalogue.notes)
    assert any("no splits are given" in note for note in catalogue.notes)
    check_disjoint(catalogue)


@pytest.mark.parametrize("text", ["id,patient,remark\na.hea,p1,x\n", "ID;Patient;Remark\na;p1;x\n"])
def test_short_headings_suffixes_and_semicolons_are_understood(recordings: Path, text: str) -> None:
    catalogue = folder(recordings, csv_path=table(recordings, text, "mine.csv", encoding="utf-8-sig"), key=KEY)
    assert catalogue.column("patient_id")[0] == pseudonym("p1", KEY)
    assert any("columns not used: remark" in note.lower() for note in catalogue.notes)
    assert any("2 of 3 records" in note for note in catalogue.notes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id\na\nx\ny\nz\n", "names 3 ids with no file: 'x', 'y', 'z'; remove their rows or add the files"),
        ("id\nx1\nx2\nx3\nx4\n", "names 4 ids with no file: 'x1', 'x2', 'x3', ...;"),
        ("id\na\na.hea\n", "two rows for 'a.hea'"),
        ("name,age\na,3\n", "has columns name, age; give one id column"),
        ("id,record_id\na,a\n", "each other column once"),
        ("", "give one id column"),
        ("id,age\na,old\n", "record 'a' has age 'old'; give years"),
        ("id,age\na,300\n", "record 'a' has age '300'"),
        ("id,sex\na,1\n", "record 'a' has sex '1'; give female, f, male, m"),
        ("id,split\na,training\n", "record 'a' has split 'training'; give train, val, test"),
        ("id,patient,split\na,p,train\nb,p,test\n", "patient 'p' has records in the splits train and test"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(recordings: Path, text: str, told: str) -> None:
    table(recordings, text)
    with pytest.raises(DataError) as refusal:
        folder(recordings)
    assert told in str(refusal.value)


@pytest.fixture
def two_folders(tmp_path: Path, write_recording: Any) -> Path:
    """Recordings a/rec1, b/rec1 and b/rec2."""
    for seed, place in enumerate(("a/rec1", "b/rec1", "b/rec2")):
        write_recording(tmp_path / place[0], place[2:], seed=seed)
    return tmp_path


@pytest.mark.parametrize("given", ["a/rec1", "a/rec1.hea", "a/rec1.DAT", "./a/rec1.hea", "a\\rec1.hea"])
def test_an_id_with_a_folder_is_the_record_of_that_folder(two_folders: Path, given: str) -> None:
    table(two_folders, f"id,patient\n{given},P1\nb/rec1.hea,P2\n")
    catalogue = folder(two_folders, key=KEY)
    assert catalogue.column("record_id") == ["a/rec1", "b/rec1", "b/rec2"]
    assert catalogue.column("patient_id") == hashed("P1", "P2", "record:b/rec2")


@pytest.mark.parametrize("given", ["rec2", "rec2.hea", "rec2.dat"])
def test_an_id_without_a_folder_is_the_only_record_of_that_name(two_folders: Path, given: str) -> None:
    table(two_folders, f"id,patient\n{given},P3\n")
    assert folder(two_folders, key=KEY).column("patient_id") == hashed("record:a/rec1", "record:b/rec1", "P3")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("rec1", "'rec1' names 2 files; give its folder too, as in 'a/rec1'"),
        ("rec1.hea", "'rec1.hea' names 2 files; give its folder too"),
        ("zzz/rec1.hea", "names 1 ids with no file: 'zzz/rec1.hea'"),
        ("zzz/rec2", "names 1 ids with no file: 'zzz/rec2'"),
    ],
)
def test_an_id_of_several_records_or_of_another_folder_is_refused(two_folders: Path, given: str, told: str) -> None:
    table(two_folders, f"id,patient\n{given},P1\n")
    with pytest.raises(DataError) as refusal:
        folder(two_folders)
    assert told in str(refusal.value)


def test_two_headers_of_one_record_are_refused(recordings: Path) -> None:
    (recordings / "a.HEA").write_bytes((recordings / "a.hea").read_bytes())
    if len(list(recordings.glob("a.[hH]*"))) == 1:
        pytest.skip("this file system takes a.HEA and a.hea for one file")
    with pytest.raises(DataError, match=r"two files of one record"):
        folder(recordings)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le"])
def test_a_table_that_is_not_utf_8_is_read_and_told(recordings: Path, encoding: str) -> None:
    table(recordings, "id,report\na,Überleitungsstörung\n", encoding=encoding)
    found = folder(recordings)
    assert found.column("raw_report")[0] == "Überleitungsstörung"
    [note] = [note for note in found.notes if "UTF-8" in note]
    assert note.startswith("records.csv is not in UTF-8; read as ")


def test_a_table_of_no_text_is_refused(recordings: Path) -> None:
    (recordings / "records.csv").write_bytes(b"id,report\na,\0\1\2x\n")
    with pytest.raises(DataError, match=r"records\.csv: is no text"):
        folder(recordings)


def test_a_byte_order_mark_and_a_report_of_two_lines_are_read(recordings: Path) -> None:
    table(recordings, 'id,report\r\na,"Überleitung\r\nverzögert"\r\n', encoding="utf-8-sig")
    assert folder(recordings).column("raw_report")[0].split() == ["Überleitung", "verzögert"]


def test_a_table_that_is_no_csv_is_refused(recordings: Path) -> None:
    table(recordings, 'id,report\na,"' + "x" * 200_000)
    with pytest.raises(DataError, match=r"records\.csv: no CSV after line 1 \(field larger .*quotation mark"):
        folder(recordings)


def test_capital_file_names_keep_their_names(recordings: Path) -> None:
    for name in ("a.hea", "a.dat"):
        (recordings / name).rename(recordings / name.upper())
    table(recordings, "id,patient\nA.HEA,p1\n")
    catalogue = folder(recordings, key=KEY)
    assert catalogue.column("path") == ["A.HEA", "b.hea", "deep/c.hea"]
    assert catalogue.column("patient_id")[0] == pseudonym("p1", KEY)
    assert read(recordings / "A.HEA").record_id == "A"


def test_a_table_that_is_not_there_is_refused(recordings: Path) -> None:
    with pytest.raises(DataError, match="there is no table"):
        folder(recordings, csv_path=recordings / "other.csv")


def test_a_record_outside_the_table_is_in_no_split(recordings: Path) -> None:
    table(recordings, "id,split\na,train\n")
    assert folder(recordings).column("split") == ["train", "", ""]


def test_a_damaged_header_is_left_to_the_preparation(recordings: Path) -> None:
    (recordings / "a.hea").write_text("nonsense")
    assert folder(recordings).column("record_id") == ["a", "b", "deep/c"]
    with pytest.raises(SignalError):
        read(recordings / "a.hea")


PATIENTS = "id,patient\na,p1\nb,p2\ndeep/c,p1\n"


def test_without_a_key_patients_stay_apart_and_cannot_be_linked(recordings: Path) -> None:
    table(recordings, PATIENTS)
    first, second = (folder(recordings).column("patient_id") for _ in range(2))
    assert first[0] == first[2] != first[1]
    assert not set(first) & set(second)
    assert THROWN_AWAY in folder(recordings).notes
    assert all(len(patient) == 16 and int(patient, 16) >= 0 for patient in first)


def test_splits_come_from_the_ids_themselves_whatever_the_key(recordings: Path) -> None:
    table(recordings, PATIENTS)
    expected = split_by_patient(["p1", "p2", "p1"])
    for key in (None, KEY, bytes(32)):
        assert folder(recordings, key=key).column("split") == expected


def test_an_age_above_90_becomes_90(recordings: Path) -> None:
    table(recordings, "id,age\na,97\nb,90\ndeep/c,89.5\n")
    assert folder(recordings).column("age") == [90.0, 90.0, 89.5]


def test_record_ids_that_tell_of_a_person_are_noted_once(tmp_path: Path, write_recording: Any) -> None:
    for seed, name in enumerate(("smith_john_19530201", "okafor_ada_19610509", "r3")):
        write_recording(tmp_path, name, seed=seed)
    [note] = [note for note in folder(tmp_path).notes if "record ids look" in note]
    assert note.startswith("2 record ids")
    assert "okafor" not in note
    assert "ada" not in note


def test_the_table_of_an_ordinary_folder_is_not_doubted(recordings: Path) -> None:
    assert not any("record ids look" in note for note in folder(recordings).notes)
