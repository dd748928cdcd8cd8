"""ecg-text index: archives made searchable."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_text.index.index import Index
from ecg_text.signal.synthetic.synthesise import synthesise

pytestmark = pytest.mark.slow


def test_an_index_of_a_store_has_every_record_and_remembers_its_model(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path
) -> None:
    said = say_to("index", "build", store, "--model", model, "--out", tmp_path / "index", "--json")
    told = json.loads(said.out)
    assert (said.status, said.err) == (0, "")
    assert (told["num_records"], told["added"], told["skipped"]) == (48, 48, 0)
    assert told["model"] == str(model.resolve())
    assert told["has_reports"] is True
    assert json.loads(say_to("index", "info", tmp_path / "index", "--json").out)["num_records"] == 48
    assert "48" in say_to("index", "info", tmp_path / "index").out


def test_a_store_and_its_folder_make_the_same_vectors(
    say_to: Callable[..., Any], model: Path, store: Path, archive: Path, tmp_path: Path
) -> None:
    say_to("index", "build", store, "--model", model, "--out", tmp_path / "a")
    said = say_to("index", "build", archive, "--model", model, "--out", tmp_path / "b")
    assert said.status == 0
    a, b = Index.load(tmp_path / "a").table, Index.load(tmp_path / "b").table
    assert a.ids == b.ids
    cosine = np.einsum("nd,nd->n", a.matrix, b.matrix)
    assert cosine.min() > 0.999  # a store rounds to a microvolt
    paths = Index.load(tmp_path / "b").catalogue.column("path").to_pylist()
    assert all(Path(path).is_file() for path in paths)


def test_a_recording_that_cannot_be_read_is_left_out_and_told(
    say_to: Callable[..., Any], model: Path, archive: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for header in sorted(archive.glob("*.hea"))[:4]:
        shutil.copy(header, few)
        shutil.copy(header.with_suffix(".dat"), few)
    broken = sorted(few.glob("*.dat"))[1]
    broken.unlink()
    said = say_to("index", "build", few, "--model", model, "--out", tmp_path / "index", "--json")
    assert said.status == 0
    assert json.loads(said.out)["num_records"] == 3
    assert said.err.startswith("1 recordings were left out")
    with (tmp_path / "index.skipped.csv").open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["record_id"] == broken.stem
    assert row["reason"]


def test_records_are_added_once(say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    assert say_to("index", "build", store, "--model", model, "--out", index, "--split", "val").status == 0
    few = len(Index.load(index))
    said = say_to("index", "add", index, store, "--split", "test", "--json")
    assert said.status == 0
    grown = Index.load(index)
    assert len(grown) == few + json.loads(said.out)["added"]
    assert grown.model_name == str(model.resolve())
    again = say_to("index", "add", index, store, "--split", "test")
    assert again.status == 1
    assert "in the index already" in again.err
    assert len(Index.load(index)) == len(grown)


def test_another_models_records_are_not_added(
    say_to: Callable[..., Any], model: Path, other_model: Path, store: Path, tmp_path: Path
) -> None:
    say_to("index", "build", store, "--model", model, "--out", tmp_path / "index", "--split", "val")
    said = say_to("index", "add", tmp_path / "index", store, "--split", "test", "--model", other_model)
    assert said.status == 1
    assert said.err.startswith("error: these embeddings come from model")
    assert said.err.count("\n") == 1


def test_arrays_are_indexed_with_their_facts(say_to: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "arrays"
    folder.mkdir()
    time = np.arange(5000) / 500
    for number in range(3):
        np.save(folder / f"{number}.npy", np.stack([np.sin((7 + number) * time), np.cos(9 * time)]))
    stated = ("--rate-hz", 500, "--unit", "mV", "--leads", "I,II")
    said = say_to("index", "build", folder, *stated, "--model", model, "--out", tmp_path / "index", "--json")
    assert said.status == 0
    assert json.loads(said.out)["num_records"] == 3
    assert json.loads(said.out)["has_reports"] is False


@pytest.mark.parametrize(("split", "told"), [("dev", "no split 'dev'"), ("", "no record in the split")])
def test_a_split_without_records_is_one_line(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, split: str, told: str
) -> None:
    said = say_to("index", "build", store, "--model", model, "--out", tmp_path / "index", "--split", split)
    assert said.status == 1
    assert told in said.err
    assert not (tmp_path / "index").exists()


def test_a_folder_without_recordings_is_one_line(say_to: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    said = say_to("index", "build", tmp_path, "--model", model, "--out", tmp_path / "index")
    assert said.status == 1
    assert said.err.count("\n") == 1


def test_doubtful_recordings_are_counted(say_to: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "arrays"
    folder.mkdir()
    for number, unit in enumerate((1, 5, 5)):
        ecg = synthesise("sinus rhythm", np.random.default_rng(number), rate_hz=500.0).record
        np.save(folder / f"{number}.npy", unit * ecg.signal)
    stated = ("--rate-hz", 500, "--unit", "mV", "--leads", ",".join(ecg.leads))
    said = say_to("index", "build", folder, *stated, "--model", model, "--out", tmp_path / "index", "--json")
    assert json.loads(said.out)["doubtful"] == 2
    assert said.err.startswith("warning: 2 recordings are doubtful; the first, 1: the usual beat has")
    assert said.err.count("\n") == 1


def test_a_foreign_folder_is_refused_before_anything_is_embedded(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecg_text.cli.index._embed", lambda *_: pytest.fail("embedded"))
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "thesis.txt").write_text("mine")
    said = say_to("index", "build", store, "--model", model, "--out", tmp_path / "index")
    assert (said.status, said.out) == (1, "")
    assert "exists and is no index" in said.err
