"""ecg-text classify with a calibration: probabilities and calls where fitted, percentiles elsewhere, in every form."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_text.hub.calibration_file import CALIBRATION, write_calibration
from ecg_text.hub.loading import load
from ecg_text.signal.read import read
from ecg_text.text.prompt_files import load_prompt_set, text_prompt_set
from tests.support.calibrated import TOO_FEW, calibration_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def calibrated(model: Path) -> Path:
    """The untrained model with a calibration for the first label of the synthetic set, NORM."""
    folder = Path(shutil.copytree(model, model.parent / "calibrated"))
    write_calibration(folder, calibration_of(load(folder), load_prompt_set("synthetic")))
    return folder


@pytest.fixture
def ecg(archive: Path) -> Path:
    return sorted(archive.glob("*.hea"))[0]


@pytest.fixture
def limb_leads(ecg: Path, tmp_path: Path) -> tuple[object, ...]:
    """A file of six leads, and what has to be stated of it."""
    record = read(ecg)
    np.save(tmp_path / "limb.npy", record.signal[:6])
    return (tmp_path / "limb.npy", "--rate-hz", record.rate_hz, "--unit", "mV", "--leads", ",".join(record.leads[:6]))


def test_a_machine_is_told_what_the_library_answers(
    say_to: Callable[..., Any], calibrated: Path, ecg: Path, tmp_path: Path
) -> None:
    said = say_to("classify", ecg, "--model", calibrated, "--prompts", "synthetic", "--json", "--html", tmp_path)
    assert (said.status, said.err) == (0, "")
    told = json.loads(said.out)
    [expected] = load(calibrated).classify([read(ecg)], load_prompt_set("synthetic"))
    [record] = told["records"]
    assert told["calibration"]["fitted_on"]["num_records"] == 100
    assert told["calibration"]["not_calibrated"] is None
    assert told["calibration"]["percentile_among"] == expected.question.percentile_among
    assert record["doubts"] == []
    assert Path(record["sheet"]).parent == tmp_path
    assert [label["name"] for label in record["labels"]] == [label.name for label in expected.labels]
    for label, known in zip(record["labels"], expected.labels, strict=True):
        assert label["similarity"] == pytest.approx(known.similarity, abs=1e-6)
        assert label["percentile"] == pytest.approx(known.percentile, abs=1e-3)
    by_name = {label["name"]: label for label in record["labels"]}
    assert by_name["NORM"]["probability"] == pytest.approx(expected.label("NORM").probability, abs=1e-5)
    assert by_name["NORM"]["no_probability"] is None
    assert by_name["NORM"]["calls"]["sensitivity_90"]["called"] in (True, False)
    assert (by_name["AFIB"]["probability"], by_name["AFIB"]["no_probability"]) == (None, TOO_FEW)
    assert by_name["AFIB"]["calls"] == {}


def test_a_person_sees_what_is_fitted_and_what_is_not(say_to: Callable[..., Any], calibrated: Path, ecg: Path) -> None:
    asked = ("classify", ecg, "--model", calibrated, "--prompts", "synthetic", "--label", "NORM", "--label", "AFIB")
    said = say_to(*asked, "-v")
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    for heading in ("similarity", "probability", "called at 90 % sensitivity", "at 95 % specificity", "percentile"):
        assert heading in said.out
    norm, afib = (next(line for line in lines if line.startswith(name)) for name in ("NORM", "AFIB"))
    assert norm.count(" %") == 1
    assert "yes" in norm or "no " in norm
    assert "*" not in norm
    assert "not fitted" in afib
    assert f"AFIB has no probability: {TOO_FEW}" in said.out
    assert (
        "probability: fitted on made up, split 'val', 100 records of 90 patients; where a finding is rarer" in said.out
    )
    assert f"({load_prompt_set('synthetic').hash})" in said.out


def test_a_text_of_ones_own_has_a_percentile_and_no_probability(
    say_to: Callable[..., Any], calibrated: Path, ecg: Path
) -> None:
    asked = ("classify", ecg, "--model", calibrated, "--text", "vorhofflimmern", "--rule", "cosine")
    said = say_to(*asked)
    assert said.status == 0
    assert "no probability: a text of your own has no labels to fit one on" in said.out
    assert "percentile: the per cent of records that are less similar, of 40 drawn from made up" in said.out
    assert "%" not in said.out.replace("per cent", "")
    [record] = json.loads(say_to(*asked, "--json").out)["records"]
    [expected] = load(calibrated).classify([read(ecg)], text_prompt_set(["vorhofflimmern"]), "cosine")
    assert record["labels"][0]["percentile"] == pytest.approx(expected.labels[0].percentile)


@pytest.mark.parametrize("what", ["another model's", "other words", "none"])
def test_what_does_not_go_with_the_question_is_told_in_one_line(
    say_to: Callable[..., Any], calibrated: Path, other_model: Path, ecg: Path, tmp_path: Path, what: str
) -> None:
    folder, prompts = calibrated, "synthetic"
    if what == "another model's":
        folder = Path(shutil.copytree(other_model, tmp_path / "other"))
        shutil.copy(calibrated / CALIBRATION, folder)
    elif what == "other words":
        prompts = str(tmp_path / "own.toml")
        Path(prompts).write_text('name = "synthetic"\nversion = 1\n[[label]]\nname = "NORM"\ntexts = ["normal"]\n')
    else:
        prompts = "ptbxl-rhythm"
    says = {
        "another model's": f"no probability: the calibration was fitted for model {load(calibrated).revision}, not for",
        "other words": "no probability: synthetic was calibrated as v1 (",
        "none": "no probability: no calibration was fitted for the prompt set ptbxl-rhythm; fitted: synthetic",
    }[what]
    said = say_to("classify", ecg, "--model", folder, "--prompts", prompts)
    assert (said.status, said.err) == (0, "")
    assert sum(says in line for line in said.out.splitlines()) == 1
    assert "called at" not in said.out
    assert ("percentile" in said.out) == (what != "another model's")


def test_missing_leads_stand_beside_the_call(
    say_to: Callable[..., Any], calibrated: Path, limb_leads: tuple[object, ...], tmp_path: Path
) -> None:
    asked = ("classify", *limb_leads, "--model", calibrated, "--prompts", "synthetic")
    table = tmp_path / "answers.csv"
    said = say_to(*asked, "--csv", table)
    assert said.status == 0
    assert "* may not hold for this ECG: 6 leads were seen (absent V1 V2 V3 V4 V5 V6), fitted on 12" in said.out
    norm = next(line for line in said.out.splitlines() if line.startswith("NORM"))
    assert norm.count("*") == 2
    with table.open(newline="") as file:
        assert all("6 leads were seen" in row["doubts"] for row in csv.DictReader(file))


def test_the_csv_has_a_row_for_each_record_and_label(
    say_to: Callable[..., Any], calibrated: Path, archive: Path, tmp_path: Path
) -> None:
    files, table = sorted(archive.glob("*.hea"))[:2], tmp_path / "answers.csv"
    bad = tmp_path / "bad.hea"
    bad.write_text("not a header\n")
    said = say_to("classify", *files, bad, "--model", calibrated, "--prompts", "synthetic", "--csv", table, "--json")
    assert said.status == 1
    prompts, told = load_prompt_set("synthetic"), json.loads(said.out)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(prompts.names) + 1
    assert None not in rows[-1]
    assert (rows[-1]["file"], rows[-1]["label"], rows[-1]["gate"]) == (str(bad), "", "cannot be read")
    for row, label in zip(rows, (label for record in told["records"] for label in record["labels"]), strict=False):
        assert row["label"] == label["name"]
        assert (row["prompt_hash"], row["model_revision"]) == (prompts.hash, told["model_revision"])
        assert float(row["percentile"]) == pytest.approx(label["percentile"], abs=0.01)
        if label["name"] == "NORM":
            assert float(row["probability"]) == pytest.approx(label["probability"], abs=1e-6)
            assert row["call_sensitivity_90"] == ("yes" if label["calls"]["sensitivity_90"]["called"] else "no")
            assert (row["specificity_there"], row["sensitivity_there"]) == ("0.7500", "0.9000")
        else:
            assert (row["probability"], row["no_probability"], row["call_specificity_95"]) == ("", TOO_FEW, "")


def test_a_sheet_is_written_for_each_record(
    say_to: Callable[..., Any], calibrated: Path, archive: Path, tmp_path: Path
) -> None:
    files, sheets = sorted(archive.glob("*.hea"))[:2], tmp_path / "new" / "sheets"
    evil = '<img src=x onerror="alert(1)">'
    said = say_to("classify", *files, files[0], "--model", calibrated, "--text", evil, "--html", sheets)
    assert said.status == 0
    names = sorted(path.name for path in sheets.iterdir())
    assert names == sorted([f"{files[0].stem}.html", f"{files[0].stem}-2.html", f"{files[1].stem}.html"])
    for name in names:
        assert f"sheet {sheets / name}" in said.out
        text = (sheets / name).read_text(encoding="utf-8")
        assert "<img src=x" not in text
        assert "&lt;img src=x" in text
        assert "No probability: a text of your own has no labels to fit one on." in text
        assert "Research use only, not a medical device." in text


def test_a_folder_that_cannot_be_is_refused_before_anything_is_asked(
    say_to: Callable[..., Any], calibrated: Path, ecg: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    said = say_to("classify", ecg, "--model", calibrated, "--prompts", "synthetic", "--html", tmp_path / "file")
    assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
    assert str(tmp_path / "file") in said.err
