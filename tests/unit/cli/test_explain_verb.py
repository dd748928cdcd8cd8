"""ecg-text explain: what a similarity rests on, told and drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.synthetic.synthesise import synthesise

pytestmark = pytest.mark.slow

TEXT = "atrial fibrillation"


@pytest.fixture
def ecg(archive: Path) -> Path:
    return sorted(archive.glob("*.hea"))[0]


def test_the_answer_is_that_of_the_library(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    from ecg_text.hub.explaining import explain_record
    from ecg_text.hub.loading import load
    from ecg_text.signal.read import read

    said = say_to("explain", ecg, TEXT, "--model", model, "--draws", 5, "--seed", 3, "--json")
    assert (said.status, said.err) == (0, "")
    told = json.loads(said.out)
    expected = explain_record(load(model), read(ecg), TEXT, np.random.default_rng(3), num_draws=5)
    assert told["similarity"] == pytest.approx(expected.similarity, abs=1e-6)
    assert [beat["fall"] for beat in told["beats"]] == pytest.approx(expected.beat_fall.tolist(), abs=1e-6)
    assert list(told["leads"].values()) == pytest.approx(expected.lead_fall.tolist(), abs=1e-6)
    assert [moment["similarity"] for moment in told["moments"]] == pytest.approx(
        expected.token_similarity.tolist(), abs=1e-6
    )
    assert [one["random_fall"] for one in told["deletion"]] == pytest.approx(
        [one.random_fall for one in expected.deletion], abs=1e-6
    )
    assert told["verdict"] == expected.verdict
    assert told["gate"]["verdict"] == "accept"
    assert len(told["model_revision"]) == 12
    assert told["research_use"] == "research use only, not a medical device"


def test_a_person_sees_moments_beats_leads_and_the_check(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    said = say_to("explain", ecg, TEXT, "--model", model, "--draws", 5, "-v")
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0] == str(ecg)
    assert sum(line.startswith("moment ") for line in lines) == 3
    assert sum(line.startswith("lead ") for line in lines) == 12
    assert sum(line.startswith("beat ") for line in lines) > 3
    assert sum(" of 5" in line for line in lines) == 4
    assert any(line.startswith("deletion check: ") for line in lines)
    assert "window 0-10 s" in said.out
    assert lines[-1] == "(research use only, not a medical device)"


def test_the_sheet_is_drawn(say_to: Callable[..., Any], model: Path, ecg: Path, tmp_path: Path) -> None:
    for name in ("new/sheet.svg", "new/sheet.pdf"):
        said = say_to("explain", ecg, TEXT, "--model", model, "--draws", 1, "--plot", tmp_path / name)
        assert said.status == 0
        assert f"sheet {tmp_path / name}" in said.out
    drawing = ElementTree.parse(tmp_path / "new" / "sheet.svg").getroot()
    assert drawing.tag.endswith("svg")
    assert any(TEXT in (element.text or "") for element in drawing.iter())
    assert (tmp_path / "new" / "sheet.pdf").read_bytes()[:4] == b"%PDF"


def test_of_a_long_recording_the_window_asked_for_is_explained(
    say_to: Callable[..., Any], model: Path, tmp_path: Path
) -> None:
    long = synthesise("sinus rhythm", np.random.default_rng(6), rate_hz=100.0, duration_s=300.0, record_id="long")
    file = write_wfdb(long.record, tmp_path)
    command = ("explain", file, TEXT, "--model", model, "--draws", 1)
    told = json.loads(say_to(*command, "--start-s", 60, "--json").out)
    assert (told["start_s"], told["window_s"], told["record_s"]) == (60.0, 10.0, 300.0)
    assert 60 <= told["beats"][0]["peak_s"] <= told["beats"][-1]["peak_s"] <= 70
    assert told["moments"][-1]["span_s"][1] == 70
    sheet = tmp_path / "sheet.svg"
    said = say_to(*command, "--plot", sheet, "--start-s", 60)
    assert "from 60 to 70 s, of 300 s" in said.out
    assert "10 s from 60 s, of 300 s" in sheet.read_text()
    said = say_to(*command)
    assert "from 0 to 10 s, of 300 s" in said.out
    said = say_to(*command, "--start-s", 300)
    assert (said.status, said.out) == (1, "")


def test_leads_that_the_model_does_not_see_are_named(say_to: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    ecg = synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=250.0, record_id="two").record
    file = write_wfdb(ecg.select(["V1", "V2"]), tmp_path)
    sheet = tmp_path / "sheet.svg"
    said = say_to("explain", file, TEXT, "--model", model, "--draws", 1, "--plot", sheet)
    assert said.status == 0
    assert "V6 (absent)" in said.out
    assert sum(line.startswith("lead ") for line in said.out.splitlines()) == 2
    told = json.loads(say_to("explain", file, TEXT, "--model", model, "--draws", 1, "--json").out)
    assert told["leads"]["V6"] is None


def test_how_a_text_is_read_is_told(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    said = say_to("explain", ecg, "AFib", "--model", model, "--draws", 1, "--json")
    assert said.err.startswith("note: ")
    told = json.loads(said.out)
    assert (told["text"], told["read_as"]) == ("AFib", "atrial fibrillation")
    assert told["read"][0]["asked"] == "AFib"


@pytest.mark.parametrize("arguments", [("--plot", "sheet.gif"), ("--layout", "4x3"), ("--draws", 0), ("--start-s", -1)])
def test_wrong_usage_has_status_2(
    say_to: Callable[..., Any], model: Path, ecg: Path, arguments: tuple[object, ...]
) -> None:
    said = say_to("explain", ecg, TEXT, "--model", model, *arguments)
    assert (said.status, said.out) == (2, "")


def test_a_missing_text_is_wrong_usage(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    assert say_to("explain", ecg, "--model", model).status == 2


def test_what_cannot_be_explained_is_one_line(
    say_to: Callable[..., Any], model: Path, store: Path, ecg: Path, tmp_path: Path
) -> None:
    wrong = synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=250.0, record_id="wrong").record
    refused = write_wfdb(wrong.with_signal(wrong.signal * 1000, "uV taken for mV"), tmp_path, units_per_mv=10)
    for arguments, told in (
        ((ecg, " ?! ", "--model", model), "no word"),
        ((tmp_path / "none.hea", TEXT, "--model", model), "none.hea"),
        ((refused, TEXT, "--model", model), "unit or gain is wrong"),
        ((ecg, TEXT, "--model", store), "is a store, not a model"),
    ):
        said = say_to("explain", *arguments, "--plot", tmp_path / "sheet.svg")
        assert (said.status, said.out) == (1, "")
        assert told in said.err
        assert said.err.count("\n") == 1
    assert not (tmp_path / "sheet.svg").exists()
