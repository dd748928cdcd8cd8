"""No refusal repeats a word of a file: names and days in its text fields would end up in tables, notes and logs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import EcgTextError
from ecg_text.signal.formats.guard import told_error
from ecg_text.signal.formats.walk import walk
from ecg_text.signal.formats.write_parquet import write_parquet
from ecg_text.signal.read import read
from ecg_text.signal.synthetic.synthesise import synthesise
from tests.unit.signal.formats.test_vendor_formats import CASES, Case, each_format, written
from tests.unit.signal.formats.vendor_files import library_files, open_files
from tests.unit.signal.formats.vendor_files.source import SECRETS, smooth_source

DAY, NAME = "19500312", "DOE JANE"
PLANTED = re.compile("|".join(("doe(?!s)", "jane", DAY, *SECRETS)), re.IGNORECASE)
CUTS = (0.02, 0.2, 0.5, 0.9, 0.995)
CHANGES = 60
SOURCE = smooth_source(num_samples=1000)


def messages(path: Path) -> list[str]:
    """What both doors say of a file: the refusals alone."""
    told = [found.refused for found in walk(path) if found.refused]
    for stated in ({}, {"rate_hz": 500, "unit": "mV"}, {"unit": "uV"}, {"leads": ["I", "II"]}):
        try:
            read(path, **stated)
        except EcgTextError as error:
            told.append(str(error))
    return [message.replace(str(path), "") for message in told]


def leaks(path: Path) -> list[str]:
    return with_planted(messages(path))


def with_planted(told: list[str]) -> list[str]:
    return [message for message in told if PLANTED.search(message)]


def damaged(data: bytes, generator: np.random.Generator) -> list[bytes]:
    """The file cut, with a name written over its bytes, and with a name in place of one of its numbers or words."""
    made = [data[: int(len(data) * part)] for part in CUTS]
    head = min(len(data), 4000)
    for place in generator.integers(0, head, CHANGES):
        word = (NAME.replace(" ", "_") if place % 2 else DAY).encode()
        made.append(data[:place] + word + data[place + len(word) :])
    return made


@pytest.mark.slow
@each_format
def test_a_damaged_file_of_a_vendor_is_refused_without_its_words(
    case: Case, tmp_path: Path, generator: np.random.Generator
) -> None:
    path, _ = written(case, tmp_path)
    num_refused = 0
    for data in damaged(path.read_bytes(), generator):
        path.write_bytes(data)
        told = messages(path)
        num_refused += bool(told)
        assert with_planted(told) == []
    assert num_refused >= len(CUTS)


@pytest.mark.parametrize("name", ["DICOM", "Mortara", "HL7 aECG", "GE MUSE", "Philips", "Kardia", "EDF+", "MFER"])
@pytest.mark.parametrize("lead", ["V1", "500", "uV", "mV", "I"])
def test_a_name_where_a_lead_a_unit_or_a_rate_stands_is_not_told(name: str, lead: str, tmp_path: Path) -> None:
    path, _ = written(CASES[name], tmp_path)
    data = path.read_bytes()
    for encoding in ("latin-1", "utf-16-le"):
        old = lead.encode(encoding)
        path.write_bytes(data.replace(old, (NAME + " " * 9)[: max(len(lead), 8)].encode(encoding)))
        assert leaks(path) == []


OPEN = {
    "WFDB": open_files.write_wfdb, "WFDB 212": lambda path, source: open_files.write_wfdb(path, source, fmt="212"),
    "Challenge": open_files.write_challenge, "CODE-15": open_files.write_code15, "SPH": open_files.write_sph,
    "npy": open_files.write_npy, "CSV": open_files.write_csv, "Parquet": open_files.write_parquet,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("write", OPEN.values(), ids=OPEN)
def test_a_damaged_open_file_is_refused_without_its_words(
    write: Callable[..., Path], tmp_path: Path, generator: np.random.Generator
) -> None:
    path = write(tmp_path / "r7", SOURCE)
    num_refused = 0
    for data in damaged(path.read_bytes(), generator):
        path.write_bytes(data)
        told = messages(path)
        num_refused += bool(told)
        assert with_planted(told) == []
    assert num_refused >= len(CUTS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.hea", f"{NAME} born {DAY}\n"),
        ("a.hea", f"a 1 500 10\nDOE_JANE_{DAY}.dat 16 1000/mV 16 0 0 0 0 II\n"),
        ("a.hea", f"a 1 500 10\n../DOE_JANE_{DAY}.dat 16 1000/mV 16 0 0 0 0 II\n"),
        ("a.hea", f"a 1 500 10\nDOE JANE {DAY}\n"),
        ("a.hea", f"a/1 1 500 10\nDOE_JANE_{DAY} 10\n"),
        ("a.csv", f"{NAME},{DAY}\n1,2\n3,4\n"),
        ("a.csv", f"I,II\n1,2\n{NAME},{DAY}x\n"),
        ("a.csv", f"I,{NAME}\n1,2\n3,4\n"),
        ("a.npy", b"\x93NUMPY\1\0\x46\0" + f"{{'descr': '{NAME}', 'fortran_order': False, 'shape': (2,)}}".encode()),
        ("a.json", json.dumps({"data": {"raw": {"frequency": NAME, "samples": {NAME: [1, 2]}}}})),
        ("a.xml", f"<RestingECG><{NAME}></RestingECG>"),
        ("a.xml", f'<?xml version="1.0" encoding="{DAY}"?><AnnotatedECG xmlns="urn:hl7-org:v3"/>'),
    ],
)
def test_a_text_in_place_of_a_field_is_not_told(name: str, content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert messages(path)
    assert leaks(path) == []


def test_names_of_fields_channels_and_arrays_are_not_told(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    from scipy.io import savemat

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[NAME], file[DAY] = np.zeros((2, 9)), np.zeros((2, 9))
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file[NAME] = h5py.SoftLink("/elsewhere")
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file[NAME] = h5py.ExternalLink("other.h5", f"/{DAY}")
    savemat(tmp_path / "d.mat", {"DOE_JANE": np.zeros((2, 9)), "b": np.zeros((2, 9))})
    np.save(tmp_path / "e.npy", np.zeros(4, dtype=[(NAME, "f4"), (DAY, "f4")]))
    library_files.write_edf(tmp_path / "f.edf", SOURCE)
    data = (tmp_path / "f.edf").read_bytes()
    (tmp_path / "f.edf").write_bytes(data.replace(b"ECG V1".ljust(16), NAME.encode().ljust(16)))
    open_files.write_wfdb(tmp_path / "g", SOURCE)
    header = (tmp_path / "g.hea").read_text()
    (tmp_path / "g.hea").write_text(header.replace(" V1", f" {NAME} {DAY}"))
    open_files.write_wfdb(tmp_path / "h", SOURCE)
    header = (tmp_path / "h.hea").read_text()
    (tmp_path / "h.hea").write_text(header.replace("/mV", "/DOE_JANE"))
    for path in sorted(tmp_path.iterdir()):
        if path.suffix != ".dat":
            assert messages(path), path.name
            assert leaks(path) == []


def test_a_row_of_our_own_parquet_may_say_what_it_likes(tmp_path: Path, generator: np.random.Generator) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    record = synthesise("sinus rhythm", generator, rate_hz=100, duration_s=4).record
    write_parquet([record], tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    for column, value in (("leads", [[NAME] * 12]), ("dtype", [NAME]), ("sex", [NAME]), ("device", [f"{NAME} cart"])):
        kind = table.schema.field(column).type
        changed = table.set_column(table.schema.get_field_index(column), column, pa.array(value, kind))
        pq.write_table(changed.replace_schema_metadata(table.schema.metadata), tmp_path / "b.parquet")
        assert leaks(tmp_path / "b.parquet") == []
        if column in ("sex", "device"):
            assert PLANTED.search(repr(read(tmp_path / "b.parquet"))) is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("could not convert string to float: 'DoeJane'"), "ValueError"),
        (ValueError("could not convert string 'Doe' to float64 at row 3, column 2."), "no number at row 3, column 2"),
        (KeyError(NAME), "KeyError"),
        (ValueError("buffer is smaller than requested size"), "buffer is smaller than requested size"),
        (FileNotFoundError(2, "No such file or directory", NAME), "No such file or directory"),
        (OSError(f"{NAME} is gone"), "OSError"),
        (ModuleNotFoundError("No module named 'x'", name="x"), "no package x"),
    ],
)
def test_an_error_is_told_by_its_type_unless_its_text_is_harmless(error: Exception, told: str) -> None:
    assert told_error(error) == told
