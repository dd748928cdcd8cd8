"""ecg-text evaluate with fewer leads, with disturbances, by the published class texts, and for patients."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecg_text.evaluation.result import read_result
from ecg_text.evaluation.subgroups import Comparison

pytestmark = pytest.mark.slow

QUICK = ("--split", "train", "--resamples", "20")
SYNTHETIC = ("--prompts", "synthetic")


@pytest.fixture
def class_texts(tmp_path: Path) -> Path:
    """A file in the layout of the published one."""
    path = tmp_path / "texts.json"
    rhythm = {"AFIB": "Atrial fibrillation, no P waves.", "SBRAD": "Slow.", "STACH": "Fast."}
    form = {"PVC": "Ventricular ectopic beats.", "PAC": "Atrial ectopic beats.", "LNGQT": "Long QT."}
    document = {
        "class_texts": {**rhythm, **form},
        "label_sets": {"ptbxl_rhythm": list(rhythm), "ptbxl_form": list(form)},
    }
    path.write_text(json.dumps(document))
    return path


def test_fewer_leads_stand_beside_all(say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "leads.json"
    asked = ("--task", "lead-subsets", *SYNTHETIC, "--leads", "I+II", "--leads", "V2", *QUICK)
    said = say_to("evaluate", model, "--data", store, *asked, "--out", out)
    assert (said.status, said.err) == (0, "")
    result = read_result(out)
    values = [name for name in result.metrics if name.startswith("macro_auroc/")]
    assert values == ["macro_auroc/all leads", "macro_auroc/I+II", "macro_auroc/V2"]
    assert result.metrics["macro_auroc_change/V2"].low is not None
    assert set(result.baselines) == {"chance", "random encoder"}
    whole = tmp_path / "whole.json"
    say_to("evaluate", model, "--data", store, "--task", "zero-shot", *SYNTHETIC, *QUICK, "--out", whole)
    for ours, theirs in (
        (result.metrics, read_result(whole).metrics),
        (result.baselines["random encoder"], read_result(whole).baselines["random encoder"]),
    ):
        assert ours["macro_auroc/all leads"].value == pytest.approx(theirs["macro_auroc"].value, abs=1e-6)


def test_disturbances_stand_beside_clean(say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for out in files:
        asked = ("--task", "robustness", *SYNTHETIC, "--no-random-encoder", *QUICK, "--out", out)
        said = say_to("evaluate", model, "--data", store, *asked)
        assert (said.status, said.err) == (0, "")
    assert files[0].read_text() == files[1].read_text()
    result = read_result(files[0])
    assert "macro_auroc_change/arm leads reversed" in result.metrics
    assert "macro_auroc/white noise 0 dB" in result.metrics


def test_the_published_protocol_asks_one_text_a_class(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, class_texts: Path
) -> None:
    out = tmp_path / "merl.json"
    asked = ("--task", "zero-shot", "--protocol", "merl", "--class-texts", class_texts, "--no-random-encoder", *QUICK)
    said = say_to("evaluate", model, "--data", store, *asked, "--out", out)
    assert (said.status, "has no labels for data of 'folder'" in said.err) == (1, True)
    said = say_to("evaluate", model, "--data", store, *asked, "--prompts", "ptbxl-rhythm", "--out", out)
    assert said.status == 0, said.err
    about = read_result(out).provenance
    assert (about["protocol"], about["prompt_set"], about["rule"]) == ("merl", "merl-ptbxl-rhythm", "cosine")
    assert (about["rows"], about["opposite_share"], about["labels_left_out"]) == ("labelled", 0.0, "")


def test_subgroups_follow_the_published_protocol_too(
    say_to: Callable[..., Any],
    model: Path,
    store: Path,
    tmp_path: Path,
    class_texts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = Comparison(min_records=2, min_positives=1)
    monkeypatch.setattr("ecg_text.evaluation.subgroups.Comparison", lambda: few)
    published = ("--protocol", "merl", "--class-texts", class_texts, "--prompts", "ptbxl-form")
    asked = ("--task", "subgroups", *published, "--no-random-encoder", *QUICK, "--out", tmp_path / "r.json")
    said = say_to("evaluate", model, "--data", store, *asked)
    assert (said.status, said.err) == (0, "")
    result = read_result(tmp_path / "r.json")
    about = result.provenance
    assert (about["protocol"], about["prompt_set"], about["rule"]) == ("merl", "merl-ptbxl-form", "cosine")
    assert "difference/sex female" in result.metrics


def test_patients_are_looked_for_in_a_gallery(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path
) -> None:
    from ecg_text.data.store import Store

    catalogue = Store.open(store).catalogue
    records: dict[str, list[str]] = {}
    for record_id, patient in zip(catalogue.column("record_id"), catalogue.column("patient_id"), strict=True):
        records.setdefault(patient, []).append(record_id)
    twice = [visits for visits in records.values() if len(visits) == 2]
    lists = {name: tmp_path / f"{name}.csv" for name in ("gallery", "probe")}
    for visit, path in enumerate(lists.values()):
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("record_id", "label"), *((ids[visit], k) for k, ids in enumerate(twice))])
    asked = ("--task", "patient-id", "--gallery", lists["gallery"], "--probe", lists["probe"], "--resamples", "20")
    said = say_to("evaluate", model, "--data", store, *asked, "--all-splits", "--out", tmp_path / "r.json")
    assert (said.status, said.err) == (0, "")
    result = read_result(tmp_path / "r.json")
    about = result.provenance
    assert (result.task, result.split, about["num_gallery"], about["num_probes"]) == (
        "patient-id",
        "all splits",
        len(twice),
        len(twice),
    )
    assert (about["gallery"], about["probe"]) == ("gallery.csv", "probe.csv")
    assert result.baselines["chance"]["rank_1_accuracy"].value == pytest.approx(1 / len(twice))
    assert set(result.baselines) == {"chance", "random encoder"}


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--task", "lead-subsets", "--leads", "X9"), 1, "unknown lead name 'X9'"),
        (("--task", "zero-shot", "--leads", "I"), 2, "--leads belongs to --task lead-subsets"),
        (("--task", "calibration", "--protocol", "merl"), 2, "calibration has no use for it"),
        (("--task", "zero-shot", "--protocol", "merl"), 2, "--protocol merl and --class-texts go together"),
        (("--task", "zero-shot", "--class-texts", "x.json"), 2, "--protocol merl and --class-texts go together"),
        (
            ("--task", "zero-shot", "--protocol", "merl", "--class-texts", "x.json", "--rule", "single"),
            2,
            "--protocol merl says what --rule is",
        ),
        (("--task", "zero-shot", "--protocol", "merl", "--class-texts", "none.json"), 1, "none.json: cannot be read"),
        (("--task", "zero-shot", "--statements", "x.csv"), 2, "--protocol plain-names and --statements go together"),
        (
            ("--task", "zero-shot", "--protocol", "plain-names", "--statements", "x.csv", "--prompts", "synthetic"),
            2,
            "--protocol plain-names says what --prompts is",
        ),
        (("--task", "zero-shot", "--protocol", "plain-names", "--statements", "x.csv"), 1, "x.csv: cannot be read"),
        (("--task", "patient-id", "--gallery", "g.csv"), 2, "--task patient-id needs --probe"),
        (("--task", "patient-id", "--gallery", "g.csv", "--probe", "p.csv"), 1, "g.csv cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_told(
    refused: Callable[..., Any], arguments: tuple[str, ...], status: int, told: str
) -> None:
    assert told in " ".join(refused(status, *arguments, *QUICK).err.split())
