"""ecg-text inspect tells what is in a recording, and what a model could not use."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from ecg_text.record import Record
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.synthetic.synthesise import synthesise


@pytest.fixture
def ecg() -> Record:
    return synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=250.0, record_id="ecg").record


def test_a_good_recording_is_described_to_the_last_step(say_to, ecg, tmp_path):
    file = write_wfdb(ecg, tmp_path)
    said = say_to("inspect", file)
    assert (said.status, said.err) == (0, "")
    words = " ".join(said.out.split())
    for fact in (
        "12: I II III",
        "rate 250 Hz",
        "duration 10 s, 2500 samples",
        "mV",
        "model sees 12 leads x 1000 samples",
    ):
        assert fact in words
    for step in ("read WFDB ecg.hea", "resample from 250 Hz to 100 Hz", "band-pass 0.5-40 Hz", "window 0-10 s"):
        assert f"step {step}" in words
    assert "gate accept" in words
    assert "warning" not in words


def test_the_beats_are_those_that_were_synthesised(say_to, tmp_path):
    truth = synthesise("sinus tachycardia", np.random.default_rng(4), record_id="fast")
    told = json.loads(say_to("inspect", write_wfdb(truth.record, tmp_path), "--json").out)
    assert "II" in told["beats"]["leads"]
    assert told["beats"]["rate_bpm"] == pytest.approx(truth.rate_bpm, rel=0.05)
    assert abs(told["beats"]["count"] - len(truth.r_peaks)) <= 1


def test_absent_flat_and_short_are_told_with_their_numbers(say_to, ecg, tmp_path):
    signal = ecg.signal[:, :1000].copy()
    signal[ecg.leads.index("V3")] = 0.0
    keep = [row for row, lead in enumerate(ecg.leads) if lead not in ("V5", "aVL")]
    leads = tuple(ecg.leads[row] for row in keep)
    file = write_wfdb(Record(signal=signal[keep], rate_hz=ecg.rate_hz, leads=leads, record_id="part"), tmp_path)
    told = json.loads(say_to("inspect", file, "--json").out)
    assert {lead: told["lead_states"][lead] for lead in ("V5", "V3", "aVL", "I")} == {
        "V5": "absent",
        "V3": "zeroed",
        "aVL": "derived",
        "I": "measured",
    }
    assert told["num_valid"] == 400
    assert told["gate"]["verdict"] == "accept with warnings"
    leads_of = {found["code"]: found["leads"] for found in told["gate"]["findings"]}
    assert "V5" in leads_of["lead.missing"]
    assert any("V3" in leads for code, leads in leads_of.items() if code.startswith("lead."))
    assert all(isinstance(value, float) for found in told["gate"]["findings"] for value in found["evidence"].values())


def test_a_wrong_unit_is_refused_and_says_so(say_to, ecg, tmp_path):
    np.save(tmp_path / "wrong.npy", ecg.signal * 1000)
    said = say_to("inspect", tmp_path / "wrong.npy", "--rate-hz", 250, "--unit", "mV", "--leads", ",".join(ecg.leads))
    assert said.status == 1
    assert "refused" in said.out
    assert "unit" in said.err
    assert said.err.count("\n") == 1
    right = say_to("inspect", tmp_path / "wrong.npy", "--rate-hz", 250, "--unit", "uV", "--leads", ",".join(ecg.leads))
    assert (right.status, right.err) == (0, "")


def test_a_stretch_of_a_long_recording(say_to, tmp_path):
    long = synthesise("sinus rhythm", np.random.default_rng(6), rate_hz=100.0, duration_s=300.0, record_id="long")
    file = write_wfdb(long.record, tmp_path)
    told = json.loads(say_to("inspect", file, "--json").out)
    assert (told["num_windows"], told["duration_s"]) == (30, 300.0)
    told = json.loads(say_to("inspect", file, "--start-s", 60, "--duration-s", 20, "--json").out)
    assert (told["num_windows"], told["num_samples"]) == (2, 2000)
    assert "keep 60-80 s of 300 s" in told["trail"]


def test_a_folder_is_told_a_line_a_recording(say_to, ecg, tmp_path):
    for name in ("a", "b"):
        write_wfdb(replace(ecg, record_id=name), tmp_path / "in")
    flat = Record(signal=np.zeros((12, 2500)), rate_hz=250.0, leads=ecg.leads, record_id="flat")
    write_wfdb(flat, tmp_path / "in")
    (tmp_path / "in" / "cut.hea").write_text("cut 12 250 2500\n")
    said = say_to("inspect", tmp_path / "in", "--workers", 1)
    assert said.status == 1
    assert "2 of 4 recordings cannot be used" in said.err
    told = json.loads(say_to("inspect", tmp_path / "in", "--json", "--workers", 1).out)
    assert [record["verdict"] for record in told["records"]] == ["accept", "accept", "cannot be read", "refuse"]
    assert told["verdicts"] == {"accept": 2, "cannot be read": 1, "refuse": 1}


def test_the_sheet_is_drawn(say_to, ecg, tmp_path):
    sheet = tmp_path / "new" / "sheet.svg"
    assert say_to("inspect", write_wfdb(ecg, tmp_path), "--plot", sheet).status == 0
    assert ElementTree.parse(sheet).getroot().tag.endswith("svg")
    assert [path.name for path in sheet.parent.iterdir()] == ["sheet.svg"]


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_the_sheet_can_be_printed(say_to, ecg, tmp_path, suffix):
    sheet = tmp_path / f"sheet{suffix}"
    assert say_to("inspect", write_wfdb(ecg, tmp_path), "--plot", sheet, "--layout", "6x2").status == 0
    assert sheet.read_bytes()[:4] in (b"\x89PNG", b"%PDF")


def test_a_sheet_of_no_known_kind_is_refused(say_to, ecg, tmp_path):
    file = write_wfdb(ecg, tmp_path)
    assert say_to("inspect", file, "--plot", tmp_path / "sheet.gif").status == 2
    assert say_to("inspect", file, "--plot", tmp_path / "sheet.svg", "--layout", "4x3").status == 2
    assert say_to("inspect", tmp_path, "--waves").status == 2


def test_one_sheet_holds_one_file(say_to, ecg, tmp_path):
    file = write_wfdb(ecg, tmp_path)
    assert say_to("inspect", file, file, "--plot", tmp_path / "sheet.svg").status == 2


def test_a_recording_no_model_can_use_is_shown_and_refused(say_to, ecg, tmp_path):
    flat = Record(signal=np.zeros((12, 2500)), rate_hz=250.0, leads=ecg.leads, record_id="flat")
    said = say_to("inspect", write_wfdb(flat, tmp_path))
    assert said.status == 1
    assert "rate        250 Hz" in said.out
    assert said.err.startswith("error: flat: ")
    assert "refused" in said.out
    assert said.err.count("\n") == 1


def test_the_others_are_shown_where_one_cannot_be_read(say_to, ecg, tmp_path):
    file = write_wfdb(ecg, tmp_path)
    said = say_to("inspect", tmp_path / "none.hea", file)
    assert said.status == 1
    assert str(file) in said.out
    assert said.err.startswith("error: 1 of 2 files cannot be used; the first: ")
    assert "none.hea" in said.err
    told = json.loads(say_to("inspect", tmp_path / "none.hea", file, "--json").out)
    assert ["error" in table for table in told] == [True, False]


def test_an_array_must_be_described(say_to, ecg, tmp_path):
    np.save(tmp_path / "bare.npy", ecg.signal)
    said = say_to("inspect", tmp_path / "bare.npy")
    assert said.status == 1
    assert "does not say its rate_hz, unit, leads" in said.err
    assert said.err.count("\n") == 1


def test_several_files_are_told_apart_by_what_they_say(say_to, ecg, tmp_path):
    file = write_wfdb(ecg, tmp_path)
    np.save(tmp_path / "bare.npy", ecg.signal)
    stated = ("--rate-hz", 250, "--unit", "mV", "--leads", ",".join(ecg.leads))
    assert say_to("inspect", file, tmp_path / "bare.npy", *stated).status == 0
    assert say_to("inspect", file, *stated).status == 1


def test_a_line_of_a_folder_names_its_file_once(say_to, ecg, tmp_path):
    np.save(tmp_path / "bare.npy", ecg.signal)
    flat = Record(signal=np.zeros((12, 2500)), rate_hz=250.0, leads=ecg.leads, record_id="flat")
    write_wfdb(flat, tmp_path / "deep")
    (tmp_path / "deep" / "cut.hea").write_text("cut 12 250 2500\n")
    said = say_to("inspect", tmp_path, "--workers", 1)
    lines = {line.split(":")[0]: line for line in said.out.splitlines()}
    assert lines["bare.npy"].startswith("bare.npy: cannot be read: a NumPy file does not say its rate_hz")
    assert lines["deep/cut.hea"].count("cut.hea") == 1


@pytest.mark.slow
def test_a_folder_is_the_same_by_one_process_and_by_two(say_to, ecg, tmp_path):
    flat = Record(signal=np.zeros((12, 2500)), rate_hz=250.0, leads=ecg.leads, record_id="flat")
    for number in range(40):  # more than one task for the processes
        write_wfdb(replace(ecg if number % 9 else flat, record_id=f"r{number:02d}"), tmp_path)
    by_one, by_two = (say_to("inspect", tmp_path, "--json", "--workers", workers) for workers in (1, 2))
    assert (by_one.status, by_one.out) == (by_two.status, by_two.out)
    assert json.loads(by_two.out)["verdicts"] == {"refuse": 5, "accept": 35}
