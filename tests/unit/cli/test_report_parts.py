"""What a report keeps of a step, and what it takes from files, without any model."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.cli.evaluate_tasks import TASKS, misuse
from ecg_text.cli.report_also import read_also
from ecg_text.cli.report_kept import Done, Kept
from ecg_text.cli.report_steps import STEPS
from ecg_text.errors import DataError
from ecg_text.evaluation.reliability import ReliabilityBin
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import ClassScore, Metric

IDENTITY = {"model_revision": "a", "split": "val", "seed": 0}


def result(task: str = "zero-shot", name: str = "macro_auroc", value: float = 0.8, **provenance: object) -> Result:
    about = {"model_revision": "ours", "data_set": "ptbxl", "split_hash": "s", **provenance}
    return Result(
        task=task,
        split="val",
        metrics={name: Metric(value=value, low=value, high=value)},
        classes={"MI": ClassScore(support=3, skipped="one value only")},
        baselines={"chance": {name: Metric(value=0.5)}},
        provenance=about,  # type: ignore[arg-type]
    )


@pytest.fixture
def done() -> Done:
    bins = (ReliabilityBin(num_records=2, mean_probability=0.25, observed=0.5),)
    return Done(results=(result(), result(value=0.6)), reliability={"form": {"MI": bins}}, seconds=2.5)


def test_a_step_is_read_as_it_was_kept(tmp_path: Path, done: Done) -> None:
    kept = Kept(folder=tmp_path / "work", identity=IDENTITY)
    assert kept.read("zero-shot") is None
    kept.write("zero-shot", done)
    found = kept.read("zero-shot")
    assert isinstance(found, Done)
    assert (found.results, found.reliability, found.seconds) == (done.results, done.reliability, 2.5)
    assert (done.was_kept, found.was_kept) == (False, True)
    assert kept.read("retrieval") is None
    kept.remove()
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(("fact", "value"), [("model_revision", "b"), ("split", "test"), ("seed", 1)])
def test_what_was_done_for_another_thing_is_not_taken(tmp_path: Path, done: Done, fact: str, value: object) -> None:
    Kept(folder=tmp_path, identity=IDENTITY).write("zero-shot", done)
    found = Kept(folder=tmp_path, identity={**IDENTITY, fact: value}).read("zero-shot")  # type: ignore[dict-item]
    assert isinstance(found, str)
    assert found.startswith(fact.replace("_", " "))


def test_half_a_step_is_none(tmp_path: Path, done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(folder=tmp_path, identity=IDENTITY)
    kept.write("zero-shot", done)
    with monkeypatch.context() as patch:
        patch.setattr(Result, "write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            kept.write("zero-shot", done)
    assert kept.read("zero-shot") is None
    kept.write("zero-shot", done)
    (tmp_path / "zero-shot" / "01.json").write_text("{}")
    assert "it is damaged" in str(kept.read("zero-shot"))
    (tmp_path / "zero-shot.json").write_text("[")
    assert "it is damaged" in str(kept.read("zero-shot"))


def written(folder: Path, *results: Result) -> list[Path]:
    return [one.write_json(folder / f"{number}.json") for number, one in enumerate(results)]


def test_a_model_that_learned_labels_stands_beside_what_asks_for_the_same(tmp_path: Path) -> None:
    supervised = result("fine-tune", value=0.93, model_revision="theirs", label_set="superdiagnostic")
    tuned = result("fine-tune", value=0.91, model_revision="x", start_revision="ours", label_set="superdiagnostic")
    also = read_also(written(tmp_path, supervised, tuned), revision="ours", split="val", same={"data_set": "ptbxl"})
    assert also.own == (tuned,)
    zero_shot = result(prompt_set="ptbxl-superclass", protocol="ecg_text")
    probe = result("linear-probe", "macro_auroc@100%", label_set="superdiagnostic")
    others = [
        result(prompt_set="ptbxl-form", protocol="ecg_text"),
        result(prompt_set="ptbxl-superclass", protocol="merl"),
        result("subgroups", prompt_set="ptbxl-superclass"),
    ]
    first, second, *rest = also.beside([zero_shot, probe, *others])
    assert first.baselines["supervised"]["macro_auroc"].value == 0.93
    assert second.baselines["supervised"]["macro_auroc@100%"].value == 0.93
    assert first.provenance["supervised_revision"] == "theirs"
    assert rest == others


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"split_hash": "other"}, "has split_hash 'other', the report 's'"),
        ({"model_revision": "theirs"}, "only what learned labels can stand beside it"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    files = written(tmp_path, result(**changed))
    with pytest.raises(DataError, match=told):
        read_also(files, revision="ours", split="val", same={"split_hash": "s"})


def test_another_split_and_a_second_base_line_are_refused(tmp_path: Path) -> None:
    supervised = result("fine-tune", model_revision="theirs", label_set="form")
    with pytest.raises(DataError, match="of the split 'val', the report of 'test'"):
        read_also(written(tmp_path, supervised), revision="ours", split="test", same={})
    with pytest.raises(DataError, match="a second supervised result of form"):
        read_also(written(tmp_path, supervised, supervised), revision="ours", split="val", same={})


def test_every_step_asks_a_task_in_a_way_that_evaluate_would_take(tmp_path: Path) -> None:
    from types import SimpleNamespace
    from typing import Any

    from ecg_text.cli.report_wanted import Shared

    nothing: Any = None
    asked = Shared(
        model="m", task="", out=tmp_path, data=tmp_path, prompts=["synthetic"], embedder=nothing, untrained=nothing,
        store=nothing,
    )  # fmt: skip
    file = tmp_path / "file"
    wanted: Any = SimpleNamespace(
        class_texts=file,
        statements=file,
        gallery=file,
        probe=file,
        label_names=["form"],
        embedder=SimpleNamespace(model=SimpleNamespace(decoder=object())),
    )
    for step in STEPS.values():
        complete = step.complete(wanted, asked)
        assert isinstance(complete, Shared)
        assert complete.task in TASKS
        assert misuse(complete) is None
    wanted = SimpleNamespace(
        class_texts=None, statements=None, gallery=None, probe=None, label_names=None,
        embedder=SimpleNamespace(model=SimpleNamespace(decoder=None)),
    )  # fmt: skip
    left_out = [name for name, step in STEPS.items() if isinstance(step.complete(wanted, asked), str)]
    assert left_out == ["plain-names", "merl", "patient-id", "captions"]
