"""A run that learns labels: what it is made of, what it begins with, what it leaves, and that it learns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ecg_text.data.sources.folder import folder as folder_source
from ecg_text.data.store import Store
from ecg_text.data.store_writer import write_store
from ecg_text.errors import ConfigError, DataError, PromptError, TrainingError
from ecg_text.evaluation.metrics import macro_auroc
from ecg_text.hub.checkpoint import save_checkpoint
from ecg_text.hub.ecg_classifier import load_classifier
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.recipes.plain import from_plain, override, to_plain
from ecg_text.recipes.session import train_run
from ecg_text.recipes.smoke import smoke
from ecg_text.recipes.supervised import SupervisedRun
from ecg_text.recipes.supervised_build import BuiltSupervised, build_supervised
from ecg_text.recipes.table import LABEL_RECIPES, any_recipe
from ecg_text.recipes.towers import build_model, build_tokenizer
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import LABELS, write_synthetic_folder

TINY = (
    "labels=synthetic",
    "ecg.widths=[8,16]",
    "ecg.depths=[1,1]",
    "ecg.num_heads=2",
    "data.batch_size=8",
    "training.steps=4",
    "training.log_every=1",
    "training.checkpoint_every=2",
    "training.evaluate_every=2",
)
NUM = 60
BROAD = ("CLBBB", "CRBBB", "PACE", "WPW")
NARROW = tuple(code for code in LABELS.values() if code not in BROAD)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """60 synthetic recordings, a third of them to validate with; two training records bear no label."""
    place = tmp_path_factory.mktemp("supervised")
    files = write_synthetic_folder(place / "files", NUM, seed=1, rate_hz=100.0)
    catalogue = folder_source(files)
    splits = ["val" if row % 3 == 0 else "train" for row in range(NUM)]
    labels = [[] if row in (1, 4) else found for row, found in enumerate(catalogue.column("labels"))]
    patients = [f"p{row}" for row in range(NUM)]
    catalogue = catalogue.with_columns({"split": splits, "patient_id": patients, "labels": labels})
    write_store(catalogue, files, place / "store", standard_preprocess(), workers=1)
    return Store.open(place / "store")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that reads texts, of the smoke recipe's sizes."""
    tokenizer = build_tokenizer(smoke().model.text, ["sinus rhythm. normal ecg."] * 2)
    processor = EcgTextProcessor.of(standard_preprocess(), tokenizer)
    folder = tmp_path_factory.mktemp("reference") / "model"
    save_checkpoint(folder, build_model(smoke().model, processor, seed=5), processor, provenance={"name": "reference"})
    return folder


def of_recipe(name: str, *settings: str) -> SupervisedRun:
    run = any_recipe(name)
    assert isinstance(run, SupervisedRun)
    return override(run, [*TINY, *settings])


def tiny(*settings: str) -> SupervisedRun:
    return of_recipe("supervised_nano_ptbxl", *settings)


def built(store: Store, *settings: str) -> BuiltSupervised:
    return build_supervised(tiny(*settings), store, {})


@pytest.mark.parametrize("name", sorted(LABEL_RECIPES))
def test_every_recipe_survives_being_written_and_read(name: str) -> None:
    run = any_recipe(name)
    assert run.name == name
    assert from_plain(SupervisedRun, json.loads(json.dumps(to_plain(run)))) == run


def test_the_base_line_learns_as_the_benchmark_does() -> None:
    run = any_recipe("supervised_nano_ptbxl")
    assert isinstance(run, SupervisedRun)
    assert (run.labels, run.data.crop_s, run.data.aggregate, run.data.batch_size) == ("all", 2.5, "max", 128)
    assert (run.ecg.encoder, run.ecg.init, run.training.select_metric) == ("resnet1d", None, "macro_auroc")


def test_records_with_a_label_are_learned_from_in_windows(store: Store) -> None:
    made = built(store)
    assert len(made.loader.rows) == 38
    batch = next(iter(made.loader.epoch(0)))
    assert batch.ecg.shape == (8, 12, 250)
    assert batch.labels is not None
    assert batch.labels.shape == (8, len(made.labels))
    whole = built(store, "data.crop_s=null")
    assert next(iter(whole.loader.epoch(0))).ecg.shape == (8, 12, 1000)
    assert set(made.unlearned) < set(made.labels.names)


