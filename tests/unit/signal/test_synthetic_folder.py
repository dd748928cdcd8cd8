"""The synthetic folder: true WFDB files that another reader understands, and a catalogue split by patient."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecg_text.leads import STANDARD_12
from ecg_text.signal.synthetic.synthesise import LABELS, synthesise_set, write_synthetic_folder

NUM = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_folder(
        tmp_path_factory.mktemp("synthetic") / "records", NUM, 9, rate_hz=100.0, duration_s=5.0
    )


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "records.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_wfdb_reads_back_what_was_synthesised_to_half_a_microvolt(folder: Path) -> None:
    for ecg in synthesise_set(4, 9, rate_hz=100.0, duration_s=5.0):
        read = wfdb.rdrecord(str(folder / ecg.record.record_id))
        assert read.sig_name == list(STANDARD_12)
        assert read.fs == 100
        assert read.units == ["mV"] * 12
        assert np.abs(read.p_signal.T - ecg.record.signal).max() <= 0.000501


def test_the_checksums_and_first_values_of_the_headers_are_right(folder: Path) -> None:
    read = wfdb.rdrecord(str(folder / "synthetic-00000"), physical=False)
    assert read.init_value == read.d_signal[0].tolist()
    assert read.calc_checksum() == [value % 65536 for value in read.checksum]


def test_headers_tell_age_and_sex_and_nothing_of_the_diagnosis(folder: Path, rows: list[dict[str, str]]) -> None:
    for row in rows:
        comments = wfdb.rdheader(str(folder / row["record_id"])).comments
        assert comments == [f"Age: {row['age']}", f"Sex: {row['sex'].capitalize()}"]


def test_the_catalogue_lists_every_record_once_with_a_known_label(folder: Path, rows: list[dict[str, str]]) -> None:
    assert list(rows[0]) == ["record_id", "patient_id", "age", "sex", "report", "labels", "split"]
    assert {path.stem for path in folder.glob("*.hea")} == {row["record_id"] for row in rows}
    assert len(rows) == NUM
    assert all(set(row["labels"].split("|")) <= set(LABELS.values()) for row in rows)


def test_splits_are_by_patient_and_about_seven_one_two(rows: list[dict[str, str]]) -> None:
    split_of = {row["patient_id"]: row["split"] for row in rows}
    assert all(split_of[row["patient_id"]] == row["split"] for row in rows)
    share = Counter(split_of.values())
    assert share["train"] / len(split_of) == pytest.approx(0.7, abs=0.08)
    assert share["val"] / len(split_of) == pytest.approx(0.1, abs=0.05)


def test_no_draft_is_left_behind(folder: Path) -> None:
    assert not list(folder.glob("*.tmp"))
