"""Every kind of file is scanned for identifiers, of any length, and nothing outside the folder is opened."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecg_text.data import phi
from ecg_text.data.phi import Found, scan, scan_files
from ecg_text.data.phi_passage import PIECE, encoding_of, text_pieces
from ecg_text.errors import DataError

SENTENCE = "Patient: Ada Okafor, geb. 03.04.1951."


def kinds(path: Path) -> list[tuple[str, str]]:
    return [(found.place, found.kind) for found in scan(path)]


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("notes.txt", f"fine\n{SENTENCE}\n", "line 2"),
        ("card.md", f"# Model\n\n- {SENTENCE}\n", "line 3"),
        ("page.html", f"<html><p>fine</p>\n<p>{SENTENCE}</p></html>", "line 2"),
        ("log.jsonl", json.dumps({"step": 1}) + "\n" + json.dumps({"text": SENTENCE}), "line 2, text"),
        ("any.json", json.dumps({"a": [{"b": SENTENCE}]}), "a, b"),
        ("table.csv", f'id,report\n1,fine\n2,"{SENTENCE}"\n', "report, row 3"),
        ("semi.csv", f'id;report\n1;fine\n2;"{SENTENCE}"\n', "report, row 3"),
        ("record.hea", f"r 1 500 10\nr.dat 16 1000 16 0 0 0 0 II\n# {SENTENCE}\n", "line 3"),
        ("blob.mat", b"\0\1\2" * 50 + SENTENCE.encode() + b"\0\0", "byte 150"),
        ("wide.txt", b"\xff\xfe" + SENTENCE.encode("utf-16-le"), "line 1"),
        ("latin.txt", b"\xe4\xf6 " + SENTENCE.encode("latin-1") + b" " * 9, "line 1"),
    ],
)
def test_a_sentence_is_found_in_every_kind_of_text(tmp_path: Path, name: str, content: str | bytes, place: str) -> None:
    assert kinds(put(tmp_path, name, content)) == [(place, "name"), (place, "date")]


def test_tables_are_scanned_by_the_names_of_their_columns(tmp_path: Path) -> None:
    table = pa.table(
        {
            "record_id": ["r1", "smith_john_19530201"],
            "patient_id": ["0123456789abcdef", "4711"],
            "age": [90.0, 94.0],
            "recorded_date": pa.array([None, 0], pa.date32()),
            "labels": [["NORM"], [SENTENCE]],
            "signal": [b"Patient: Ada Okafor", b""],
            "fold": [1953, 2],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    with pa.OSFile(str(tmp_path / "b.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    with pa.OSFile(str(tmp_path / "c.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    for name in ("a.parquet", "b.arrow", "c.arrow"):
        assert kinds(tmp_path / name) == [
            ("record_id, row 2", "name"),
            ("record_id, row 2", "date"),
            ("patient_id, row 2", "record"),
            ("age, row 2", "age"),
            ("recorded_date, row 2", "date"),
            ("labels, row 2", "name"),
            ("labels, row 2", "date"),
        ]


def test_the_public_ids_of_a_store_of_ptbxl_are_no_finds(tmp_path: Path) -> None:
    pq.write_table(pa.table({"patient_id": ["15709"]}), tmp_path / "catalogue.parquet")
    assert kinds(tmp_path) == [("patient_id, row 1", "record")]
    put(tmp_path, "store.json", json.dumps({"source": "ptbxl"}))
    assert kinds(tmp_path) == []


def test_the_header_of_weights_is_read_and_the_weights_are_not(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": {"author": SENTENCE}, "w": {}}).encode()
    put(tmp_path, "m.safetensors", struct.pack("<Q", len(header)) + header + SENTENCE.encode())
    assert kinds(tmp_path) == [("metadata, author", "name"), ("metadata, author", "date")]


def test_the_moments_of_a_job_are_no_dates_of_a_patient(tmp_path: Path) -> None:
    moment = "2026-03-01T12:00:01"
    put(tmp_path, "run.json", json.dumps({"created": moment, "facts": {"birth_date": moment}}))
    put(tmp_path, "log.jsonl", json.dumps({"time": moment}))
    put(tmp_path, "job.log", "2026-03-01 12:00:01 INFO begins\n")
    put(tmp_path, "result.json", json.dumps({"format": "ecg_text.result/1", "created": moment}))
    put(tmp_path, "other.json", json.dumps({"created": moment}))
    assert [(Path(found.file).name, found.place) for found in scan(tmp_path)] == [
        ("other.json", "created"),
        ("run.json", "facts, birth_date"),
    ]


def test_a_path_with_a_users_name_is_found(tmp_path: Path) -> None:
    put(tmp_path, "run.json", json.dumps({"facts": {"store": "/home/jane.smith/store"}}))
    assert kinds(tmp_path) == [("facts, store", "path")]


def test_recordings_are_read_by_their_own_headers(tmp_path: Path) -> None:
    head = f"{'0':<8}{'12345 F 02-MAY-1951 Okafor_Ada':<80}{'Startdate X X X X':<80}01.01.8510.10.10512     {'':<44}"
    put(tmp_path, "a.edf", head.encode().ljust(512))
    ishne = b"ISHNE1.0" + struct.pack("<HiiiiH", 0, 0, 9, 522, 522, 1)
    ishne += b"Ada".ljust(40, b"\0") + b"Okafor".ljust(40, b"\0") + b"4711".ljust(20, b"\0")
    put(tmp_path, "b.ecg", (ishne + struct.pack("<8h", 1, 1, 9, 5, 1944, 0, 0, 0)).ljust(522, b"\0"))
    put(
        tmp_path,
        "c.xml",
        "<RestingECG><PatientLastName>Okafor</PatientLastName>\n<DateofBirth>07-21-1948</DateofBirth>"
        '<id root="1.2" extension="SUBJ-12"/><birthTime value="19530508"/><digits>555 120 1300</digits></RestingECG>',
    )
    assert [(Path(found.file).name, found.place, found.kind) for found in scan(tmp_path)] == [
        ("a.edf", "patient, patient id", "record"),
        ("a.edf", "patient, date of birth", "date"),
        ("a.edf", "patient, patient name", "name"),
        ("b.ecg", "first name", "name"),
        ("b.ecg", "last name", "name"),
        ("b.ecg", "patient id", "record"),
        ("b.ecg", "date of birth", "date"),
        ("c.xml", "line 1", "name"),
        ("c.xml", "line 2", "date"),
        ("c.xml", "line 2", "record"),
        ("c.xml", "line 2", "date"),
    ]


def test_a_dicom_file_is_read_by_its_attributes(tmp_path: Path) -> None:
    dataset = pytest.importorskip("pydicom").dataset.Dataset()
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Okafor^Ada", "4711", "19530201"
    dataset.StudyDate, dataset.PatientAge, dataset.PatientSex = "", "071Y", "F"
    dataset.file_meta = pytest.importorskip("pydicom").dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.9.1.1", "1.2.3"
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert sorted(kinds(tmp_path)) == [("PatientBirthDate", "date"), ("PatientID", "record"), ("PatientName", "name")]


def test_samples_give_no_false_finds(tmp_path: Path, generator: np.random.Generator) -> None:
    noise = (generator.standard_normal(500_000) * 900).astype("<i2").tobytes()
    put(tmp_path, "a.mat", b"\0" + noise)
    assert kinds(tmp_path) == []


@pytest.mark.slow
def test_a_find_across_two_pieces_is_found_once(tmp_path: Path) -> None:
    for before in (PIECE - 1030, PIECE - 1024, PIECE - 20, PIECE + 3):
        path = put(tmp_path, "long.txt", "x" * (before - 1) + "\n" + SENTENCE + "\n" + "y" * PIECE)
        assert kinds(path) == [("line 2", "name"), ("line 2", "date")]


def test_pieces_cover_a_text_once_with_context_around_them(tmp_path: Path) -> None:
    text = "".join(chr(97 + number % 26) for number in range(3 * PIECE + 77))
    path = put(tmp_path, "long.txt", text)
    pieces = list(text_pieces(path, "utf-8"))
    assert "".join(piece.text[piece.start : piece.stop] for piece in pieces) == text
    assert max(len(piece.text) for piece in pieces) < PIECE + 2048


def test_the_finds_of_one_file_are_kept_in_flat_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phi, "MOST_PLACES", 10)
    path = put(tmp_path, "many.txt", "\n".join(f"MRN {number}" for number in range(10_000, 10_040)))
    found = list(scan(path))
    assert len(found) == 11
    assert found[-1] == Found(file=str(path), place=phi.ELSEWHERE, kind="record", excerpt="...", count=30)


def test_links_and_archives_are_told_of_and_not_opened(tmp_path: Path) -> None:
    outside = put(tmp_path, "outside.txt", SENTENCE)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.txt").symlink_to(outside)
    (folder / "deep").symlink_to(tmp_path, target_is_directory=True)
    put(folder, "all.zip", b"PK\x03\x04" + SENTENCE.encode())
    put(folder, "tokenizer.json", json.dumps({"vocab": ["Patient: Ada"]}))
    scanned = list(scan_files(folder))
    assert [(Path(one.file).name, one.read_as, one.found) for one in scanned] == [
        ("all.zip", "", ()),
        ("link.txt", "", ()),
        ("tokenizer.json", "", ()),
    ]
    assert [one.is_gap for one in scanned] == [True, False, False]


def test_a_damaged_file_is_told_of_without_its_words(tmp_path: Path) -> None:
    put(tmp_path, "a.parquet", b"PAR1" + SENTENCE.encode())
    [scanned] = scan_files(tmp_path)
    assert scanned.is_gap
    assert scanned.unread.startswith("cannot be read to its end")
    assert "Ada" not in scanned.unread


def test_names_of_files_are_scanned_too(tmp_path: Path) -> None:
    assert kinds(put(tmp_path, "okafor_ada_19530201.txt", "fine")) == [("file name", "name"), ("file name", "date")]


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file or folder"):
        list(scan(tmp_path / "none"))


def test_the_encoding_is_told_by_the_first_bytes() -> None:
    assert encoding_of("Müller".encode()) == "utf-8-sig"
    assert encoding_of("Müller".encode()[:2]) == "utf-8-sig"
    assert encoding_of("Müller und mehr".encode("latin-1")) == "latin-1"
