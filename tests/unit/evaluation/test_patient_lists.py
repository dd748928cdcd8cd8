"""Lists of records become rows of a store and patients; what does not fit is refused with the name of the file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import DataError
from ecg_text.evaluation.patient_lists import read_lists

PATIENTS = ("a", "a", "b", "b", "c", None)


@pytest.fixture
def store() -> Any:
    columns = {
        "record_id": [str(row) for row in range(10, 16)],
        "patient_id": list(PATIENTS),
        "path": ["x"] * 6,
        "split": ["val"] * 6,
    }
    return SimpleNamespace(catalogue=Catalogue.from_columns(columns), folder=Path("a store"))


def written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_published_layout_is_read(store: Any, tmp_path: Path) -> None:
    gallery = written(
        tmp_path,
        "gallery",
        "filename_hr,length,label",
        "records500/00000/00012_hr,2500,1",
        "records500/00000/00010_hr,2500,0",
    )
    probe = written(
        tmp_path,
        "probe",
        "filename_hr,length,label",
        "records500/00000/00011_hr,2500,0",
        "records500/00000/00013_hr,2500,1",
    )
    first, second = read_lists(gallery, probe, store)
    assert (first.rows.tolist(), first.patients) == ([2, 0], ("1", "0"))
    assert (second.rows.tolist(), second.patients) == ([1, 3], ("0", "1"))
    part = first.part(np.array([False, True]))
    assert (part.rows.tolist(), part.patients) == ([0], ("0",))


def test_record_ids_alone_take_the_patients_of_the_store(store: Any, tmp_path: Path) -> None:
    gallery, probe = written(tmp_path, "g", "record_id", "10", "12"), written(tmp_path, "p", "record_id", "13", "11")
    first, second = read_lists(gallery, probe, store)
    assert (first.patients, second.patients) == (("a", "b"), ("b", "a"))


@pytest.mark.parametrize(
    ("gallery", "probe", "told"),
    [
        (("record_id",), ("record_id", "11"), "g.csv lists no record"),
        (("record_id", "99"), ("record_id", "11"), r"g.csv: record '99' is not in a store \(1 in all\)"),
        (("record_id", "10"), ("record_id", "10"), "record '10' is in .*g.csv and in .*p.csv"),
        (("record_id", "10", "10"), ("record_id", "11"), "g.csv lists record '10' more than once"),
        (("name", "10"), ("record_id", "11"), "g.csv has the columns name; give record_id"),
        (("filename_hr", "10.dat"), ("record_id", "11"), "'10.dat' is no record of PTB-XL"),
        (("record_id", "15"), ("record_id", "11"), "does not know the patient"),
        (("record_id,label", "10,0"), ("record_id,label", "11,1"), "disagree about 'a'"),
        (("record_id,label", "10,0"), ("record_id,label", "12,0"), "disagree about '0'"),
    ],
)
def test_what_does_not_fit_is_refused(
    store: Any, tmp_path: Path, gallery: tuple[str, ...], probe: tuple[str, ...], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        read_lists(written(tmp_path, "g", *gallery), written(tmp_path, "p", *probe), store)


def test_a_file_that_is_no_list_is_refused(store: Any, tmp_path: Path) -> None:
    probe = written(tmp_path, "p", "record_id", "11")
    with pytest.raises(DataError, match="cannot be read"):
        read_lists(tmp_path / "none.csv", probe, store)
    (tmp_path / "g.csv").write_bytes(b"record_id\n\xff\xfe\n")
    with pytest.raises(DataError, match="is no CSV file"):
        read_lists(tmp_path / "g.csv", probe, store)
