"""ecg-text classify: findings asked of files."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.synthetic.synthesise import synthesise
from ecg_text.text.prompt_files import load_prompt_set

pytestmark = pytest.mark.slow


@pytest.fixture
def ecg(archive: Path) -> Path:
    return sorted(archive.glob("*.hea"))[0]


def test_every_label_of_a_set_is_answered_best_first(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    said = say_to("classify", ecg, "--model", model, "--prompts", "synthetic", "--json")
    assert (said.status, said.err) == (0, "")
    told = json.loads(said.out)
    assert told["prompt_set"].keys() == {"name", "version", "hash"}
    assert len(told["model_revision"]) == 12
    assert len(told["preprocess_fingerprint"]) == 16
    assert told["research_use"] == "research use only, not a medical device"
    [record] = told["records"]
    assert record["file"] == str(ecg)
    assert record["masked_leads"] == {}
    asked = load_prompt_set("synthetic")
    assert told["opposites"] == {label.name: list(label.opposite) for label in asked.labels}
    values = [label["similarity"] for label in record["labels"]]
    assert values == sorted(values, reverse=True)
    assert {label["name"] for label in record["labels"]} == set(load_prompt_set("synthetic").names)


def test_the_answers_are_those_of_the_library(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    from ecg_text.hub.loading import load
    from ecg_text.signal.read import read
    from ecg_text.text.prompt_files import text_prompt_set

    asked = ["atrial fibrillation", "normal ecg"]
    said = say_to("classify", ecg, "--model", model, "--text", asked[0], "--text", asked[1], "--json")
    told = {label["name"]: label["similarity"] for label in json.loads(said.out)["records"][0]["labels"]}
    expected = load(model).zero_shot([read(ecg)], text_prompt_set(asked))[0]
    np.testing.assert_allclose([told[name] for name in asked], expected, atol=1e-6)


def test_a_person_sees_a_table_and_that_it_is_for_research(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    said = say_to("classify", ecg, "--model", model, "--prompts", "synthetic", "--top", "3", "-v")
    assert said.status == 0
    assert "similarity" in said.out
    assert "window 0-10 s" in said.out
    assert said.out.count("probability") == said.out.count("no probability: the model carries no calibration") == 1
    assert said.out.splitlines()[-1] == "(research use only, not a medical device)"
    assert said.out.count("+0.") + said.out.count("-0.") == 3


def test_a_bad_file_among_several_is_one_line_and_the_others_are_answered(
    say_to: Callable[..., Any], model: Path, ecg: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.hea"
    bad.write_text("not a header\n")
    said = say_to("classify", bad, ecg, "--model", model, "--prompts", "synthetic", "--json")
    assert said.status == 1
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    told = json.loads(said.out)
    assert [record["file"] for record in told["records"]] == [str(ecg)]
    assert [refused["file"] for refused in told["refused"]] == [str(bad)]


def test_leads_that_the_model_does_not_see_are_named(say_to: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    time = np.arange(5000) / 500
    np.save(tmp_path / "two.npy", np.stack([np.sin(9 * time), np.cos(9 * time)]).astype(np.float32))
    stated = ("--rate-hz", 500, "--unit", "mV", "--leads", "V1,V2")
    said = say_to("classify", tmp_path / "two.npy", *stated, "--model", model, "--text", "atrial fibrillation")
    assert said.status == 0
    assert "V6 (absent)" in said.out


def test_an_array_without_its_facts_is_refused(say_to: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "two.npy", np.zeros((2, 5000), dtype=np.float32))
    said = say_to("classify", tmp_path / "two.npy", "--model", model, "--text", "atrial fibrillation")
    assert said.status == 1
    assert "rate_hz, unit, leads" in said.err


def test_a_label_that_the_set_does_not_have_is_one_line(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    said = say_to("classify", ecg, "--model", model, "--prompts", "synthetic", "--label", "BRUGADA")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("error: prompt set 'synthetic' has no label 'BRUGADA'; it has NORM")
    assert said.err.count("\n") == 1


def test_only_the_labels_asked_for_are_answered(say_to: Callable[..., Any], model: Path, ecg: Path) -> None:
    asked = ("--label", "AFIB", "--label", "NORM")
    said = say_to("classify", ecg, "--model", model, "--prompts", "synthetic", *asked, "--json")
    assert {label["name"] for label in json.loads(said.out)["records"][0]["labels"]} == {"AFIB", "NORM"}


def test_answers_go_into_a_csv_file(say_to: Callable[..., Any], model: Path, archive: Path, tmp_path: Path) -> None:
    files = sorted(archive.glob("*.hea"))[:3]
    out = tmp_path / "answers.csv"
    said = say_to("classify", *files, "--model", model, "--prompts", "synthetic", "--csv", out)
    assert said.status == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(load_prompt_set("synthetic").names)
    assert {row["file"] for row in rows} == {str(path) for path in files}
    assert {row["prompt_set"] for row in rows} == {"synthetic"}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--prompts", "synthetic", "--text", "atrial fibrillation"),
        ("--prompts", "synthetic", "--opposite", "normal ecg"),
        ("--text", "atrial fibrillation", "--label", "AFIB"),
        ("--prompts", "synthetic", "--rule", "softmax"),
    ],
)
def test_wrong_usage_has_status_2(
    say_to: Callable[..., Any], model: Path, ecg: Path, arguments: tuple[str, ...]
) -> None:
    said = say_to("classify", ecg, "--model", model, *arguments)
    assert (said.status, said.out) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--text", " "), "is empty"),
        (("--prompts", "no-such-set"), "no prompt set 'no-such-set'"),
        (("--text", "normal ecg", "--opposite", "normal ecg"), "keep it in one"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    say_to: Callable[..., Any], model: Path, ecg: Path, arguments: tuple[str, ...], told: str
) -> None:
    said = say_to("classify", ecg, "--model", model, *arguments)
    assert (said.status, said.out) == (1, "")
    assert told in said.err
    assert said.err.count("\n") == 1


def test_a_wrong_unit_is_refused_and_a_doubtful_one_told_beside_the_answer(
    say_to: Callable[..., Any], model: Path, ecg: Path, tmp_path: Path
) -> None:
    from ecg_text.signal.read import read

    record = read(ecg)
    np.save(tmp_path / "uv.npy", record.signal * 1000)
    stated = (
        "--rate-hz",
        record.rate_hz,
        "--leads",
        ",".join(record.leads),
        "--model",
        model,
        "--prompts",
        "synthetic",
    )
    command = ("classify", tmp_path / "uv.npy", *stated, "--unit")
    said = say_to(*command, "mV")
    assert said.status == 1
    assert "unit or gain is wrong" in said.err
    [told] = json.loads(say_to(*command, "uV", "--json").out)["records"]
    assert told["gate"]["verdict"] == "accept"
    np.save(tmp_path / "uv.npy", record.signal * 6000)
    said = say_to(*command, "uV")
    assert said.status == 0
    assert "warning: " in said.out
    [told] = json.loads(say_to(*command, "uV", "--json").out)["records"]
    assert told["gate"]["verdict"] == "accept with warnings"
    assert told["gate"]["findings"][0]["code"] == "unit.too_large"


def test_a_store_or_a_run_folder_is_named_as_such(
    say_to: Callable[..., Any], model: Path, store: Path, ecg: Path, tmp_path: Path
) -> None:
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "run.json").write_text("{}")
    for folder, told in (
        (store, "is a store, not a model"),
        (tmp_path / "run", f"its model is in {tmp_path}/run/model"),
    ):
        said = say_to("classify", ecg, "--model", folder, "--prompts", "synthetic")
        assert (said.status, said.out) == (1, "")
        assert told in said.err
        assert said.err.count("\n") == 1


def test_a_refusal_is_part_of_the_answer(say_to: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    ecg = synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=250.0, record_id="wrong").record
    wrong = write_wfdb(ecg.with_signal(ecg.signal * 1000, "uV taken for mV"), tmp_path, units_per_mv=10)
    table = tmp_path / "answers.csv"
    said = say_to("classify", wrong, "none.hea", "--model", model, "--text", "sinus rhythm", "--json", "--csv", table)
    assert said.status == 1
    refused, unread = json.loads(said.out)["refused"]
    assert (refused["gate"]["verdict"], unread["gate"]) == ("refuse", None)
    assert refused["gate"]["findings"][0]["code"] == "unit.too_large"
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["label"], row["gate"]) for row in rows] == [("", "refuse"), ("", "cannot be read")]
    assert "unit.too_large" in rows[0]["findings"]
