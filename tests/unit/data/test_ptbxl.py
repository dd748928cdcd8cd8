"""PTB-XL's table is read as its authors mean it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from ecg_text.data.sources.ptbxl import ptbxl
from ecg_text.data.splits import check_disjoint
from ecg_text.data.store import Store
from ecg_text.data.store_writer import write_store
from ecg_text.errors import DataError
from ecg_text.signal.preprocess import Preprocess

ROW = {
    "ecg_id": "17",
    "patient_id": "15709.0",
    "age": "56.0",
    "sex": "1",
    "site": "0.0",
    "device": "CS-12   E",
    "report": "sinusrhythmus",
    "scp_codes": "{'NORM': 100.0, 'NST_': 0.0, 'SR': 0.0}",
    "strat_fold": "3",
    "filename_lr": "records100/00000/00017_lr",
    "filename_hr": "records500/00000/00017_hr",
}


def collection(folder: Path, *rows: dict[str, str], signals: tuple[str, ...] = ("records100",)) -> Path:
    for name in signals:
        (folder / name).mkdir(parents=True)
    with (folder / "ptbxl_database.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(ROW))
        table.writeheader()
        table.writerows({**ROW, **row} for row in rows)
    return folder


def test_a_row_is_read_as_its_authors_mean_it(tmp_path: Path) -> None:
    row = {name: values[0] for name, values in ptbxl(collection(tmp_path, {})).rows([0]).items()}
    assert row["report"]
    assert {**row, "report": "..."} == {
        "record_id": "17",
        "patient_id": "15709",
        "path": "records100/00000/00017_lr",
        "age": 56.0,
        "sex": "female",
        "report": "...",
        "raw_report": "sinusrhythmus",
        "labels": ["NORM", "NST_", "SR"],
        "likelihoods": [100.0, 0.0, 0.0],
        "split": "train",
        "fold": 3,
        "site": "0",
        "device": "CS-12 E",
        "verdict": None,
        "findings": [],
        "evidence": None,
    }


@pytest.mark.parametrize(
    ("written", "column", "read"),
    [
        ({"age": "300.0"}, "age", 90.0),
        ({"age": ""}, "age", None),
        ({"sex": "0"}, "sex", "male"),
        ({"sex": ""}, "sex", None),
        ({"site": ""}, "site", None),
        ({"device": ""}, "device", None),
        ({"report": ""}, "report", None),
        ({"report": ""}, "raw_report", None),
        ({"scp_codes": "{}"}, "labels", []),
        ({"strat_fold": "8"}, "split", "train"),
        ({"strat_fold": "9"}, "split", "val"),
        ({"strat_fold": "10"}, "split", "test"),
    ],
)
def test_cells_with_a_meaning_of_their_own(written: dict[str, str], column: str, read: Any, tmp_path: Path) -> None:
    assert ptbxl(collection(tmp_path, written)).column(column) == [read]


def test_the_rate_that_is_there_is_taken_and_another_can_be_asked_for(tmp_path: Path) -> None:
    both = collection(tmp_path / "both", {}, signals=("records100", "records500"))
    fast = collection(tmp_path / "fast", {}, signals=("records500",))
    assert ptbxl(both).column("path") == ["records100/00000/00017_lr"]
    assert ptbxl(both, rate_hz=500).column("path") == ["records500/00000/00017_hr"]
    assert ptbxl(fast).column("path") == ["records500/00000/00017_hr"]
    with pytest.raises(DataError, match="but not records100"):
        ptbxl(fast, rate_hz=100)
    with pytest.raises(DataError, match="no signals at 250 Hz; choose one of 100, 500"):
        ptbxl(fast, rate_hz=250)


def test_without_table_or_signals_the_refusal_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no ptbxl_database\.csv; point at the folder that contains"):
        ptbxl(tmp_path)
    with pytest.raises(DataError, match="but not records100 nor records500"):
        ptbxl(collection(tmp_path, {}, signals=()))


@pytest.mark.parametrize("wrong", [{"scp_codes": "NORM"}, {"strat_fold": "x"}, {"patient_id": ""}])
def test_another_table_of_that_name_is_refused(wrong: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not PTB-XL's table"):
        ptbxl(collection(tmp_path, wrong))


def test_records_without_a_signal_are_in_the_catalogue_and_then_skipped(
    tmp_path: Path, write_recording: Any, preprocess: Preprocess
) -> None:
    folder = collection(tmp_path / "ptbxl", {}, {"ecg_id": "18", "filename_lr": "records100/00000/00018_lr"})
    write_recording(folder / "records100" / "00000", "00018_lr", seed=1)
    catalogue = ptbxl(folder)
    report = write_store(catalogue, folder, tmp_path / "store", preprocess, workers=1)
    assert (len(catalogue), report.num_written, report.num_skipped) == (2, 1, 1)
    assert Store.open(tmp_path / "store").catalogue.column("record_id") == ["18"]


@pytest.mark.slow
@pytest.mark.shared
def test_the_real_collection_has_its_published_numbers(ptbxl_dir: Path) -> None:
    catalogue = ptbxl(ptbxl_dir)
    assert len(catalogue) == 21_799
    assert [len(catalogue.where_split(split)) for split in ("train", "val", "test")] == [17_418, 2_183, 2_198]
    assert len(set(catalogue.column("patient_id"))) == 18_869
    assert catalogue.label_matrix([["NORM"], ["AFIB"]]).sum(axis=0).tolist() == [9516, 1514]
    check_disjoint(catalogue)


def test_what_became_of_the_reports_is_noted(tmp_path: Path) -> None:
    said = [
        "sinusrhythmus",
        "sinus rhythm.",
        "trace only requested.",
        "",
        "sinus rhythm Edit: NORM 80",
        "x " * 127 + "y",
    ]
    rows = [{"ecg_id": str(number), "report": report} for number, report in enumerate(said)]
    catalogue = ptbxl(collection(tmp_path, *rows))
    assert catalogue.column("report")[:5] == ["sinusrhythmus", "sinus rhythm.", None, None, "sinus rhythm"]
    [note] = catalogue.notes
    assert note.startswith("reports, cleaned by ptbxl (")
    assert note.endswith(
        "2 English, 1 German, 1 of unknown language, 1 missing, 1 only boilerplate, 1 cut off by their source"
    )
