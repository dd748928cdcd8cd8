"""A run that trains an ECG encoder: what it is made of, what it leaves, and a model that begins with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ecg_text.data.sources.folder import folder as folder_source
from ecg_text.data.store import Store
from ecg_text.data.store_writer import write_store
from ecg_text.errors import CheckpointError, ConfigError, DataError, TrainingError
from ecg_text.hub.checkpoint import load_checkpoint
from ecg_text.nn.span_masks import span_mask
from ecg_text.recipes.build import build
from ecg_text.recipes.plain import from_plain, override, to_plain
from ecg_text.recipes.pretrain_ecg import EcgRun
from ecg_text.recipes.pretrain_ecg_build import BuiltEcg, build_ecg
from ecg_text.recipes.run import MELP_SIZES, Run
from ecg_text.recipes.session import train_run
from ecg_text.recipes.table import ENCODER_RECIPES, any_recipe, recipe, recipes_with
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder

# The encoder of an EcgRun and of a Run, but for what stands before "ecg".
TOWER = (
    "ecg.encoder=conv_transformer",
    "ecg.widths=[8,8,8]",
    "ecg.kernel=2",
    "ecg.trunk_width=16",
    "ecg.position_kernel=5",
    "ecg.position_groups=2",
    "ecg.num_heads=2",
    "ecg.num_layers=1",
)
TINY = (*TOWER, "targets.num_entries=8", "targets.code_width=8", "targets.final_width=8", "data.batch_size=4")
LENGTH = ("training.steps=3", "training.log_every=1", "training.checkpoint_every=2")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """24 synthetic recordings, six of them to validate with; half of them have no report."""
    place = tmp_path_factory.mktemp("pretraining")
    files = write_synthetic_folder(place / "files", 24, seed=1, rate_hz=100.0)
    catalogue = folder_source(files)
    reports = [report if row % 2 else "" for row, report in enumerate(catalogue.column("report"))]
    splits = ["val" if row % 4 == 0 else "train" for row in range(24)]
    catalogue = catalogue.with_columns({"split": splits, "patient_id": [f"p{n}" for n in range(24)], "report": reports})
    write_store(catalogue, files, place / "store", standard_preprocess(), workers=1)
    return Store.open(place / "store")


def tiny(*settings: str) -> EcgRun:
    return override(recipe_of_nano(), [*TINY, *LENGTH, *settings])


def recipe_of_nano() -> EcgRun:
    run = any_recipe("wav2vec_nano_ptbxl")
    assert isinstance(run, EcgRun)
    return run


def built(store: Store, *settings: str) -> BuiltEcg:
    return build_ecg(tiny(*settings), store, {})


@pytest.mark.parametrize("name", sorted(ENCODER_RECIPES))
def test_every_recipe_survives_being_written_and_read(name: str) -> None:
    run = any_recipe(name)
    assert run.name == name
    assert from_plain(EcgRun, json.loads(json.dumps(to_plain(run)))) == run


def test_what_is_published_is_the_default() -> None:
    run = any_recipe("wav2vec_small_mimic")
    assert isinstance(run, EcgRun)
    assert run.ecg == MELP_SIZES["melp_small"]
    assert (run.wav2vec.spans.length, run.wav2vec.spans.budget, run.wav2vec.num_negatives) == (10, 0.65, 100)
    assert (run.targets.num_groups, run.targets.num_entries) == (2, 320)
    assert run.data.batch_size * run.training.accumulation == 512
    assert (run.data.augment.drop_share, run.data.augment.drop_lead) == (1.0, 0.5)


def test_a_span_of_the_nano_recipe_is_as_long_as_published_and_hides_as_much() -> None:
    nano, small = recipe_of_nano(), any_recipe("wav2vec_small_mimic")
    assert isinstance(small, EcgRun)
    durations, rates = [], []
    for run, rate_hz in ((nano, 100.0), (small, 500.0)):
        samples_per_token = 2 ** len(run.ecg.widths)
        durations.append(run.wav2vec.spans.length * samples_per_token / rate_hz)
        real = torch.ones(128, int(5 * rate_hz) // samples_per_token, dtype=torch.bool)
        chance = torch.Generator().manual_seed(0)
        rates.append(np.mean([float(span_mask(real, run.wav2vec.spans, chance).float().mean()) for _ in range(20)]))
    assert durations == [0.32, 0.32]
    assert rates == pytest.approx([0.35, 0.35], abs=0.02)


def test_the_nano_encoder_is_that_of_a_model() -> None:
    assert "melp_nano_ptbxl" in recipes_with(recipe_of_nano().ecg)
    assert recipes_with(replace(recipe_of_nano().ecg, trunk_width=80)) == ()


def test_a_recipe_that_is_none_is_told_those_of_both_kinds() -> None:
    with pytest.raises(ConfigError, match=r"clip_nano.*smoke.*wav2vec_nano_ptbxl"):
        any_recipe("wav2vec")
    with pytest.raises(ConfigError, match="no recipe 'wav2vec_nano_ptbxl'"):
        recipe("wav2vec_nano_ptbxl")  # it is no model's


def test_all_training_records_are_learned_from_with_or_without_a_report(store: Store) -> None:
    made = built(store)
    assert len(made.loader.rows) == 18
    assert made.loader.batches_per_epoch == 4
    batch = next(iter(made.loader.epoch(0)))
    assert batch.ecg.shape == (8, 12, 500)
    assert 0.3 < float(batch.lead_mask.float().mean()) < 0.7


def test_the_weights_depend_on_the_seed_alone(store: Store) -> None:
    one, again, other = (built(store, f"training.seed={seed}").method.state_dict() for seed in (0, 0, 1))
    torch.testing.assert_close(dict(one), dict(again), rtol=0, atol=0)
    assert not torch.equal(one["model.quantiser.entries"], other["model.quantiser.entries"])


def test_an_evaluation_gives_the_same_numbers_again_and_leaves_chance_alone(store: Store) -> None:
    made = built(store)
    [evaluate] = made.evaluators
    before = torch.get_rng_state()
    with torch.no_grad():
        one = evaluate(made.method.eval(), 1)
        torch.manual_seed(99)
        again = evaluate(made.method, 2)
    assert one == again
    assert tuple(one) == evaluate.names == ("val_loss", "val_contrast", "val_pairs", "val_accuracy")
    assert all(np.isfinite(value) for value in one.values())
    torch.manual_seed(0)
    assert before.shape == torch.get_rng_state().shape
    assert sum(len(batch) for batch in evaluate.loader.epoch(0)) == 12  # six records, in halves


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("ecg.encoder=resnet1d", "ecg.kernel=3", "ecg.depths=[1,1,1]"), "trains the encoder conv_transformer"),
        (("wav2vec.spans.length=62",), r"makes 62 tokens, and spans are 62 long.*wav2vec\.spans\.length"),
        (("training.select_metric=zero_shot",), "val_loss, val_contrast, val_pairs, val_accuracy"),
        (("training.cached_chunks=2",), "method Wav2vecCmsc"),
    ],
)
def test_a_run_that_cannot_be_is_refused_before_its_first_step(
    store: Store, tmp_path: Path, settings: tuple[str, ...], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        train_run(tiny(*settings), store.folder, tmp_path / "run")


def test_one_record_a_batch_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch_size is 1"):
        tiny("data.batch_size=1")


def with_splits(store: Store, split: str) -> Store:
    return replace(store, catalogue=store.catalogue.with_columns({"split": [split] * len(store)}))


def test_without_training_records_there_is_nothing_to_do(store: Store) -> None:
    with pytest.raises(DataError, match="no training record"):
        build_ecg(tiny(), with_splits(store, "test"), {})


def test_without_a_validation_split_nothing_is_evaluated(store: Store) -> None:
    made = build_ecg(tiny("training.select_metric=val_loss"), with_splits(store, "train"), {})
    assert made.evaluators == ()
    assert made.training.select_metric is None


def model_run(*settings: str) -> Run:
    small = ("model.text.vocab_size=400", "model.text.width=16", "model.text.num_layers=1", "model.text.num_heads=2")
    towers = tuple(f"model.{setting}" for setting in TOWER)
    return override(recipe("smoke"), [*small, *towers, *LENGTH, "data.batch_size=4", *settings])


@pytest.fixture(scope="module")
def run_dir(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is done."""
    folder = tmp_path_factory.mktemp("runs") / "ecg"
    settings = ("training.select_metric=val_loss", "training.select_mode=min", "training.evaluate_every=1")
    train_run(tiny(*settings), store.folder, folder)
    return folder