def test_validation_is_the_macro_auroc_of_the_validation_split(store: Store) -> None:
    made = built(store)
    [validation] = made.evaluators
    rows = store.catalogue.where_split("val")
    made.method.eval()
    found = validation(made.method, 0)["macro_auroc"]
    labels = made.labels.matrix(store.catalogue.select(rows))
    answers = np.empty(labels.shape)
    for number, row in enumerate(rows):  # slowly: record by record, window by window
        ecg, lead_mask, time_mask = store.signals([row])
        of_windows = []
        for start in range(0, 751, 125):
            inputs = (ecg[:, :, start : start + 250], lead_mask, time_mask[:, start : start + 250])
            with torch.inference_mode():
                of_windows.append(made.method.model(*map(torch.from_numpy, inputs)).sigmoid().numpy()[0])
        answers[number] = np.max(of_windows, axis=0)
    assert found == pytest.approx(macro_auroc(answers, labels).value, abs=1e-6)


def test_a_new_head_begins_with_the_share_of_each_label(store: Store) -> None:
    made = built(store)
    support = made.labels.matrix(store.catalogue.select(made.loader.rows)).sum(axis=0)
    expected = [np.log((count + 1) / (38 + 2 - count - 1)) for count in support]
    np.testing.assert_allclose(made.method.model.head.bias.detach().numpy(), expected, rtol=1e-5)


def test_a_store_without_a_validation_split_selects_nothing(store: Store) -> None:
    splits = ["train"] * NUM
    other = replace(store, catalogue=store.catalogue.with_columns({"split": splits}))
    made = built(other)
    assert made.evaluators == ()
    assert made.training.select_metric is None


def test_a_patient_in_two_splits_is_refused(store: Store) -> None:
    patients = [f"p{row // 2}" for row in range(NUM)]
    other = replace(store, catalogue=store.catalogue.with_columns({"patient_id": patients}))
    with pytest.raises(DataError, match="patient 'p0' has records in the splits val and train"):
        built(other)


def test_labels_of_one_value_are_left_out_of_the_validation_and_told(store: Store) -> None:
    val = set(store.catalogue.where_split("val").tolist())
    gone = {True: "NORM", False: "AFIB"}  # of the validation records, and of the training records
    labels = [
        [code for code in found if code != gone[row in val]]
        for row, found in enumerate(store.catalogue.column("labels"))
    ]
    made = built(replace(store, catalogue=store.catalogue.with_columns({"labels": labels})))
    [validation] = made.evaluators
    assert not validation.labels[:, made.labels.codes.index(("NORM",))].any()
    assert made.labels.names[made.labels.codes.index(("AFIB",))] in made.unlearned
    made.method.eval()
    assert 0 <= validation(made.method, 0)["macro_auroc"] <= 1
    assert np.isfinite(made.method.model.head.bias.detach().numpy()).all()


def test_a_frozen_encoder_leaves_the_head_to_learn_and_a_pace_the_encoder_behind(store: Store) -> None:
    frozen = built(store, "frozen=true", "pace=0.1")
    learning = {name for name, parameter in frozen.method.named_parameters() if parameter.requires_grad}
    assert learning == {"model.head.weight", "model.head.bias"}
    assert frozen.training.slow_parts == ()
    paced = built(store, "pace=0.1")
    assert (paced.training.slow_parts, paced.training.slow_ratio) == (("encoder.",), 0.1)
    adapted = built(store, "lora.rank=2")
    learning = {name for name, parameter in adapted.method.named_parameters() if parameter.requires_grad}
    assert all("lora_" in name or "head" in name for name in learning)


def test_the_encoder_of_a_model_goes_on(store: Store, reference: Path) -> None:
    made = build_supervised(of_recipe("finetune_nano_ptbxl", f"ecg.init={reference}"), store, {})
    assert made.taken is not None
    assert made.taken.new == ()
    assert tuple(made.method.model.config.widths) == smoke().model.ecg.widths  # whatever the recipe's own are
    with pytest.raises(ConfigError, match=r"name it with --set ecg\.init=MODEL"):
        build_supervised(of_recipe("finetune_nano_ptbxl"), store, {})
    with pytest.raises(ConfigError, match=r"--set ecg\.widths"):
        build_supervised(tiny(f"ecg.init={reference}"), store, {})


def run_of(store: Store, place: Path, *settings: str, recipe: str = "supervised_nano_ptbxl") -> Any:
    return train_run(of_recipe(recipe, *settings), store.folder, place)


