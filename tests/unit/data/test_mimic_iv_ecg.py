"""The tables of MIMIC-IV-ECG are read as they are published, whole or in part, and refused where they are not."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ecg_text.data.sources.mimic_iv_ecg import mimic_iv_ecg
from ecg_text.errors import DataError

Row = dict[str, Any]
RECORD_HEADING = ("subject_id", "study_id", "file_name", "ecg_time", "path")
STATEMENTS = tuple(f"report_{number}" for number in range(18))
MEASUREMENT_HEADING = ("subject_id", "study_id", "cart_id", "ecg_time", *STATEMENTS, "bandwidth", "filtering")
MEASUREMENT_HEADING += (
    "rr_interval",
    "p_onset",
    "p_end",
    "qrs_onset",
    "qrs_end",
    "t_end",
    "p_axis",
    "qrs_axis",
    "t_axis",
)


def record(subject: int, study: int, **changed: Any) -> Row:
    path = f"files/p{str(subject)[:4]}/p{subject}/s{study}/{study}"
    row = {"subject_id": subject, "study_id": study, "file_name": study, "ecg_time": "2180-07-23 08:44:00"}
    return {**row, "path": path, **changed}


def measured(subject: int, study: int, *said: str, **changed: Any) -> Row:
    row = {"subject_id": subject, "study_id": study, "cart_id": 6848296, "ecg_time": "2180-07-23 08:44:00"}
    return {**row, **dict(zip(STATEMENTS, said, strict=False)), "rr_interval": 659, **changed}


def write_table(path: Path, heading: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, heading)
        table.writeheader()
        table.writerows(rows)


def collection(folder: Path, records: Sequence[Row], measurements: Sequence[Row], absent: Sequence[int] = ()) -> Path:
    """The official layout with empty headers, for the tables are all that is read here."""
    write_table(folder / "record_list.csv", RECORD_HEADING, records)
    write_table(folder / "machine_measurements.csv", MEASUREMENT_HEADING, measurements)
    for row in records:
        if row["study_id"] not in absent:
            header = folder / f"{row['path']}.hea"
            header.parent.mkdir(parents=True)
            header.touch()
    return folder


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three studies of two patients; the last says nothing."""
    records = [record(10000032, 40689238), record(10000032, 44458630), record(10000117, 45090959)]
    measurements = [
        measured(10000117, 45090959, "", ""),  # the tables need not have one order
        measured(10000032, 40689238, "Sinus rhythm", "Possible inferior infarct - age undetermined", "Abnormal EKG"),
        measured(10000032, 44458630, *[f"Lateral finding {number}" for number in range(18)]),
    ]
    return collection(tmp_path, records, measurements)


def test_a_row_is_read_as_its_authors_mean_it(three: Path) -> None:
    row = {name: values[0] for name, values in mimic_iv_ecg(three).rows([0]).items()}
    assert row.pop("split") in ("train", "val", "test")
    assert row == {
        "record_id": "40689238",
        "patient_id": "10000032",
        "path": "files/p1000/p10000032/s40689238/40689238",
        "age": None,
        "sex": None,
        "report": "sinus rhythm. possible inferior infarct - age undetermined. abnormal ecg",
        "raw_report": "Sinus rhythm. Possible inferior infarct - age undetermined. Abnormal ECG",
        "labels": [],
        "likelihoods": [],
        "fold": None,
        "site": None,
        "device": None,
        "verdict": None,
        "findings": [],
        "evidence": None,
    }


def test_all_eighteen_statements_are_joined_in_their_order(three: Path) -> None:
    told = mimic_iv_ecg(three).column("report")[1]
    assert told == ". ".join(f"lateral finding {number}" for number in range(18))


def test_a_study_that_states_nothing_has_no_report_and_few_words_are_kept(tmp_path: Path) -> None:
    records = [record(10000032, study) for study in (1, 2, 3)]
    said = ["", "LBBB", "*** Poor data quality ***"]
    folder = collection(tmp_path, records, [measured(10000032, n, text) for n, text in enumerate(said, start=1)])
    catalogue = mimic_iv_ecg(folder)
    assert catalogue.column("report") == [None, "lbbb", None]
    assert catalogue.notes[0].startswith("reports, cleaned by mimic-iv-ecg (")
    assert catalogue.notes[0].endswith("1 missing, 1 only boilerplate")


