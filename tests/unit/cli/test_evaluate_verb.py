"""ecg-text evaluate: result files from a model and a store."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecg_text.evaluation.result import read_result

pytestmark = pytest.mark.slow

QUICK = ("--split", "train", "--resamples", "20")


def test_zero_shot_writes_a_result_beside_its_base_lines(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "result.json"
    said = say_to("evaluate", model, "--data", store, "--task", "zero-shot", *QUICK, "--out", out)
    assert (said.status, said.err) == (0, "")
    result = read_result(out)
    assert (result.task, result.split) == ("zero-shot", "train")
    assert set(result.baselines) == {"chance", "random encoder"}
    assert result.metrics["macro_auroc"].low is not None
    about = result.provenance
    assert (about["prompt_set"], about["rule"], about["rows"], about["seed"]) == (
        "synthetic",
        "contrast",
        "labelled",
        0,
    )
    for name in ("model_revision", "preprocess_fingerprint", "prompt_hash", "split_hash", "code_version", "command"):
        assert about[name], name
    assert "under 0.6:" in said.out
    assert said.out.splitlines()[-1] == "(research use only, not a medical device)"


def test_several_sets_make_one_file_each(say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "own"\nversion = 1\nsources = ["a test"]\n'
        '[[label]]\nname = "AFIB"\ntitle = "AF"\ntexts = ["atrial fibrillation"]\ncodes = { scp = ["AFIB"] }\n'
    )
    asked = ("--prompts", "synthetic", "--prompts", own, "--rows", "all", "--no-random-encoder", "--json")
    said = say_to(
        "evaluate", model, "--data", store, "--task", "zero-shot", *asked, *QUICK, "--out", tmp_path / "r.json"
    )
    assert said.status == 0, said.err
    told = json.loads(said.out)["results"]
    files = [tmp_path / "r-synthetic.json", tmp_path / "r-own.json"]
    assert [entry["path"] for entry in told] == [str(path) for path in files]
    assert [entry["result"] for entry in told] == [read_result(path).to_dict() for path in files]
    assert not (tmp_path / "r.json").exists()


def test_retrieval_asks_both_ways(say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path) -> None:
    said = say_to(
        "evaluate", model, "--data", store, "--task", "retrieval", *QUICK, "--out", tmp_path / "r.json", "--json"
    )
    assert said.status == 0
    [entry] = json.loads(said.out)["results"]
    assert "report_to_ecg_recall@10" in entry["result"]["metrics"]
    assert set(entry["result"]["baselines"]) == {"chance", "random encoder"}


def test_captions_hold_drafts_against_reports_and_read_their_labels(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ecg_text.hub.embedding.Embedder.describe_prepared", lambda _, ecg, *__: ["sinus rhythm. normal ecg"] * len(ecg)
    )
    asked = ("--task", "captions", "--prompts", "synthetic", "--prompts", "ptbxl-rhythm")
    said = say_to("evaluate", model, "--data", store, *asked, *QUICK, "--out", tmp_path / "r.json")
    assert (said.status, said.err) == (0, "")
    assert "under 0.6" not in said.out  # which is told of rankings
    result = read_result(tmp_path / "r.json")
    assert result.task == "captions"
    assert set(result.baselines) == {"most common report", "random training report", "the report itself"}
    assert result.metrics["report_label_f1_macro/synthetic"].low is not None
    assert result.metrics["report_label_f1_micro/ptbxl-rhythm"].value > 0
    assert result.provenance["num_distinct_drafts"] == 1


def test_a_model_that_writes_no_reports_says_so(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path
) -> None:
    said = say_to("evaluate", model, "--data", store, "--task", "captions", *QUICK, "--out", tmp_path / "r.json")
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert not (tmp_path / "r.json").exists()


def test_the_same_seed_gives_the_same_file(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path
) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for out in files:
        say_to("evaluate", model, "--data", store, "--task", "zero-shot", *QUICK, "--seed", 3, "--out", out)
    assert files[0].read_text() == files[1].read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--task", "retrieval", "--rows", "all"), 2, "--rows"),
        (("--task", "zero-shot", "--prompts", "ptbxl-form", "--min-positives", "500"), 1, "no label of ptbxl-form has"),
        (("--task", "zero-shot", "--prompts", "synthetic", "--prompts", "synthetic"), 1, "two prompt sets"),
        (("--task", "linear-prober"), 2, "linear-prober"),
    ],
)
def test_what_cannot_be_evaluated_is_told(
    refused: Callable[..., Any], arguments: tuple[str, ...], status: int, told: str
) -> None:
    assert told in refused(status, *arguments, *QUICK).err


def test_a_result_that_has_no_place_is_told_before_anything_is_embedded(
    say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecg_text.evaluation.tasks.embed_split", lambda *_, **__: pytest.fail("embedded"))
    (tmp_path / "file").write_text("mine")
    for out, told in ((tmp_path, "is a folder"), (tmp_path / "file" / "r.json", "file: ")):
        said = say_to("evaluate", model, "--data", store, "--task", "retrieval", "--out", out)
        assert (said.status, said.out) == (1, "")
        assert told in said.err
        assert said.err.count("\n") == 1


def test_the_folder_of_a_result_is_made(say_to: Callable[..., Any], model: Path, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "r.json"
    said = say_to("evaluate", model, "--data", store, "--task", "retrieval", *QUICK, "--out", out)
    assert said.status == 0
    assert out.is_file()
