"""ecg-text prepare makes a store, says what became of every record, and refuses in one line."""

from __future__ import annotations

import csv
import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_text.data.store import Store
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.formats.write_parquet import write_parquet
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.read import read
from ecg_text.signal.synthetic.synthesise import synthesise


@pytest.fixture
def records(archive, tmp_path):
    """A folder of one's own with the first eight recordings of the archive, and their table."""
    folder = tmp_path / "records"
    folder.mkdir()
    headers = sorted(archive.rglob("*.hea"))[:8]
    for header in headers:
        shutil.copy(header, folder)
        shutil.copy(header.with_suffix(".dat"), folder)
    kept = {header.stem for header in headers}
    write_rows(folder, [row for row in read_rows(archive) if row["record_id"] in kept])
    return folder


def read_rows(folder):
    with (folder / "records.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(folder, rows, name="records.csv"):
    with (folder / name).open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder / name


def assert_refused(said, *words):
    assert said.status == 1
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    for word in words:
        assert word in said.err


def test_a_folder_becomes_a_store(say_to, records, tmp_path):
    said = say_to("prepare", "folder", records, tmp_path / "store", "--workers", 1)
    assert (said.status, said.err) == (0, "")
    store = Store.open(tmp_path / "store", standard_preprocess())
    assert len(store) == 8
    for fact in ("8 records written, 0 skipped", "12 leads, 100 Hz, 10 s", store.fingerprint, "train "):
        assert fact in said.out


def test_the_json_document_counts_everything(say_to, records, tmp_path):
    rows = read_rows(records)
    rows[0]["report"] = ""
    write_rows(records, rows)
    (records / f"{rows[1]['record_id']}.dat").write_bytes(b"cut")
    said = say_to("prepare", "folder", records, tmp_path / "store", "--workers", 1, "--json")
    told = json.loads(said.out)
    assert (told["num_written"], told["num_skipped"], told["num_with_report"]) == (7, 1, 6)
    assert sum(told["splits"].values()) == 7
    with Path(told["skipped"]).open(newline="") as file:
        [skipped] = csv.DictReader(file)
    assert skipped["record_id"] == rows[1]["record_id"]
    assert told["preprocess_fingerprint"] == Store.open(tmp_path / "store").fingerprint


def test_a_person_is_told_what_was_skipped_and_what_has_no_report(say_to, records, tmp_path):
    rows = read_rows(records)
    rows[0]["report"] = ""
    write_rows(records, rows)
    (records / f"{rows[1]['record_id']}.dat").unlink()
    said = say_to("prepare", "folder", records, tmp_path / "store", "--workers", 1)
    assert said.status == 0
    assert "1 skipped" in said.out
    assert f"{tmp_path / 'store'}.skipped.csv; the first: " in said.out
    assert "1 records have none" in said.out


def test_a_longer_recording_is_noted_and_one_beyond_the_range_is_skipped(say_to, records, tmp_path):
    longer, wrong = (read(header) for header in sorted(records.glob("*.hea"))[:2])
    write_wfdb(longer.with_signal(np.tile(longer.signal, 2), "twice"), records)
    write_wfdb(wrong.with_signal(wrong.signal * 1000, "uV taken for mV"), records, units_per_mv=1)
    said = say_to("prepare", "folder", records, tmp_path / "store", "--workers", 1)
    assert said.status == 0
    assert "1 recording is longer than 10 s: the store keeps its first 10 s that the gate accepts" in said.out
    assert "7 records written, 1 skipped" in said.out
    assert "unit or gain is wrong" in said.out


def test_a_table_in_another_encoding_is_read_and_told(say_to, records, tmp_path):
    rows = read_rows(records)
    rows[0]["report"] = "Überleitungsstörung"
    text = "\n".join([",".join(rows[0]), ",".join(rows[0].values())])
    (records / "records.csv").write_text(text, encoding="latin-1")
    said = say_to("prepare", "folder", records, tmp_path / "store", "--workers", 1)
    assert said.status == 0
    assert "records.csv is not in UTF-8; read as " in said.out


def test_no_patient_ids_are_noted(say_to, records, tmp_path):
    rows = [{"id": row["record_id"], "report": row["report"]} for row in read_rows(records)]
    table = write_rows(tmp_path, rows, "mine.csv")
    said = say_to("prepare", "folder", records, tmp_path / "store", "--csv", table, "--workers", 1)
    assert said.status == 0
    assert "8 of 8 records have no patient id" in said.out
    assert "no splits are given" in said.out


def test_an_older_store_is_replaced(say_to, records, tmp_path):
    out = tmp_path / "store"
    for rate_hz in (100, 125):
        assert say_to("prepare", "folder", records, out, "--rate-hz", rate_hz, "--workers", 1).status == 0
        assert Store.open(out).preprocess.rate_hz == rate_hz


def test_a_missing_folder_is_refused(say_to, tmp_path):
    assert_refused(say_to("prepare", "folder", tmp_path / "none", tmp_path / "store"), "none is no folder")
    assert_refused(say_to("prepare", "ptbxl", tmp_path / "none", tmp_path / "store"), "ptbxl_database.csv")


def test_an_unknown_source_is_told_the_known_ones(say_to, records, tmp_path):
    assert_refused(say_to("prepare", "mimic", records, tmp_path / "store"), "'mimic'", "folder", "ptbxl")


def test_a_table_belongs_to_a_folder(say_to, records, tmp_path):
    said = say_to("prepare", "ptbxl", records, tmp_path / "store", "--csv", records / "records.csv")
    assert_refused(said, "--csv")


def test_unknown_ids_in_the_table_are_refused(say_to, records, tmp_path):
    rows = read_rows(records)
    write_rows(records, [*rows, {**rows[0], "record_id": "stranger"}])
    assert_refused(say_to("prepare", "folder", records, tmp_path / "store"), "'stranger'", "no file")


def test_patients_across_splits_are_refused(say_to, records, tmp_path):
    rows = read_rows(records)
    rows[0] |= {"patient_id": "p1", "split": "train"}
    rows[1] |= {"patient_id": "p1", "split": "test"}
    write_rows(records, rows)
    assert_refused(say_to("prepare", "folder", records, tmp_path / "store"), "'p1'", "train", "test")
    assert not (tmp_path / "store").exists()


def test_a_folder_that_is_no_store_is_not_overwritten(say_to, records, tmp_path):
    said = say_to("prepare", "folder", records, records)
    assert_refused(said, "is no store")
    assert len(list(records.glob("*.hea"))) == 8


def test_a_full_disk_is_one_line_and_leaves_the_older_store(say_to, records, tmp_path, monkeypatch):
    out = tmp_path / "store"
    assert say_to("prepare", "folder", records, out, "--workers", 1).status == 0
    before = (out / "store.json").read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ecg_text.data.store_writer.ShardWriter.write", full)
    said = say_to("prepare", "folder", records, out, "--rate-hz", 125, "--workers", 1)
    assert_refused(said, "No space left on device", "free space")
    assert (out / "store.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["records", "store", "store.skipped.csv"]


def test_ptbxl_is_taken_at_its_high_rate_where_more_than_100_hz_is_wanted(say_to, tmp_path):
    (tmp_path / "ptbxl_database.csv").write_text("ecg_id\n")
    (tmp_path / "records100").mkdir()
    assert_refused(say_to("prepare", "ptbxl", tmp_path, tmp_path / "store", "--rate-hz", 250), "records500")


def patients_of(store):
    return Store.open(store).catalogue.column("patient_id")


def test_a_key_file_is_made_once_and_links_two_stores(say_to, records, tmp_path):
    key, first, second = tmp_path / "my.key", tmp_path / "first", tmp_path / "second"
    said = say_to("prepare", "folder", records, first, "--key-file", key, "--workers", 1)
    assert said.status == 0
    assert said.err.count("\n") == 1
    assert "back it up" in said.err
    assert "never share it" in said.err
    assert key.stat().st_mode & 0o777 == 0o600
    made = key.read_bytes()
    assert len(bytes.fromhex(made.decode())) == 32
    said = say_to("prepare", "folder", records, second, "--key-file", key, "--workers", 1)
    assert (said.status, said.err) == (0, "")
    assert key.read_bytes() == made
    assert patients_of(first) == patients_of(second)
    assert not set(patients_of(first)) & {row["patient_id"] for row in read_rows(records)}
    assert made.decode().strip() not in (first / "store.json").read_text()


def test_without_a_key_file_two_stores_cannot_be_linked(say_to, records, tmp_path):
    for name in ("first", "second"):
        said = say_to("prepare", "folder", records, tmp_path / name, "--workers", 1)
        assert "drawn for this store and forgotten" in said.out
    assert not set(patients_of(tmp_path / "first")) & set(patients_of(tmp_path / "second"))
    assert Store.open(tmp_path / "first").split_hash == Store.open(tmp_path / "second").split_hash


def test_a_key_that_would_be_shared_lost_or_is_none_is_refused(say_to, records, tmp_path):
    out = tmp_path / "store"
    assert_refused(say_to("prepare", "folder", records, out, "--key-file", out / "my.key"), "would lie in the store")
    assert_refused(say_to("prepare", "ptbxl", records, out, "--key-file", tmp_path / "my.key"), "source folder")
    wrong = tmp_path / "wrong.key"
    wrong.write_text("secret")
    wrong.chmod(0o600)
    assert_refused(say_to("prepare", "folder", records, out, "--key-file", wrong), "64 hexadecimal digits")
    wrong.chmod(0o644)
    assert_refused(say_to("prepare", "folder", records, out, "--key-file", wrong), "chmod 600")
    assert not out.exists()


def test_files_of_several_formats_become_one_store(say_to, records, tmp_path):
    ecg = synthesise("sinus rhythm", np.random.default_rng(8), rate_hz=250.0, record_id="bare").record
    np.save(records / "bare.npy", ecg.signal)
    write_parquet([replace(ecg, record_id="table")], records / "table.parquet")
    said = say_to("prepare", "folder", records, tmp_path / "store", "--workers", 1)
    assert "state" in said.out  # bare.npy does not say its rate
    stated = ("--file-rate-hz", 250, "--unit", "mV", "--leads", ",".join(ecg.leads))
    assert say_to("prepare", "folder", records, tmp_path / "store", "--workers", 1, *stated).status == 0
    store = Store.open(tmp_path / "store")
    rows = [store.catalogue.column("record_id").index(name) for name in ("bare", "table")]
    bare, table = store.signals(rows)[0]
    assert np.abs(bare - table).max() <= 0.002
    said = say_to("prepare", "ptbxl", records, tmp_path / "other", *stated)
    assert said.status == 1
