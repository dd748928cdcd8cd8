"""ecg-text scan-phi tells what it found with its middle masked and what it read; it ends with 1 where it found any."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def folder(tmp_path):
    """A report with a name, a clean table, an archive and an array."""
    (tmp_path / "report.txt").write_text("Patient: Johan Smithers, MRN 7788123. Sinus rhythm.")
    (tmp_path / "clean.csv").write_text("record_id,label\nr1,NORM\n")
    (tmp_path / "all.zip").write_bytes(b"PK\x03\x04 and more")
    (tmp_path / "signal.npy").write_bytes(b"\x93NUMPY\1\0v\0{'descr': '<f4', ")
    return tmp_path


def test_finds_are_masked_and_the_status_is_one(say_to, folder):
    said = say_to("scan-phi", folder)
    assert said.status == 1
    assert "J***n S***s" in said.out
    assert "7***3" in said.out
    for secret in ("Johan", "Smithers", "7788123"):
        assert secret not in said.out + said.err
    assert "found       2 in 1 files: name 1, record 1" in said.out
    assert "read        2 files" in said.out
    assert "NOT READ    1: an archive" in said.out
    assert "passed over 1: samples or weights" in said.out


def test_a_clean_folder_ends_with_zero(say_to, folder):
    said = say_to("scan-phi", folder / "clean.csv")
    assert said.status == 0
    assert "found       nothing" in said.out


def test_the_json_document_holds_every_find_and_every_file(say_to, folder):
    said = say_to("scan-phi", folder, "--json")
    told = json.loads(said.out)
    assert said.status == 1
    assert told["num_found"] == 2
    assert told["read"] == {"CSV": 1, "text": 1}
    assert {one["may_hold_text"] for one in told["not_read"]} == {True, False}
    assert told["found"][0] == {
        "file": str(folder / "report.txt"),
        "place": "line 1",
        "kind": "name",
        "excerpt": "J***n S***s",
        "count": 1,
    }


def test_one_kind_may_be_asked_for(say_to, folder):
    assert "name" not in say_to("scan-phi", folder, "--kind", "record").out
    assert say_to("scan-phi", folder, "--kind", "phone").status == 0
    said = say_to("scan-phi", folder, "--kind", "nonsense")
    assert said.status == 1
    assert "'nonsense'" in said.err


def test_many_finds_of_one_kind_are_counted_not_listed(say_to, tmp_path):
    lines = "\n".join(f"MRN {number}" for number in range(10_000, 10_050))
    (tmp_path / "many.txt").write_text(lines)
    said = say_to("scan-phi", tmp_path)
    assert "and 42 more" in said.out
    assert len(said.out.splitlines()) < 20


def test_a_path_that_is_not_there_is_refused(say_to, tmp_path):
    said = say_to("scan-phi", tmp_path / "none")
    assert said.status == 1
    assert said.err.startswith("error: there is no file or folder")


@pytest.mark.slow
def test_what_ecg_text_writes_itself_is_clean(say_to, store, model, tmp_path):
    assert say_to("index", "build", store, "--out", tmp_path / "index", "--model", model).status == 0
    for made in (store, model, tmp_path / "index"):
        said = say_to("scan-phi", made)
        assert said.status == 0, said.out
