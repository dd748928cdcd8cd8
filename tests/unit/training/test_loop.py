"""The loop trains, writes, refuses and stops as it says."""

from __future__ import annotations

import io
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file

from ecg_text.errors import CheckpointError, ConfigError, MissingPackageError, TrainingError
from ecg_text.training.interrupt import TrainingInterruptedError
from ecg_text.training.loop import train


def lines(run_dir, kind="train"):
    return [line for line in map(json.loads, (run_dir / "log.jsonl").read_text().splitlines()) if line["kind"] == kind]


def without_clock(line):
    return {name: value for name, value in line.items() if name not in ("seconds", "examples_per_s")}


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix == ".safetensors"}


def checkpoints(run_dir):
    return sorted(path.name for path in (run_dir / "checkpoints").iterdir())


@pytest.mark.slow
def test_training_lowers_the_loss_and_leaves_a_model(tmp_path, toy_method, toy_loader, quick):
    method = toy_method(dropout=0.0)
    report = train(method, toy_loader(), replace(quick, steps=60, ema_decay=0.0), tmp_path)
    losses = [line["loss"] for line in lines(tmp_path)]
    assert losses[-1] < losses[0] / 2
    assert report.steps == 60
    assert report.epochs == 15
    assert method.steps_seen == 60
    assert (report.model_folder / "method.safetensors").exists()
    assert lines(tmp_path)[0]["loss/rebuild"] == pytest.approx(losses[0])


def test_the_log_has_a_line_every_few_steps_with_rate_and_norm(tmp_path, toy_method, toy_loader, quick):
    train(toy_method(), toy_loader(), replace(quick, steps=5), tmp_path)
    assert [line["step"] for line in lines(tmp_path)] == [2, 4, 5]
    wanted = {"epoch", "loss", "learning_rate", "grad_norm", "examples_per_s", "seconds", "contrastive_batch"}
    assert all(wanted <= line.keys() for line in lines(tmp_path))


def test_resuming_equals_never_having_stopped(tmp_path, toy_method, toy_loader, quick):
    straight, halted = tmp_path / "straight", tmp_path / "halted"
    train(toy_method(), toy_loader(), quick, straight)
    with pytest.raises(TrainingError, match="step 5"):
        train(toy_method(poison=5), toy_loader(), quick, halted)
    torch.manual_seed(99)
    train(toy_method(), toy_loader(), quick, halted, resume=True)
    last = "checkpoints/step-00000006"
    assert files(straight / last) == files(halted / last)
    assert list(map(without_clock, lines(straight))) == list(map(without_clock, lines(halted)))
    assert files(straight / "model") == files(halted / "model")


def test_evaluation_leaves_no_trace(tmp_path, toy_method, toy_loader, quick):
    def noisy(method, step):
        assert not any(part.training for part in method.modules())
        assert not torch.is_grad_enabled()
        return {"noise": torch.rand(()).item()}

    train(toy_method(), toy_loader(), quick, tmp_path / "plain")
    report = train(toy_method(), toy_loader(), replace(quick, evaluate_every=1), tmp_path / "seen", evaluators=[noisy])
    last = "checkpoints/step-00000006"
    assert files(tmp_path / "plain" / last) == files(tmp_path / "seen" / last)
    assert report.last_metrics.keys() == {"noise"}
    assert len(lines(tmp_path / "seen", "evaluation")) == 6


def test_the_best_model_is_kept_and_so_is_its_checkpoint(tmp_path, toy_method, toy_loader, quick):
    config = replace(quick, steps=12, evaluate_every=2, select_metric="score", select_mode="min")
    report = train(toy_method(), toy_loader(), config, tmp_path, evaluators=[lambda _, s: {"score": abs(s - 4)}])
    assert report.best_step == 4
    assert report.best_value == 0
    assert (report.best_metrics, report.last_metrics) == ({"score": 0}, {"score": 8})
    assert json.loads((tmp_path / "model" / "facts.json").read_text())["step"] == 4
    assert checkpoints(tmp_path) == ["step-00000004", "step-00000009", "step-00000012"]