@pytest.mark.slow
def test_a_run_leaves_a_classifier_that_is_the_best_of_its_evaluations(store: Store, tmp_path: Path) -> None:
    report = run_of(store, tmp_path / "run", "training.steps=6")
    assert report.best_step in (2, 4, 6)
    classifier = load_classifier(report.model_folder)
    rows = store.catalogue.where_split("val")
    labels = classifier.labels.matrix(store.catalogue.select(rows))
    found = macro_auroc(classifier.predict_store(store, rows), labels).value
    assert found == pytest.approx(report.best_value, abs=1e-6)
    told = json.loads((report.model_folder / "provenance.json").read_text())
    assert (told["name"], told["label_set"], told["step"]) == ("supervised_nano_ptbxl", "synthetic", report.best_step)


def _label(name: str, codes: Sequence[str]) -> str:
    told = ", ".join(f'"{code}"' for code in codes)
    return f'[[label]]\nname = "{name}"\ntexts = ["{name} qrs"]\ncodes = {{ synthetic = [{told}] }}\n'


@pytest.mark.slow
def test_it_learns(store: Store, tmp_path: Path) -> None:
    """Of 38 records the loss is halved, and in 20 others it is told whose QRS complexes are broad."""
    widths = tmp_path / "widths.toml"
    widths.write_text('name = "widths"\nversion = 1\n' + _label("broad", BROAD) + _label("narrow", NARROW))
    settings = ("training.steps=80", "training.evaluate_every=0", "training.learning_rate=0.01", "dropout=0")
    report = run_of(store, tmp_path / "run", *settings, f"labels={widths}", "training.log_every=5")
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["kind"] == "train"]
    assert losses[-1] < losses[0] / 2
    assert report.last_metrics["macro_auroc"] > 0.75


@pytest.mark.slow
def test_frozen_first_and_then_all(store: Store, reference: Path, tmp_path: Path) -> None:
    """A run that begins with a classifier of the same labels has its head, too: they answer alike before a step."""
    begin = (f"ecg.init={reference}", "frozen=true")
    first = run_of(store, tmp_path / "first", *begin, recipe="finetune_nano_ptbxl")
    then = of_recipe("finetune_nano_ptbxl", f"ecg.init={tmp_path / 'first'}")
    made = build_supervised(then, store, {})
    rows = store.catalogue.where_split("val")
    classifier = load_classifier(first.model_folder)
    ours, theirs = made.method.model.state_dict(), classifier.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert classifier.predict_store(store, rows).shape == (len(rows), len(classifier.labels))
    assert build_supervised(replace(then, labels="ptbxl-rhythm"), store, {}).method.model.head.out_features == 12


@pytest.mark.slow
def test_adapters_are_merged_into_what_is_saved(store: Store, reference: Path, tmp_path: Path) -> None:
    settings = (f"ecg.init={reference}", "lora.rank=2", "training.learning_rate=0.01")
    report = run_of(store, tmp_path / "run", *settings, recipe="finetune_nano_ptbxl")
    classifier = load_classifier(report.model_folder)  # of the plain architecture, or it would not load
    rows = store.catalogue.where_split("val")
    labels = classifier.labels.matrix(store.catalogue.select(rows))
    found = macro_auroc(classifier.predict_store(store, rows), labels).value
    assert found == pytest.approx(report.best_value, abs=1e-4)


@pytest.mark.slow
def test_a_resumed_run_must_ask_the_same(store: Store, tmp_path: Path) -> None:
    run_of(store, tmp_path / "run")
    with pytest.raises(TrainingError, match=r"was begun with dropout 0\.2, now it is 0\.3"):
        train_run(tiny("dropout=0.3"), store.folder, tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("settings", "kind", "told"),
    [
        (("frozen=true", "lora.rank=4"), ConfigError, "frozen is true and lora.rank 4"),
        (("pace=0",), ConfigError, "pace is 0"),
        (("dropout=1",), ConfigError, "dropout is 1"),
        (("data.crop_s=0",), ConfigError, "crop_s is 0"),
        (("data.crop_s=12",), ConfigError, "the store's ECGs last 10 s"),
        (("data.aggregate=median",), ConfigError, "aggregate is 'median'"),
        (("data.batch_size=0",), ConfigError, "batch_size is 0"),
        (("labels=superb",), PromptError, "superb"),
        (("labels=csn",), DataError, "no training record with a label of csn"),
    ],
)
def test_what_cannot_be_learned_is_refused(
    store: Store, settings: tuple[str, ...], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        built(store, *settings)
