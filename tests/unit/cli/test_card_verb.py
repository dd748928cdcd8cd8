"""ecg-text card prints the card of a folder, or writes it with the results that it tells."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parent.parent / "hub" / "example_card"


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    """A copy of the model, with what a run tells of its making."""
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    told = json.loads((EXAMPLE / "provenance.json").read_text())
    own = json.loads((folder / "provenance.json").read_text())
    (folder / "provenance.json").write_text(json.dumps(told | own))
    return folder


@pytest.fixture
def results(folder: Path, tmp_path: Path) -> Path:
    """The example's results, as if they were of this model."""
    own = json.loads((folder / "provenance.json").read_text())
    text = (EXAMPLE / "results.json").read_text()
    text = text.replace('"prompt_version": 1', '"prompt_version": 1, "protocol": "ecg_text"')
    text = text.replace("0123456789ab", own["revision"]).replace("cf334443f9b94902", own["preprocess_fingerprint"])
    (tmp_path / "results.json").write_text(text)
    return tmp_path / "results.json"


def test_a_model_without_results_has_the_card_that_it_was_saved_with(say_to: Callable[..., Any], model: Path) -> None:
    said = say_to("card", model)
    assert (said.status, said.out) == (0, (model / "README.md").read_text())


def test_a_card_with_results_is_written_beside_them_and_comes_out_the_same(
    say_to: Callable[..., Any], folder: Path, results: Path
) -> None:
    shown = say_to("card", folder, "--results", results)
    assert "## Results" in shown.out
    assert "## Results" not in (folder / "README.md").read_text()
    said = say_to("card", folder, "--results", results, "--write")
    assert (said.status, said.out) == (0, f"card {folder / 'README.md'}\n")
    assert (folder / "README.md").read_text() == shown.out
    assert json.loads((folder / "results.json").read_text()) == json.loads(results.read_text())
    assert say_to("card", folder).out == shown.out
    assert {path.name for path in folder.iterdir() if path.name.startswith(".")} == set()


def test_the_card_in_json_says_what_it_lacks(
    say_to: Callable[..., Any], model: Path, folder: Path, results: Path
) -> None:
    bare = json.loads(say_to("card", model, "--json").out)
    assert bare == {"model": str(model), "written": None, "missing": ["results"], "card": bare["card"]}
    assert bare["card"] == (model / "README.md").read_text()
    said = json.loads(say_to("card", folder, "--results", results, "--write", "--json").out)
    assert said["written"] == str(folder / "README.md")
    assert said["card"] == (folder / "README.md").read_text()
    assert f"Not tried, or not stated: {'; '.join(said['missing'])}." in said["card"]


def test_a_written_card_is_ready_to_be_pushed_and_a_changed_one_is_not(
    say_to: Callable[..., Any], folder: Path, results: Path
) -> None:
    from ecg_text.errors import CheckpointError
    from ecg_text.hub.parcel import pack

    say_to("card", folder, "--results", results, "--write")
    assert {"results.json", "README.md"} <= {file.name for file in pack(folder).files}
    card = (folder / "README.md").read_text()
    (folder / "README.md").write_text(card.replace("0.889", "0.989"))
    with pytest.raises(CheckpointError, match=r"README\.md is not what results\.json and provenance\.json render"):
        pack(folder)


def test_what_is_written_names_no_folder_of_this_disk(say_to: Callable[..., Any], folder: Path, results: Path) -> None:
    from ecg_text.errors import CheckpointError
    from ecg_text.hub.parcel import pack

    results.write_text(results.read_text().replace("evaluate run/model", "evaluate '/home/anna lee/run/model'"))
    say_to("card", folder, "--results", results, "--write")
    pack(folder)
    for name in ("results.json", "README.md"):
        assert "ecg-text evaluate 'model' --data store" in (folder / name).read_text()
        assert "lee" not in (folder / name).read_text()
    shutil.copyfile(results, folder / "results.json")
    with pytest.raises(CheckpointError, match=r"results\.json names folders of this disk; write it without them: ecg-"):
        pack(folder)
    say_to("card", folder, "--write")
    pack(folder)


@pytest.mark.slow
def test_a_written_card_names_no_person(say_to: Callable[..., Any], folder: Path, results: Path) -> None:
    say_to("card", folder, "--results", results, "--write")
    said = say_to("scan-phi", folder)
    assert said.status == 0, said.out


def test_results_of_another_model_are_refused_and_nothing_is_written(say_to: Callable[..., Any], folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    said = say_to("card", folder, "--results", EXAMPLE / "results.json", "--write")
    assert said.status == 1
    assert "is of the weights 0123456789ab, provenance.json tells of" in said.err
    assert said.err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_run_folder_is_told_where_its_model_is(say_to: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    said = say_to("card", tmp_path)
    assert said.status == 1
    assert "is a run folder, not a model" in said.err