def test_a_run_that_gets_no_better_ends_when_patience_does(tmp_path, toy_method, toy_loader, quick):
    config = replace(quick, steps=40, evaluate_every=2, select_metric="score", patience=3, checkpoint_every=100)
    scores = {2: 0.1, 4: 0.5}

    def evaluate(_method, step):
        return {"score": scores.get(step, 0.2)}

    report = train(toy_method(), toy_loader(), config, tmp_path / "run", evaluators=[evaluate])
    assert (report.steps, report.best_step, report.best_value) == (10, 4, 0.5)
    again = train(toy_method(), toy_loader(), config, tmp_path / "run", evaluators=[evaluate], resume=True)
    assert (again.steps, again.best_step) == (10, 4)


def test_the_saved_model_has_the_averaged_weights(tmp_path, toy_method, toy_loader, quick):
    method = toy_method()
    train(method, toy_loader(), quick, tmp_path)
    model = load_file(tmp_path / "model" / "method.safetensors")
    average = load_file(tmp_path / "checkpoints" / "step-00000006" / "average.safetensors")
    assert all(torch.equal(model[name], average[name]) for name in average)
    assert not torch.equal(model["scale"], method.scale.detach())


def test_save_model_is_given_the_method_a_folder_and_the_facts(tmp_path, toy_method, toy_loader, quick):
    def save(method, folder: Path, facts):
        assert not method.training
        (folder / "mine.txt").write_text(str(facts["num_steps"]))

    report = train(toy_method(), toy_loader(), quick, tmp_path, save_model=save)
    assert (report.model_folder / "mine.txt").read_text() == "6"


