"""What a scan could pass over without a word: the edges of pieces, headings, notes, packed and pickled texts."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ecg_text.data.phi import scan, scan_files
from ecg_text.data.phi_passage import PIECE

SENTENCE = "Patient: Ada Okafor, geb. 03.04.1951."
BOTH = ["name", "date"]


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def kinds(path: Path) -> list[str]:
    return [found.kind for found in scan(path)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "element",
    [
        "<PatientLastName>Okafor</PatientLastName>",
        '<SUBJECT LAST_NAME="Okafor" ROOM="1"/>',
        "<PatientLastName><![CDATA[Okafor]]></PatientLastName>",
        f'<PatientLastName a="{"x" * 3000}">Okafor</PatientLastName>',
    ],
)
def test_an_element_at_the_edge_of_a_piece_is_found_once(element: str, tmp_path: Path) -> None:
    for behind in (1 << 13, 1 << 10):
        for before in range(PIECE - behind - len(element) - 3, PIECE - behind + 3, 2 + len(element) // 3):
            path = put(tmp_path, "a.xml", "<r><digits>" + "1 " * (before // 2) + f"</digits>{element}<x/>")
            assert kinds(path) == ["name"], before


def test_what_stands_behind_a_picture_keeps_its_place(tmp_path: Path) -> None:
    picture = f'<html>\n<img src="data:image/png;base64,{"A" * 500}"/>\n'
    path = put(tmp_path, "a.html", picture + f"<p>{SENTENCE}</p></html>" + "y" * PIECE)
    assert [(found.place, found.kind) for found in scan(path)] == [("line 3", "name"), ("line 3", "date")]


def test_the_first_row_of_a_table_is_read_as_text_too(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", f'"{SENTENCE}",fine\n"Dr. Ada Okafor",fine\n')
    assert [(found.place, found.kind) for found in scan(path)] == [
        ("column 1, row 1", "name"),
        ("column 1, row 1", "date"),
        (f"{SENTENCE}, row 2", "name"),
    ]
    assert kinds(put(tmp_path, "b.csv", "patient_name,date_of_birth,mrn\n")) == []


def test_the_notes_of_annotations_are_read(tmp_path: Path) -> None:
    wfdb = pytest.importorskip("wfdb")
    for suffix in ("atr", "qrs"):
        notes = ["", SENTENCE]
        wfdb.wrann("r", suffix, np.array([5, 90]), symbol=["N", '"'], aux_note=notes, write_dir=str(tmp_path))
        assert kinds(tmp_path / f"r.{suffix}") == BOTH


@pytest.mark.parametrize("text", [SENTENCE, f"{SENTENCE} Well today, and back in a week for another one."])
@pytest.mark.parametrize("protocol", [1, 2, 4, 5])
def test_pickled_texts_are_read(protocol: int, text: str, tmp_path: Path) -> None:
    for name in ("a.bin", "a.pkl", "a.pt"):
        assert kinds(put(tmp_path, name, pickle.dumps({"a": 1.5, "note": text}, protocol=protocol))) == BOTH


def test_texts_in_a_checkpoint_of_torch_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({"note": SENTENCE}))
        archive.writestr("a/data/0", bytes(1000))
    assert kinds(tmp_path) == BOTH


@pytest.mark.parametrize("dtype", ["U60", "S60", object, [("note", "U60"), ("age", "f4")]])
def test_arrays_of_texts_are_read(dtype: object, tmp_path: Path) -> None:
    row = (SENTENCE, 50) if isinstance(dtype, list) else SENTENCE
    np.save(tmp_path / "a.npy", np.array([row], dtype=dtype), allow_pickle=True)
    assert kinds(tmp_path) == BOTH


def test_arrays_and_samples_of_numbers_are_passed_over(tmp_path: Path, generator: np.random.Generator) -> None:
    np.save(tmp_path / "a.npy", generator.standard_normal(1000))
    put(tmp_path, "b.dat", (generator.standard_normal(5000) * 900).astype("<i2").tobytes())
    assert [(one.read_as, one.is_gap) for one in scan_files(tmp_path)] == [("", False)] * 2


def test_a_text_with_the_suffix_of_samples_is_read(tmp_path: Path) -> None:
    assert kinds(put(tmp_path, "a.dat", f"notes\n{SENTENCE}\n")) == BOTH


@pytest.mark.parametrize("is_plus", [False, True])
def test_every_field_of_an_edf_header_is_read(is_plus: bool, tmp_path: Path) -> None:
    kind = "EDF+C" if is_plus else ""
    head = f"{'0':<8}{'X X X X':<80}{'Startdate X X X X':<80}01.01.8510.10.10{768:<8}{kind:<44}{1:<8}{1:<8}{2:<4}"
    assert len(head) == 256
    texts = (("ECG I", "ECG II"), (SENTENCE, "AgAgCl"), ("uV", "uV"), *[("0", "1")] * 4, ("HP", f"by Dr. {'Okafor'}"))
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    fields = "".join(f"{text:<{width}}" for pair, width in zip(texts, widths, strict=False) for text in pair)
    fields += f"{2:<8}{2:<8}{'':<32}{'seen by Dr. Okafor':<32}"
    path = put(tmp_path, "a.edf", (head + fields).encode() + bytes(8))
    assert [(found.place, found.kind) for found in scan(path)] == [
        ("signal 1, transducer", "name"),
        ("signal 1, transducer", "date"),
        ("signal 2, filters", "name"),
        ("signal 2, reserved", "name"),
    ]


def test_private_elements_of_unknown_kind_are_read(tmp_path: Path) -> None:
    dicom = pytest.importorskip("pydicom")
    dataset = dicom.dataset.Dataset()
    dataset.add_new((0x0011, 0x0010), "LO", "ACME 1.0")
    dataset.add_new((0x0011, 0x1001), "UN", SENTENCE.encode())
    dataset.file_meta = dicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = dicom.uid.ImplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.9.1.1", "1.2.3"
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert kinds(tmp_path) == BOTH


def test_what_is_packed_is_told_of(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    from scipy.io import savemat

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("note", data=np.array([SENTENCE.encode()] * 99), compression="gzip")
    savemat(tmp_path / "b.mat", {"note": SENTENCE}, do_compression=True)
    put(tmp_path, "c.zst", b"\x28\xb5\x2f\xfd" + bytes(50))
    put(tmp_path, "d.csv.gz", gzip.compress(SENTENCE.encode()))
    put(tmp_path, "e.lz4", b"\x04\x22\x4d\x18" + bytes(50))
    scanned = list(scan_files(tmp_path))
    assert [one.is_gap for one in scanned] == [True] * 5
    assert all(one.unread for one in scanned)
    assert [one.read_as for one in scanned] == ["binary", "binary", "", "", ""]


HOSTILE = {
    "a.xml": '<a b="' * 34_000,
    "b.xml": "<a" * 100_000,
    "c.html": "data:" * 40_000,
    "d.txt": "a" * 200_000,
    "e.txt": "address: " * 22_000,
    "f.txt": "Dr. " * 50_000,
    "g.json": json.dumps({"a" * 200_000: "1" * 200_000}),
    "h.csv": "," * 200_000,
    "i.bin": b"\0" + b"A\0" * 100_000,
    "j.xml": "a.b-" * 50_000,
    "k.txt": "a^" * 100_000,
    "l.edf": b"0       ".ljust(252) + b"9999" + b"a" * 200_000,
    "m.ecg": b"ISHNE1.0" + struct.pack("<Hi", 0, -1) + b"a" * 200_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_files_made_to_hold_a_search_up_are_read_to_their_end(name: str, tmp_path: Path) -> None:
    content = HOSTILE[name]
    tail = b"" if name.endswith(("json", "edf", "ecg")) else f"\n{SENTENCE}\n".encode()
    path = put(tmp_path, name, (content if isinstance(content, bytes) else content.encode()) + tail)
    [scanned] = scan_files(path)
    assert not scanned.is_gap
    assert {"name", "date"} <= {one.kind for one in scanned.found} or not tail
