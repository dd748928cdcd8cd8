"""ecg-text train: what it refuses before a step is made, in one line each. The journeys try the training itself."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

from ecg_text.recipes.table import RECIPES

SMALL = ("--set", "training.steps=2", "--set", "data.batch_size=8")


def assert_refused(said, *words):
    assert said.status == 1
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    for word in words:
        assert word in said.err


def with_columns(archive, out, **columns):
    """The archive prepared with other values in these columns of its catalogue; None empties a column."""
    import pyarrow as pa

    from ecg_text.data.catalogue import Catalogue
    from ecg_text.data.sources.folder import folder
    from ecg_text.data.store_writer import write_store
    from ecg_text.signal.preprocess import standard_preprocess

    catalogue = folder(archive)
    table = catalogue.table
    for name, values in columns.items():
        field = table.schema.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))
    write_store(Catalogue(table, catalogue.source), archive, out, standard_preprocess(), workers=1)
    return out


def write_request(run_dir, store, **changed):
    """run.json as a run of SMALL on this store leaves it."""
    from ecg_text.data.store import Store
    from ecg_text.recipes.plain import override, to_plain
    from ecg_text.recipes.table import recipe

    opened = Store.open(store)
    data = {
        "source": "folder",
        "num_records": len(opened),
        "store_fingerprint": opened.fingerprint,
        "split_hash": opened.split_hash,
    }
    run = override(recipe("smoke"), SMALL[1::2])
    run_dir.mkdir()
    request = {"format": "ecg_text-run/1", "run": to_plain(run), "data": {**data, **changed}}
    (run_dir / "run.json").write_text(json.dumps(request))


def test_an_unknown_recipe_is_told_the_known_ones(say_to, store, tmp_path):
    assert_refused(say_to("train", "nonsense", "--data", store, "--out", tmp_path / "run"), "'nonsense'", *RECIPES)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.stesp=4", ("'stesp'", "steps")),
        ("trainnig.steps=4", ("'trainnig'", "training")),
        ("training.steps", ("no setting", "name=value")),
        ("training.steps=many", ("training.steps", "'many'")),
        ("training.learning_rate=0", ("training.learning_rate", "above 0")),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_read(say_to, tmp_path, setting, words):
    said = say_to("train", "smoke", "--data", tmp_path / "none", "--out", tmp_path / "run", "--set", setting)
    assert_refused(said, *words)
    assert not (tmp_path / "run").exists()


def test_a_missing_store_is_refused(say_to, tmp_path):
    said = say_to("train", "smoke", "--data", tmp_path / "none", "--out", tmp_path / "run")
    assert_refused(said, "none is no store", "ecg-text prepare")


def test_a_damaged_store_is_refused(say_to, store, tmp_path):
    copy = shutil.copytree(store, tmp_path / "store")
    header = json.loads((copy / "store.json").read_text())
    header["fingerprint"] = "0" * 16
    (copy / "store.json").write_text(json.dumps(header))
    assert_refused(say_to("train", "smoke", "--data", copy, "--out", tmp_path / "run"), "fingerprint", "prepare")


def test_a_used_run_folder_is_refused(say_to, store, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    said = say_to("train", "smoke", "--data", store, "--out", tmp_path / "run")
    assert_refused(said, "not an empty folder", "thesis.txt", "--resume")


def test_nothing_to_resume_is_refused(say_to, store, tmp_path):
    said = say_to("train", "smoke", "--data", store, "--out", tmp_path / "run", "--resume")
    assert_refused(said, "no run.json", "--resume")


def test_patients_across_splits_are_refused(say_to, store, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    copy = shutil.copytree(store, tmp_path / "store")
    table = pq.read_table(copy / "catalogue.parquet")
    place = table.schema.get_field_index("patient_id")
    same = pa.array(["p1"] * len(table), pa.string())
    pq.write_table(table.set_column(place, table.schema.field(place), same), copy / "catalogue.parquet")
    assert_refused(say_to("train", "smoke", "--data", copy, "--out", tmp_path / "run"), "'p1'", "splits")


def test_a_store_without_reports_is_refused(say_to, archive, tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    headers = sorted(archive.rglob("*.hea"))[:4]
    for header in headers:
        shutil.copy(header, folder)
        shutil.copy(header.with_suffix(".dat"), folder)
    with (folder / "records.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "report", "split"), *((header.stem, "", "train") for header in headers)])
    assert say_to("prepare", "folder", folder, tmp_path / "store", "--workers", 1).status == 0
    said = say_to("train", "smoke", "--data", tmp_path / "store", "--out", tmp_path / "run")
    assert_refused(said, "4 training records and none with a report")


def test_a_resume_with_another_setting_is_told_the_old_one(say_to, store, tmp_path):
    write_request(tmp_path / "run", store)
    others = ("--set", "training.steps=2", "--set", "data.batch_size=16")
    said = say_to("train", "smoke", "--data", store, "--out", tmp_path / "run", "--resume", *others)
    assert_refused(said, "begun with data.batch_size 8, now it is 16", "--set data.batch_size=8")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"store_fingerprint": "0" * 16}, "store_fingerprint"),
        ({"split_hash": "0" * 16}, "split_hash"),
        ({"num_records": 7}, "num_records 7"),
        ({"annotation_hash": "0" * 16}, "annotation_hash"),
    ],
)
def test_a_resume_on_other_data_is_refused(say_to, store, tmp_path, changed, words):
    write_request(tmp_path / "run", store, **changed)
    said = say_to("train", "smoke", "--data", store, "--out", tmp_path / "run", "--resume", *SMALL)
    assert_refused(said, words, "the store it was begun with")


@pytest.mark.parametrize(("text", "words"), [("{", "damaged"), ('{"format": "other"}', "'other'"), ("[]", "None")])
def test_a_damaged_request_is_refused(say_to, store, tmp_path, text, words):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(text)
    assert_refused(say_to("train", "smoke", "--data", store, "--out", tmp_path / "run", "--resume"), words)


LOST = {"labels": [[]] * 48, "split": ["train"] * 40 + ["test"] * 8}
TINY = (*SMALL, "--set", "training.select_metric=zero_shot", "--set", "training.evaluate_every=1")


@pytest.mark.slow
@pytest.mark.parametrize("lost", [{"labels": LOST["labels"]}, {"split": LOST["split"]}], ids=["labels", "val split"])
def test_nothing_to_score_is_told_before_the_first_step_and_the_last_weights_are_the_model(
    say_to, archive, tmp_path, lost
):
    if "split" in lost:
        lost = {**lost, "patient_id": [f"p{number}" for number in range(48)]}
    poor = with_columns(archive, tmp_path / "store", **lost)
    said = say_to("train", "smoke", "--data", poor, "--out", tmp_path / "run", *TINY, "--json")
    assert said.status == 0, said.err
    words = " ".join(said.err.split())
    assert words.count("no label of the run's prompt sets is in the validation split: the last weights become") == 1
    assert "step 2:" not in words
    told = json.loads(said.out)
    assert (told["best_step"], told["best_metrics"], told["last_metrics"]) == (None, {}, {})
    assert (tmp_path / "run" / "model" / "model.safetensors").is_file()
    request = json.loads((tmp_path / "run" / "run.json").read_text())
    assert request["run"]["training"]["select_metric"] == "zero_shot"  # what was asked, so that it can be resumed
    again = say_to("train", "smoke", "--data", poor, "--out", tmp_path / "run", *TINY, "--resume")
    assert again.status == 0, again.err
    assert "changed since" not in again.err


@pytest.mark.slow
def test_a_metric_that_validation_will_not_give_is_refused_before_the_first_step(say_to, store, tmp_path):
    metric = ("--set", "training.select_metric=zero_shoot")
    said = say_to("train", "smoke", "--data", store, "--out", tmp_path / "run", *SMALL, *metric)
    assert_refused(said, "'zero_shoot'", "zero_shot/synthetic, zero_shot")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_best_step_is_told_with_its_value_and_a_finished_run_ends_at_once(say_to, store, tmp_path):
    command = ("train", "smoke", "--data", store, "--out", tmp_path / "run", *TINY)
    told = json.loads(say_to(*command, "--json").out)
    assert told["best_value"] == told["best_metrics"]["zero_shot"] >= told["last_metrics"]["zero_shot"]
    model = tmp_path / "run" / "model" / "model.safetensors"
    before = model.stat().st_mtime_ns
    said = say_to(*command, "--resume")
    assert said.status == 0, said.err
    assert f"best step {told['best_step']}, zero_shot {told['best_value']:.4f}: these weights are the model" in said.out
    assert model.stat().st_mtime_ns == before
    assert json.loads(say_to(*command, "--resume", "--json").out) == told


def text_encoder(folder, seed):
    """A text encoder as anybody's folder holds one."""
    import torch
    from transformers import AutoModel, BertConfig

    from ecg_text.models.processor import wrap_tokenizer
    from ecg_text.text.tokenizer import train_wordpiece

    tokenizer = wrap_tokenizer(train_wordpiece(["sinus rhythm. normal ecg."] * 3, vocab_size=300))
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    torch.manual_seed(seed)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def test_a_model_tells_the_weights_that_its_text_encoder_began_with(say_to, store, tmp_path):
    from ecg_text.hub.parts import weights_revision

    encoder = tmp_path / "encoder"
    text_encoder(encoder, seed=1)
    began = weights_revision(encoder)
    text = ("--set", f"model.text.pretrained={json.dumps(str(encoder))}")
    command = ("train", "smoke", "--data", store, "--out", tmp_path / "run", *TINY, *text)
    assert say_to(*command).status == 0
    told = (tmp_path / "run" / "model" / "provenance.json").read_text()
    assert json.loads(told)["text_init"] == {"revision": began}
    assert str(tmp_path) not in told
    text_encoder(encoder, seed=2)
    said = say_to(*command, "--resume")
    assert_refused(said, f"text_init.revision {json.dumps(began)}", "the encoder it was begun with")


def test_a_run_begun_before_annotations_were_hashed_is_not_refused_for_it(say_to, store, tmp_path):
    write_request(tmp_path / "run", store)
    others = ("--set", "training.steps=2", "--set", "data.batch_size=16")
    said = say_to("train", "smoke", "--data", store, "--out", tmp_path / "run", "--resume", *others)
    assert_refused(said, "data.batch_size")


@pytest.mark.slow
@pytest.mark.parametrize(("column", "value"), [("report", "another report"), ("labels", ["AFIB"])])
def test_a_resume_on_other_reports_or_labels_is_refused(say_to, archive, store, tmp_path, column, value):
    command = ("train", "smoke", "--out", tmp_path / "run", *SMALL)
    assert say_to(*command, "--data", store).status == 0
    other = with_columns(archive, tmp_path / "store", **{column: [value] * 48})
    assert_refused(say_to(*command, "--data", other, "--resume"), "annotation_hash", "the store it was begun with")
