"""ecg-text calibrate: a file beside the model's own, which the model then carries; and the tasks that look into it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecg_text.evaluation.result import read_result
from ecg_text.evaluation.subgroups import Comparison
from ecg_text.hub.calibration_file import CALIBRATION, read_calibration
from ecg_text.hub.loading import load

pytestmark = pytest.mark.slow

TRAIN = ("--split", "train")


@pytest.fixture
def own(model: Path, tmp_path: Path) -> Path:
    """A copy of the model, to be calibrated."""
    return Path(shutil.copytree(model, tmp_path / "own"))


@pytest.fixture
def two_patients_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive is too small for real curves."""
    monkeypatch.setattr("ecg_text.evaluation.calibrating.MIN_PATIENTS", 2)


@pytest.mark.usefixtures("two_patients_will_do")
def test_a_calibration_is_written_beside_the_model(say_to: Callable[..., Any], own: Path, store: Path) -> None:
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    said = say_to("calibrate", own, "--data", store, *TRAIN)
    assert (said.status, said.err) == (0, "")
    after = {path.name: path.read_bytes() for path in own.iterdir()}
    assert after.keys() == before.keys() | {CALIBRATION}
    assert all(after[name] == content for name, content in before.items())
    carried = load(own).calibration
    assert carried is not None
    assert carried == read_calibration(own)
    assert (carried.fitted_on.split, carried.fitted_on.seed) == ("train", 0)
    assert carried.reference is not None
    assert carried.reference.num_records == carried.fitted_on.num_records
    [fitted] = carried.prompt_sets
    assert (fitted.name, fitted.rule) == ("synthetic", "contrast")
    assert {type(label.curve).__name__ for label in fitted.labels} <= {"Platt", "Isotonic", "NoneType"}
    assert any(label.curve is not None for label in fitted.labels)
    for told in (f"synthetic v1 ({fitted.hash})", "macro_ece", "its similarity does not rise", f"written to {own}"):
        assert told in said.out, told
    assert said.out.splitlines()[-1] == "(research use only, not a medical device)"


@pytest.mark.usefixtures("two_patients_will_do")
def test_it_is_replaced_and_told_as_json(say_to: Callable[..., Any], own: Path, store: Path) -> None:
    say_to("calibrate", own, "--data", store, *TRAIN)
    first = (own / CALIBRATION).read_bytes()
    asked = ("--prompts", "ptbxl-rhythm", "--prompts", "synthetic", "--rule", "cosine", "--seed", 3, "--no-reference")
    said = say_to("calibrate", own, "--data", store, *TRAIN, *asked, "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert told["path"] == str(own / CALIBRATION)
    assert [(one["name"], one["rule"]) for one in told["prompt_sets"]] == [
        ("ptbxl-rhythm", "cosine"),
        ("synthetic", "cosine"),
    ]
    assert (told["reference"], told["fitted_on"]["seed"]) == (0, 3)
    assert told["prompt_sets"][1]["held_out"]["macro_ece"]["value"] >= 0
    assert "quantiles" not in told["prompt_sets"][1]["labels"][0]
    carried = read_calibration(own)
    assert carried is not None
    assert carried.reference is None
    say_to("calibrate", own, "--data", store, *TRAIN)
    assert (own / CALIBRATION).read_bytes() == first


def test_labels_of_too_few_patients_are_named(say_to: Callable[..., Any], own: Path, store: Path) -> None:
    said = say_to("calibrate", own, "--data", store)
    assert said.status == 0
    assert "synthetic v1" in said.out
    assert ": 0 of " in said.out
    assert "20 are needed" in said.out
    assert "left out:" not in said.out


@pytest.mark.parametrize("what", ["hub name", "bundled", "store", "damaged"])
def test_where_no_calibration_can_go_is_told(say_to: Callable[..., Any], own: Path, store: Path, what: str) -> None:
    if what == "damaged":
        (own / CALIBRATION).write_text("{}")
    place, says = {
        "hub name": ("org/name", "org/name is no folder of yours; name one with --out"),
        "bundled": ("reference", "reference is no folder of yours; name one with --out"),
        "store": (store, "is a store, not a model"),
        "damaged": (own, "delete it and fit again"),
    }[what]
    said = say_to("calibrate", place, "--data", store)
    assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
    assert says in said.err


@pytest.mark.usefixtures("two_patients_will_do")
def test_probabilities_are_scored_on_another_split(
    say_to: Callable[..., Any], own: Path, store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.json"
    asked = ("evaluate", own, "--data", store, "--task", "calibration", "--resamples", 20, "--out", out)
    said = say_to(*asked)
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert "carries no calibration; fit one first: ecg-text calibrate" in said.err
    say_to("calibrate", own, "--data", store, *TRAIN)
    said = say_to(*asked, *TRAIN)
    assert said.status == 1
    assert "choose another split" in said.err
    said = say_to(*asked, "--split", "test")
    assert (said.status, said.err) == (0, "")
    result = read_result(out)
    assert (result.task, result.split, result.provenance["fitted_on_split"]) == ("calibration", "test", "train")
    assert set(result.baselines) == {"prevalence", "uncalibrated sigmoid", "true probabilities"}
    assert 0 <= result.metrics["macro_ece"].value <= 1


def test_subgroups_are_compared(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "r.json"
    asked = ("evaluate", model, "--data", store, "--task", "subgroups", *TRAIN, "--resamples", 20, "--out", out)
    said = say_to(*asked)
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert "nothing can be compared" in said.err
    few = Comparison(min_records=5, min_positives=1)
    monkeypatch.setattr("ecg_text.evaluation.subgroups.Comparison", lambda: few)
    said = say_to(*asked)
    assert (said.status, said.err) == (0, "")
    result = read_result(out)
    assert result.metrics["difference/sex female"].low is not None
    assert set(result.baselines) == {"chance", "random encoder"}
    assert "site (not known)" in str(result.provenance["groups_left_out"])
    assert "num labels compared" in said.out


@pytest.mark.usefixtures("two_patients_will_do")
def test_a_copy_gets_the_calibration_and_the_model_stays_as_it_was(
    say_to: Callable[..., Any], own: Path, store: Path, tmp_path: Path
) -> None:
    say_to("calibrate", own, "--data", store, *TRAIN)
    before, mine = {path.name: path.read_bytes() for path in own.iterdir()}, tmp_path / "mine"
    said = say_to("calibrate", own, "--data", store, *TRAIN, "--seed", "1", "--out", mine)
    assert (said.status, said.err) == (0, "")
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    after = {path.name: path.read_bytes() for path in mine.iterdir()}
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == {CALIBRATION}
    carried = load(mine).own_calibration
    assert not isinstance(carried, str)
    assert carried.fitted_on.seed == 1


def test_a_folder_of_something_else_is_not_written_over(
    say_to: Callable[..., Any], own: Path, store: Path, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work")
    said = say_to("calibrate", own, "--data", store, *TRAIN, "--out", taken)
    assert (said.status, said.out) == (1, "")
    assert "is not empty and holds no checkpoint" in said.err
    assert (taken / "thesis.txt").read_text() == "years of work"