def test_patients_stay_together_and_a_part_has_the_splits_of_the_whole(tmp_path: Path) -> None:
    studies = [(10000000 + study // 3, 40000000 + study) for study in range(900)]
    records, rows = [record(*ids) for ids in studies], [measured(*ids, "Sinus rhythm") for ids in studies]
    for name in ("whole", "part"):
        (tmp_path / name).mkdir()
    whole = mimic_iv_ecg(collection(tmp_path / "whole", records, rows))
    split = dict(zip(whole.column("patient_id"), whole.column("split"), strict=True))
    assert whole.column("split") == [split[patient] for patient in whole.column("patient_id")]
    counts = [len(whole.where_split(name)) for name in ("train", "val", "test")]
    assert counts[0] > 600
    assert min(counts) > 30
    part = mimic_iv_ecg(collection(tmp_path / "part", records, rows, absent=[study for _, study in studies[100:]]))
    assert part.column("record_id") == whole.column("record_id")[:100]
    assert part.column("split") == whole.column("split")[:100]


def test_a_part_is_taken_and_the_rest_counted_in_one_line(three: Path) -> None:
    (three / "files/p1000/p10000032/s44458630/44458630.hea").unlink()
    catalogue = mimic_iv_ecg(three)
    assert catalogue.column("record_id") == ["40689238", "45090959"]
    assert catalogue.notes[0] == "left out, for their files are not here: 1 of the 3 records of record_list.csv"


def test_a_study_without_measurements_is_there_without_a_report(tmp_path: Path) -> None:
    records = [record(10000032, study) for study in (1, 2, 3)]
    # The third row is of another patient: whose words these are is unknown.
    rows = [measured(10000032, 1, "Sinus rhythm"), measured(10000099, 3, "Atrial fibrillation")]
    catalogue = mimic_iv_ecg(collection(tmp_path, records, rows))
    assert catalogue.column("report") == ["sinus rhythm", None, None]
    assert catalogue.notes[0] == "without a report, for they have no row in machine_measurements.csv: 2 of 3 records"


def test_no_time_and_no_cart_is_carried(three: Path) -> None:
    told = str(mimic_iv_ecg(three).table.to_pydict()) + str(mimic_iv_ecg(three).notes)
    assert "2180" not in told
    assert "6848296" not in told


@pytest.mark.parametrize("missing", ["record_list.csv", "machine_measurements.csv"])
def test_a_missing_table_is_named(three: Path, missing: str) -> None:
    (three / missing).unlink()
    with pytest.raises(DataError, match=rf"has no {missing}; point at the folder that contains record_list\.csv and"):
        mimic_iv_ecg(three)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("record_list.csv", "subject_id"),
        ("record_list.csv", "study_id"),
        ("record_list.csv", "path"),
        ("machine_measurements.csv", "study_id"),
        ("machine_measurements.csv", "report_17"),
    ],
)
def test_a_missing_column_is_named(three: Path, table: str, column: str) -> None:
    path = three / table
    path.write_text(path.read_text().replace(column, "other", 1))
    with pytest.raises(DataError, match=rf"{table} has no column {column}; take the file as published"):
        mimic_iv_ecg(three)


def test_a_second_row_of_a_study_is_refused_in_either_table(tmp_path: Path) -> None:
    row = measured(10000032, 1, "Sinus rhythm")
    with pytest.raises(DataError, match=r"machine_measurements\.csv, line 3: a second row for study 1; keep one"):
        mimic_iv_ecg(collection(tmp_path, [record(10000032, 1)], [row, row]))
    write_table(tmp_path / "machine_measurements.csv", MEASUREMENT_HEADING, [row])
    write_table(tmp_path / "record_list.csv", RECORD_HEADING, [record(10000032, 1)] * 2)
    with pytest.raises(DataError, match="'1' is given 2 times"):
        mimic_iv_ecg(tmp_path)


@pytest.mark.parametrize(
    "path", ["../1", "files/../../1", "/files/1", "C:/files/1", "..\\1", "\\\\host\\files\\1", "", ".", "files/.."]
)
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "1.hea").touch()
    (tmp_path / "inside").mkdir()
    folder = collection(tmp_path / "inside", [], [])
    write_table(folder / "record_list.csv", RECORD_HEADING, [record(10000032, 1, path=path)])
    with pytest.raises(DataError, match=r"line 2: the path .* leads out of the folder"):
        mimic_iv_ecg(folder)


@pytest.mark.parametrize("wrong", [{"subject_id": ""}, {"subject_id": "Anna"}, {"study_id": "1.0"}, {"study_id": "-1"}])
@pytest.mark.parametrize("table", ["record_list.csv", "machine_measurements.csv"])
def test_an_id_that_is_no_number_is_refused(tmp_path: Path, table: str, wrong: Row) -> None:
    folder = collection(tmp_path, [record(10000032, 1)], [measured(10000032, 1, "Sinus rhythm")])
    if table == "record_list.csv":
        write_table(folder / table, RECORD_HEADING, [record(10000032, 1) | wrong])
    else:
        write_table(folder / table, MEASUREMENT_HEADING, [measured(10000032, 1) | wrong])
    with pytest.raises(DataError, match=rf"{table}, line 2: {next(iter(wrong))} is .*, which is no number"):
        mimic_iv_ecg(folder)


def test_a_table_that_is_cut_or_no_text_is_refused_with_its_line(three: Path) -> None:
    table = three / "machine_measurements.csv"
    whole = table.read_bytes()
    table.write_bytes(whole[: whole.rindex(b"Lateral finding 9")])
    with pytest.raises(DataError, match=r"line 4: 14 of 33 cells; the file is cut, get it again"):
        mimic_iv_ecg(three)
    table.write_bytes(whole + b"\xff\xfe")
    with pytest.raises(DataError, match="no CSV in UTF-8"):
        mimic_iv_ecg(three)
    table.write_bytes(whole + b'"' + b"x" * 200_000)
    with pytest.raises(DataError, match="no CSV in UTF-8 after line 5"):
        mimic_iv_ecg(three)


def test_a_table_saved_by_a_spreadsheet_is_read(three: Path) -> None:
    for table in three.glob("*.csv"):
        table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes() + b"\r\n\r\n")
    assert len(mimic_iv_ecg(three)) == 3


def test_tables_without_any_record_are_refused(three: Path) -> None:
    for header in three.rglob("*.hea"):
        header.unlink()
    with pytest.raises(DataError, match=r"none of the 3 records of record_list\.csv; put their folder, files, beside"):
        mimic_iv_ecg(three)