def test_a_run_leaves_its_log_and_an_encoder_that_knows_where_it_comes_from(run_dir: Path, store: Store) -> None:
    lines = [json.loads(line) for line in (run_dir / "log.jsonl").read_text().splitlines()]
    [first, *_] = [line for line in lines if line["kind"] == "train"]
    parts = ("contrast", "diversity", "penalty", "pairs", "temperature", "masked_rate", "accuracy", "code_perplexity")
    assert {f"loss/{part}" for part in parts} <= first.keys()
    assert 0.2 < first["loss/masked_rate"] < 0.6
    assert first["loss/temperature"] == 2.0
    told = json.loads((run_dir / "model" / "provenance.json").read_text())
    assert (told["name"], told["split_hash"]) == ("wav2vec_nano_ptbxl", store.split_hash)
    assert told["preprocess_fingerprint"] == store.fingerprint
    assert told["metrics"].keys() == {"val_loss", "val_contrast", "val_pairs", "val_accuracy"}
    assert (run_dir / "processor" / "preprocessor_config.json").is_file()
    with pytest.raises(CheckpointError, match="is an ECG encoder alone"):
        load_checkpoint(run_dir / "model")


@pytest.mark.parametrize("inside", ["", "model"])
def test_a_model_begins_with_the_encoder_and_writes_down_every_weight(
    run_dir: Path, store: Store, inside: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = build(model_run(f"model.ecg.init={json.dumps(str(run_dir / inside))}"), store, {})
    assert made.taken is not None
    assert made.taken.new == ()
    fresh = build(model_run(), store, {})
    assert fresh.taken is None
    trained = made.method.model.ecg_encoder.state_dict()
    assert trained.keys() == set(made.taken.taken)
    assert not torch.equal(trained["mask_vector"], fresh.method.model.ecg_encoder.state_dict()["mask_vector"])
    others = [name for name in fresh.method.state_dict() if "ecg_encoder" not in name]
    for name in others:
        assert torch.equal(made.method.state_dict()[name], fresh.method.state_dict()[name])


@pytest.mark.slow
def test_the_account_is_told_and_written_and_goes_into_the_models_provenance(
    run_dir: Path, store: Store, tmp_path: Path
) -> None:
    from rich.console import Console

    with (tmp_path / "talk.txt").open("w") as talk:
        console = Console(file=talk, width=400)
        report = train_run(model_run(f"model.ecg.init={run_dir}"), store.folder, tmp_path / "run", console=console)
    said = (tmp_path / "talk.txt").read_text()
    assert f"ECG encoder from {run_dir} (revision " in said
    assert "left there: code_head, context_head, quantiser; new: none" in said
    facts: dict[str, Any] = json.loads((tmp_path / "run" / "run.json").read_text())["facts"]["init"]
    assert "mask_vector" in facts["taken"]
    assert "quantiser.entries" in facts["left"]
    assert facts["new"] == []
    told = json.loads((report.model_folder / "provenance.json").read_text())
    assert told["init"] == {"revision": facts["revision"], "taken": len(facts["taken"]), "new": "none"}
    assert load_checkpoint(report.model_folder).provenance["init"]["new"] == "none"
    begun = json.loads((tmp_path / "run" / "run.json").read_text())
    begun["data"]["init"]["revision"] = "0" * 12
    (tmp_path / "run" / "run.json").write_text(json.dumps(begun))
    with pytest.raises(TrainingError, match=r'begun with init\.revision "0{12}".* the encoder it was begun'):
        train_run(model_run(f"model.ecg.init={run_dir}"), store.folder, tmp_path / "run", resume=True)


def test_another_width_is_refused_by_the_name_of_the_runs_setting(run_dir: Path, store: Store) -> None:
    wide = model_run(f"model.ecg.init={run_dir}", "model.ecg.trunk_width=32")
    with pytest.raises(ConfigError, match=r"there and \(.*32.*--set model\.ecg\.trunk_width=16"):
        build(wide, store, {})
    with pytest.raises(ConfigError, match=r"--set ecg\.trunk_width=16"):
        built(store, f"ecg.init={run_dir}", "ecg.trunk_width=32")


def test_an_encoder_goes_on_from_another(run_dir: Path, store: Store) -> None:
    made = built(store, f"ecg.init={run_dir}", "ecg.num_layers=2")
    assert made.taken is not None
    assert made.taken.lines[1].endswith("new: layers.1")


def test_a_resumed_run_must_ask_the_same(run_dir: Path, store: Store) -> None:
    with pytest.raises(TrainingError, match=r"begun with wav2vec\.temperature 0\.1, now it is 0\.2"):
        train_run(tiny("wav2vec.temperature=0.2"), store.folder, run_dir, resume=True)
    with pytest.raises(TrainingError, match="begun with name"):
        train_run(model_run(), store.folder, run_dir, resume=True)
