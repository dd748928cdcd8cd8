"""ecg-text search: by a text, by an ECG, by both."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def index(say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path) -> Path:
    out = tmp_path / "index"
    assert say_to("index", "build", store, "--model", model, "--out", out).status == 0
    return out


def hits(said: Any) -> list[dict[str, Any]]:
    assert (said.status, said.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(said.out)["hits"]
    return found


def test_hits_come_ranked_with_their_reports(say_to: Callable[..., Any], index: Path) -> None:
    found = hits(say_to("search", index, "atrial fibrillation", "-k", 5, "--json"))
    assert [hit["rank"] for hit in found] == [1, 2, 3, 4, 5]
    values = [hit["similarity"] for hit in found]
    assert values == sorted(values, reverse=True)
    assert all(hit["report"] and hit["path"] for hit in found)


def test_a_recording_finds_itself_first(say_to: Callable[..., Any], index: Path, archive: Path) -> None:
    ecg = sorted(archive.glob("*.hea"))[7]
    found = hits(say_to("search", index, "--ecg", ecg, "--json"))
    assert found[0]["record_id"] == ecg.stem
    assert found[0]["similarity"] > 0.999


def test_weight_goes_from_the_text_alone_to_the_ecg_alone(
    say_to: Callable[..., Any], index: Path, archive: Path
) -> None:
    ecg = sorted(archive.glob("*.hea"))[7]

    def order(*arguments: object) -> list[str]:
        return [hit["record_id"] for hit in hits(say_to("search", index, *arguments, "-k", 48, "--json"))]

    both = ("atrial fibrillation", "--ecg", ecg, "--weight")
    assert order(*both, 0) == order("atrial fibrillation")
    assert order(*both, 1) == order("--ecg", ecg)
    assert order(*both, 0.5) not in (order(*both, 0), order(*both, 1))


def test_a_person_sees_a_table_and_that_it_is_for_research(say_to: Callable[..., Any], index: Path) -> None:
    said = say_to("search", index, "left bundle branch block", "-k", 3)
    assert said.status == 0
    assert all(heading in said.out for heading in ("rank", "record", "similarity", "report", "path"))
    assert said.out.splitlines()[-1] == "(research use only, not a medical device)"


def test_the_rule_changes_the_similarity(say_to: Callable[..., Any], index: Path) -> None:
    one, other = (
        hits(say_to("search", index, "atrial flutter", "--rule", rule, "--json")) for rule in ("contrast", "cosine")
    )
    assert [hit["similarity"] for hit in one] != [hit["similarity"] for hit in other]


@pytest.mark.parametrize(
    ("options", "opposite"),
    [((), ["normal ecg"]), (("--opposite", "sinus rhythm"), ["sinus rhythm"]), (("--rule", "cosine"), [])],
)
def test_the_json_says_what_the_text_was_measured_against(
    say_to: Callable[..., Any], index: Path, options: tuple[str, ...], opposite: list[str]
) -> None:
    told = json.loads(say_to("search", index, "atrial flutter", *options, "--json").out)
    assert told["query"]["opposites"] == opposite


def test_another_models_query_is_one_line(say_to: Callable[..., Any], index: Path, other_model: Path) -> None:
    said = say_to("search", index, "atrial fibrillation", "--model", other_model)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("error: these embeddings come from model")
    assert said.err.count("\n") == 1


def test_a_model_that_moved_is_asked_for(say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(model, moved)
    say_to("index", "build", store, "--model", moved, "--out", tmp_path / "index", "--split", "val")
    shutil.rmtree(moved)
    said = say_to("search", tmp_path / "index", "atrial fibrillation")
    assert said.status == 1
    assert "no longer there; name its model with --model" in said.err
    assert say_to("search", tmp_path / "index", "atrial fibrillation", "--model", model).status == 0


def test_a_search_for_nothing_is_wrong_usage(say_to: Callable[..., Any], index: Path) -> None:
    assert say_to("search", index).status == 2


def test_a_folder_that_is_no_index_is_one_line(say_to: Callable[..., Any], tmp_path: Path) -> None:
    said = say_to("search", tmp_path, "atrial fibrillation")
    assert said.status == 1
    assert "is no index" in said.err
    assert said.err.count("\n") == 1


def test_a_query_in_a_wrong_unit_is_warned_of(
    say_to: Callable[..., Any], index: Path, archive: Path, tmp_path: Path
) -> None:
    from ecg_text.signal.read import read

    record = read(sorted(archive.glob("*.hea"))[7])
    np.save(tmp_path / "uv.npy", record.signal * 6)
    stated = ("--rate-hz", record.rate_hz, "--leads", ",".join(record.leads), "--unit", "mV")
    said = say_to("search", index, "--ecg", tmp_path / "uv.npy", *stated)
    assert said.status == 0
    assert "uv.npy: the usual beat has" in said.out
    gate = json.loads(say_to("search", index, "--ecg", tmp_path / "uv.npy", *stated, "--json").out)["gate"]
    assert gate["findings"][0]["code"] == "unit.too_large"
    np.save(tmp_path / "uv.npy", record.signal * 1000)
    assert say_to("search", index, "--ecg", tmp_path / "uv.npy", *stated).status == 1