def test_accumulation_equals_one_large_batch_and_says_what_it_is_not(tmp_path, toy_method, toy_loader, quick):
    class Halves(toy_loader):
        def epoch(self, epoch, start=0):
            whole = [batch.x for batch in toy_loader(2, 6).epoch(epoch)]
            parts = [part for x in whole for part in x.split(3)]
            return (type(next(toy_loader().epoch(0)))(x) for x in parts[start:])

    console = Console(file=io.StringIO(), width=200)
    config = replace(quick, steps=4, checkpoint_every=4)
    whole, split = toy_method(dropout=0.0), toy_method(dropout=0.0)
    train(whole, toy_loader(2, 6), config, tmp_path / "whole")
    report = train(split, Halves(4, 3), replace(config, accumulation=2), tmp_path / "split", console=console)
    for one, other in zip(whole.parameters(), split.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert "still compares 3" in console.file.getvalue()
    facts = json.loads((tmp_path / "split" / "training.json").read_text())
    assert report.contrastive_batch == facts["contrastive_batch"] == 3
    assert facts["examples_per_step"] == 6


def test_a_loss_that_is_no_number_stops_with_its_step_and_a_remedy(tmp_path, toy_method, toy_loader, quick):
    with pytest.raises(TrainingError, match=r"step 5: .*loss nan, loss/rebuild \d.*learning rate .*lower") as told:
        train(toy_method(poison=5), toy_loader(), quick, tmp_path)
    assert "\n" not in str(told.value)
    assert checkpoints(tmp_path) == ["step-00000003"]


def test_a_used_folder_is_refused_and_a_prepared_one_is_not(tmp_path, toy_method, toy_loader, quick):
    (tmp_path / "run.json").write_text("{}")
    train(toy_method(), toy_loader(), quick, tmp_path)
    before = (tmp_path / "log.jsonl").read_bytes()
    with pytest.raises(TrainingError, match="not an empty folder"):
        train(toy_method(), toy_loader(), quick, tmp_path)
    assert (tmp_path / "log.jsonl").read_bytes() == before


def test_resuming_nothing_starts_from_the_beginning_and_says_so(tmp_path, toy_method, toy_loader, quick):
    console = Console(file=io.StringIO(), width=200)
    report = train(toy_method(), toy_loader(), quick, tmp_path, resume=True, console=console)
    assert "starts from the beginning" in console.file.getvalue()
    assert report.steps == 6


def test_resuming_a_finished_run_changes_nothing(tmp_path, toy_method, toy_loader, quick):
    score = [lambda _, step: {"score": step}]
    first = train(toy_method(), toy_loader(), quick, tmp_path, evaluators=score)
    log = (tmp_path / "log.jsonl").read_bytes()
    again = train(toy_method(), toy_loader(), quick, tmp_path, evaluators=score, resume=True)
    assert again == first
    assert (tmp_path / "log.jsonl").read_bytes() == log


def test_a_damaged_checkpoint_is_passed_over_with_a_line(tmp_path, toy_method, toy_loader, quick):
    train(toy_method(), toy_loader(), quick, tmp_path)
    weights = tmp_path / "checkpoints" / "step-00000006" / "method.safetensors"
    whole = files(weights.parent)
    weights.write_bytes(weights.read_bytes()[:-9])
    console = Console(file=io.StringIO(), width=400)
    train(toy_method(), toy_loader(), quick, tmp_path, resume=True, console=console)
    assert "is damaged" in console.file.getvalue()
    assert "resumed after step 3" in console.file.getvalue()
    assert files(weights.parent) == whole


def test_a_checkpoint_of_other_data_is_refused(tmp_path, toy_method, toy_loader, quick):
    train(toy_method(), toy_loader(), quick, tmp_path)
    with pytest.raises(CheckpointError, match="batches_per_epoch 4, now it is 5"):
        train(toy_method(), toy_loader(5), quick, tmp_path, resume=True)


def test_what_changed_since_is_told(tmp_path, toy_method, toy_loader, quick):
    train(toy_method(), toy_loader(), quick, tmp_path)
    console = Console(file=io.StringIO(), width=400)
    report = train(toy_method(), toy_loader(), replace(quick, steps=8), tmp_path, resume=True, console=console)
    assert "changed since: steps 6 -> 8" in console.file.getvalue()
    assert report.steps == 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_step_with_a_checkpoint(tmp_path, toy_method, toy_loader, quick, number):
    class Stopped(toy_method):
        def after_step(self):
            super().after_step()
            if self.steps_seen == 2:
                os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with pytest.raises(TrainingInterruptedError, match=f"{number.name} after step 2 of 6.*--resume"):
        train(Stopped(), toy_loader(), quick, tmp_path)
    assert signal.getsignal(number) is before
    assert checkpoints(tmp_path) == ["step-00000002"]
    train(toy_method(), toy_loader(), quick, tmp_path, resume=True)
    train(toy_method(), toy_loader(), quick, tmp_path / "straight")
    last = "checkpoints/step-00000006"
    assert files(tmp_path / last) == files(tmp_path / "straight" / last)


def test_bf16_trains(tmp_path, toy_method, toy_loader, quick):
    train(toy_method(), toy_loader(), replace(quick, precision="bf16"), tmp_path)
    assert json.loads((tmp_path / "training.json").read_text())["precision"] == "bf16"


def test_a_metric_nobody_gives_is_refused_by_name(tmp_path, toy_method, toy_loader, quick):
    config = replace(quick, select_metric="auroc", evaluate_every=1)
    with pytest.raises(ConfigError, match="'auroc'; the evaluators give score"):
        train(toy_method(), toy_loader(), config, tmp_path, evaluators=[lambda *_: {"score": 1.0}])
    with pytest.raises(ConfigError, match="nothing is evaluated"):
        train(toy_method(), toy_loader(), config, tmp_path / "other")


def test_a_loader_without_batches_is_refused(tmp_path, toy_method, toy_loader, quick):
    with pytest.raises(TrainingError, match="no batch"):
        train(toy_method(), toy_loader(0), quick, tmp_path)


def test_an_epoch_shorter_than_announced_is_refused(tmp_path, toy_method, toy_loader, quick):
    class Short(toy_loader):
        def epoch(self, epoch, start=0):
            return iter(list(toy_loader(4).epoch(epoch, start))[:-1])

    with pytest.raises(TrainingError, match="after 3 batches"):
        train(toy_method(), Short(4), quick, tmp_path)


def test_unknown_and_absent_trackers_are_told_apart(tmp_path, toy_method, toy_loader, quick, monkeypatch):
    monkeypatch.setattr("accelerate.tracking.get_available_trackers", list)
    with pytest.raises(ConfigError, match="wandbb"):
        train(toy_method(), toy_loader(), replace(quick, trackers=("wandbb",)), tmp_path)
    with pytest.raises(MissingPackageError, match="pip install"):
        train(toy_method(), toy_loader(), replace(quick, trackers=("dvclive",)), tmp_path)


def test_parts_are_compiled_where_the_method_names_some(tmp_path, toy_method, toy_loader, quick, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda part: compiled.append(part))

    class Compilable(toy_method):
        def parts_to_compile(self):
            return tuple(self.children())

    method = Compilable()
    train(method, toy_loader(), replace(quick, compile=True), tmp_path / "run")
    assert compiled == list(method.children()) != []
    with pytest.raises(ConfigError, match="has no part to compile"):
        train(toy_method(), toy_loader(), replace(quick, compile=True), tmp_path / "other")
