"""ecg-text report: the whole suite into one folder, gone on with where it stopped, and held against an older run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ecg_text.cli.evaluate_asked import Answers
from ecg_text.cli.report_steps import STEPS, Step
from ecg_text.errors import DataError
from ecg_text.hub.results_file import Results, read_results

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parent.parent / "hub" / "example_card"
SPLIT = ("--split", "test", "--resamples", "10")
SYNTHETIC = ("--only", "zero-shot", "--only", "retrieval")


@pytest.fixture
def own(model: Path, tmp_path: Path) -> Path:
    """A copy of the model, with what a run tells of its making."""
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    told = json.loads((EXAMPLE / "provenance.json").read_text())
    own = json.loads((folder / "provenance.json").read_text())
    (folder / "provenance.json").write_text(json.dumps({**told, **own, "source": "folder"}))
    return folder


def stop(_: object) -> Answers:
    """A step that is interrupted."""
    raise KeyboardInterrupt


BROKEN = {**STEPS, "retrieval": Step(complete=STEPS["retrieval"].complete, ask=stop)}


def tasks_of(results: Results) -> list[str]:
    return list(dict.fromkeys(one.task for one in results.results))


def test_the_whole_suite_makes_results_tables_figures_and_a_card(
    say_to: Callable[..., Any], own: Path, store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = say_to("report", own, "--data", store, *SPLIT, "--out", out, "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert {"zero-shot", "retrieval", "lead-subsets", "linear-probe", "knn-probe", "robustness"} <= told["steps"].keys()
    assert {"plain-names", "merl", "patient-id", "captions"} <= told["left_out"].keys()
    assert told["left_out"]["captions"] == "the model writes no reports"
    assert "[1/12] zero-shot ..." in said.err
    assert {path.name for path in out.iterdir()} == {"results.json", "tables.md", "figures"}
    results = read_results(out / "results.json")
    assert tasks_of(results) == list(told["steps"])
    page = (out / "tables.md").read_text()
    for path in (out / "figures").iterdir():
        ElementTree.parse(path)
        assert f"](figures/{path.name})" in page
    assert "- merl: needs MERL's class texts" in page
    assert "Research use only" in page
    said = say_to("card", own, "--results", out / "results.json")
    assert said.status == 0, said.err
    assert "## Robustness" in said.out
    assert "No licence was stated." in said.out


def test_a_stopped_report_goes_on_where_it_stopped(
    say_to: Callable[..., Any],
    model: Path,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ("--data", store, *SPLIT, *SYNTHETIC)
    whole = tmp_path / "whole"
    assert say_to("report", model, *asked, "--out", whole).status == 0
    out = tmp_path / "out"

    with monkeypatch.context() as patch:
        patch.setattr("ecg_text.cli.report.STEPS", BROKEN)
        said = say_to("report", model, *asked, "--out", out)
    assert said.status == 130
    assert not (out / "results.json").exists()
    said = say_to("report", model, *asked, "--out", out)
    assert said.status == 0, said.err
    assert "[1/2] zero-shot: kept from before" in said.err
    assert "[2/2] retrieval: " in said.err
    assert not (out / ".unfinished").exists()
    ours, theirs = (read_results(folder / "results.json").results for folder in (out, whole))
    assert [one.figures for one in ours] == [one.figures for one in theirs]


def test_what_was_kept_of_another_model_is_done_again(
    say_to: Callable[..., Any],
    model: Path,
    other_model: Path,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ("--data", store, *SPLIT, *SYNTHETIC, "--out", tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("ecg_text.cli.report.STEPS", BROKEN)
        assert say_to("report", other_model, *asked).status == 130
    said = say_to("report", model, *asked)
    assert said.status == 0, said.err
    assert "[1/2] zero-shot: what was kept is not taken, model revision was" in said.err


def test_a_fresh_run_is_held_against_an_older_one(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path
) -> None:
    asked = ("report", model, "--data", store, *SPLIT, *SYNTHETIC)
    first = tmp_path / "first"
    assert say_to(*asked, "--out", first).status == 0
    results = first / "results.json"
    said = say_to(*asked, "--out", tmp_path / "second", "--check", results)
    assert said.status == 0, said.out + said.err
    assert "figures reproduced within 0.2 points" in said.out
    document = json.loads(results.read_text())
    document["results"][0]["metrics"]["macro_auroc"]["value"] -= 0.003
    (tmp_path / "changed.json").write_text(json.dumps(document))
    said = say_to(*asked, "--out", tmp_path / "third", "--check", tmp_path / "changed.json")
    assert said.status == 1
    assert "+0.30 points" in said.out
    said = say_to(*asked, "--out", tmp_path / "third", "--check", tmp_path / "changed.json", "--json")
    check = json.loads(said.out)["check"]
    assert (said.status, check["reproduced"], [one["figure"] for one in check["off"]]) == (1, False, ["macro_auroc"])
    said = say_to(*asked[:-2], "--out", tmp_path / "fourth", "--check", results)
    assert said.status == 1
    assert "in the file, but not asked by this run: retrieval on test" in said.out


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (("--split", "val", "--check", "CHECK"), 1, "give --split test"),
        (("--out", "FIRST", "--check", "CHECK"), 1, "this run would replace"),
        (("--seed", "1", "--only", "retrieval", "--check", "CHECK"), 1, "in another way: seed is 0 in the file and 1"),
        (("--split", "train"), 2, "report test or val"),
        (("--only", "everything"), 2, "no step 'everything'"),
        (("--gallery", "g.csv"), 2, "--gallery and --probe go together"),
        (("--also", "CHECK"), 1, "is not a well-formed result"),
        (("--facts", "CHECK"), 1, "facts has 'facts'"),
        (("--prompts", "ptbxl-form", "--only", "merl"), 1, "nothing could be asked of"),
    ],
)
def test_what_cannot_be_reported_is_told(
    say_to: Callable[..., Any],
    model: Path,
    store: Path,
    tmp_path: Path,
    options: tuple[str, ...],
    status: int,
    told: str,
) -> None:
    first = tmp_path / "first"
    if "CHECK" in options:
        assert say_to("report", model, "--data", store, *SPLIT, "--only", "retrieval", "--out", first).status == 0
    places = {"CHECK": first / "results.json", "FIRST": first}
    given = [places.get(option, option) for option in options]
    out = () if "--out" in options else ("--out", tmp_path / "out")
    said = say_to("report", model, "--data", store, *SPLIT, *out, *given)
    assert said.status == status, said.out + said.err
    assert told in " ".join(said.err.split())


def test_a_patient_in_two_splits_is_refused(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crossing(_: object) -> None:
        raise DataError("patient 'a' has records in the splits train and test; keep a patient in one split")

    monkeypatch.setattr("ecg_text.data.splits.check_disjoint", crossing)
    said = say_to("report", model, "--data", store, *SPLIT, "--out", tmp_path / "out")
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert "keep a patient in one split" in said.err


def test_the_folder_is_called_as_the_model_is(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model_cards" / "untrained").mkdir(parents=True)
    facts = {"licence": {"id": "apache-2.0"}, "title": "Mine"}
    (tmp_path / "model_cards" / "untrained" / "facts.json").write_text(json.dumps(facts))
    said = say_to("report", model, "--data", store, *SPLIT, "--only", "retrieval")
    assert said.status == 0, said.err
    results = read_results(tmp_path / "model_cards" / "untrained" / "results.json")
    assert (results.facts["title"], results.facts["licence"]) == ("Mine", {"id": "apache-2.0"})
    assert results.facts["datasets"][0]["source"] == "folder"
