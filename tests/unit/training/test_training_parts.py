"""Schedule, optimizer groups, average, random state, files and configuration, one truth each."""

from __future__ import annotations

import errno
import math
import random
import resource
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ecg_text.errors import ConfigError, TrainingError
from ecg_text.training.checkpoint import TrainState, find_checkpoint, read_state, read_tensors, write_checkpoint
from ecg_text.training.config import TrainingConfig
from ecg_text.training.ema import WeightAverage
from ecg_text.training.evaluate import evaluation_mode
from ecg_text.training.files import clear_leftovers, new_folder
from ecg_text.training.loop import train
from ecg_text.training.optim import build_optimizer, load_optimizer_tensors, optimizer_tensors, parameter_groups
from ecg_text.training.random_state import random_state, repeated_chance, set_random_state
from ecg_text.training.run_folder import RunFolder
from ecg_text.training.schedule import learning_rate, num_steps
from ecg_text.training.tracking import TrainLog


def test_the_learning_rate_rises_in_a_line_and_falls_as_half_a_cosine():
    config = TrainingConfig(learning_rate=2.0, warmup_steps=4, min_lr_ratio=0.1)
    rates = [learning_rate(config, step, 12) for step in range(1, 13)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[7] == pytest.approx(2.0 * (0.1 + 0.9 * 0.5))
    assert rates[-1] == pytest.approx(0.2)
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_the_learning_rate_falls_as_often_as_there_are_cycles():
    config = TrainingConfig(learning_rate=2.0, warmup_steps=4, min_lr_ratio=0.1, cosine_cycles=3)
    one = TrainingConfig(learning_rate=2.0, warmup_steps=0, min_lr_ratio=0.1)
    rates = [learning_rate(config, step, 64) for step in range(1, 65)]
    fall = [learning_rate(one, step, 20) for step in range(1, 21)]
    assert rates[4:] == pytest.approx(fall * 3)


def test_without_warm_up_the_first_step_is_nearly_full():
    config = TrainingConfig(warmup_fraction=0.0, learning_rate=1.0, min_lr_ratio=0.0)
    assert learning_rate(config, 1, 1000) == pytest.approx(1.0, abs=1e-4)
    assert learning_rate(config, 1, 1) == 0.0


@pytest.mark.parametrize(
    ("length", "accumulation", "expected"),
    [({"epochs": 2}, 1, 20), ({"epochs": 2}, 3, 7), ({"steps": 5}, 3, 5), ({"epochs": 0.25}, 1, 3)],
)
def test_the_number_of_steps_follows_from_epochs_and_accumulation(length, accumulation, expected):
    assert num_steps(TrainingConfig(accumulation=accumulation, **length), 10) == expected


def test_decay_spares_biases_norms_scales_embeddings_and_chosen_names():
    module = nn.ModuleDict({"linear": nn.Linear(3, 3), "norm": nn.LayerNorm(3), "words": nn.Embedding(4, 3)})
    module.position = nn.Parameter(torch.zeros(1, 5, 3))
    module.frozen = nn.Parameter(torch.zeros(2, 2), requires_grad=False)
    decayed, spared = parameter_groups(module, TrainingConfig(weight_decay=0.1))
    assert [p.shape for p in decayed["params"]] == [(3, 3)]
    assert decayed["weight_decay"] == 0.1
    assert len(spared["params"]) == 5
    assert spared["weight_decay"] == 0.0


def test_slow_parts_learn_at_their_share_of_the_rate():
    module = nn.ModuleDict({"text": nn.Linear(3, 3), "ecg": nn.Linear(4, 4)})
    groups = parameter_groups(module, TrainingConfig(weight_decay=0.1, slow_parts=("text.",), slow_ratio=0.25))
    told = [(len(group["params"]), group["params"][0].shape[-1], group["rate_ratio"]) for group in groups]
    assert told == [(1, 4, 1.0), (1, 4, 1.0), (1, 3, 0.25), (1, 3, 0.25)]
    with pytest.raises(ConfigError, match="in no trainable parameter's name"):
        parameter_groups(module, TrainingConfig(slow_parts=("txet",)))
    with pytest.raises(ConfigError, match="slow_ratio"):
        TrainingConfig(slow_ratio=0)


def test_nothing_to_train_is_refused():
    with pytest.raises(ConfigError, match="no trainable parameter"):
        parameter_groups(nn.ReLU(), TrainingConfig())


def test_the_optimizer_remembers_by_name(toy_method):
    config, one, other = TrainingConfig(), toy_method(), toy_method()
    optimizers = [build_optimizer(method, config) for method in (one, other)]
    one.net(torch.ones(2, 5)).sum().backward()
    optimizers[0].step()
    tensors = optimizer_tensors(one, optimizers[0])
    load_optimizer_tensors(other, optimizers[1], tensors)
    again = optimizer_tensors(other, optimizers[1])
    assert again.keys() == tensors.keys()
    assert all(torch.equal(again[name], tensors[name]) for name in tensors)


def test_the_average_agrees_with_the_formula_and_gives_the_weights_back():
    module = nn.Linear(2, 1, bias=False)
    average, slow = WeightAverage(module, 0.9), module.weight.detach().clone()
    for step in range(1, 40):
        with torch.no_grad():
            module.weight.add_(step)
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        slow = decay * slow + (1 - decay) * module.weight.detach()
    own = module.weight.detach().clone()
    with average.in_place():
        torch.testing.assert_close(module.weight.detach(), slow)
    assert torch.equal(module.weight.detach(), own)


def test_chance_goes_on_where_it_was():
    random.gauss(0, 1)
    np.random.randn()  # noqa: NPY002
    state = random_state()

    def draw():
        return torch.rand(3).tolist(), np.random.randn(3).tolist(), [random.gauss(0, 1) for _ in range(3)]  # noqa: NPY002

    first, second = draw(), draw()
    set_random_state(state)
    assert draw() == first
    with repeated_chance(state):
        assert draw() == first
    assert draw() == second


def test_parts_that_were_in_eval_mode_stay_there():
    module = nn.Sequential(nn.Dropout(), nn.Dropout())
    module[0].eval()
    with evaluation_mode(module):
        assert not module.training
        assert not module[1].training
    assert module.training
    assert not module[0].training
    assert module[1].training


def test_a_folder_is_whole_or_as_it_was(tmp_path):
    target = tmp_path / "model"
    with new_folder(target) as folder:
        (folder / "a").write_text("first")
    with suppress(ValueError), new_folder(target) as folder:
        (folder / "a").write_text("second")
        raise ValueError("halfway")
    assert (target / "a").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_crash_between_the_two_moves_loses_no_model(tmp_path):
    (tmp_path / "model.replaced").mkdir()
    (tmp_path / "model.writing").mkdir()
    clear_leftovers(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_tied_and_transposed_tensors_survive_a_checkpoint(tmp_path):
    x = torch.arange(6.0).reshape(2, 3)
    path = write_checkpoint(
        tmp_path, TrainState(step=1, batches_per_epoch=2, num_processes=1), {"method": {"a": x, "b": x, "c": x.T}}
    )
    read = read_tensors(path, "method")
    assert torch.equal(read["a"], x)
    assert torch.equal(read["b"], x)
    assert torch.equal(read["c"], x.T)
    assert read_state(path).step == 1
    assert find_checkpoint(tmp_path, print) == path


def test_a_half_written_checkpoint_is_cleared_and_does_not_count(tmp_path):
    folder = RunFolder(tmp_path)
    (folder.checkpoints / "step-00000009.writing").mkdir(parents=True)
    assert find_checkpoint(folder.checkpoints, print) is None
    folder.prepare()
    assert list(folder.checkpoints.iterdir()) == []


def test_a_full_disk_is_one_line_and_the_previous_checkpoint_is_intact(tmp_path, toy_method, toy_loader, quick):
    class Wide(toy_method):
        def after_step(self):
            super().after_step()
            if self.steps_seen == 4:  # from here on no file may grow beyond 100 bytes
                resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(TrainingError, match=r"cannot be written \(.*free space, then resume") as told:
            train(Wide(), toy_loader(), replace(quick, log_every=6), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(told.value)
    report = train(toy_method(), toy_loader(), quick, tmp_path, resume=True)
    train(toy_method(), toy_loader(), quick, tmp_path / "straight")
    model = "model/method.safetensors"
    assert report.steps == 6
    assert (tmp_path / model).read_bytes() == (tmp_path / "straight" / model).read_bytes()


def test_no_space_while_saving_the_model_is_told(tmp_path, toy_method, toy_loader, quick):
    def save(method, folder, facts):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TrainingError, match="No space left on device"):
        train(toy_method(), toy_loader(), quick, tmp_path, save_model=save)


def test_the_log_forgets_later_lines_and_torn_ones(tmp_path):
    log = TrainLog(tmp_path / "log.jsonl")
    for step in (1, 2, 3):
        log.write({"step": step})
    with log.path.open("a") as file:
        file.write('{"step": 2, "lo')
    log.rewind(2)
    assert log.path.read_text() == '{"step": 1}\n{"step": 2}\n'


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"steps": 0},
        {"learning_rate": -1.0},
        {"learning_rate": math.nan},
        {"cosine_cycles": 0},
        {"patience": 0, "evaluate_every": 1, "select_metric": "score"},
        {"patience": 1},
        {"betas": (0.9, 1.0)},
        {"warmup_fraction": 2.0},
        {"clip_norm": -1.0},
        {"accumulation": 0},
        {"cached_chunks": 0},
        {"precision": "fp16"},
        {"ema_decay": 1.0},
        {"select_mode": "best"},
        {"seed": -1},
        {"num_threads": 0},
        {"evaluate_every": -1},
    ],
)
def test_an_impossible_number_is_refused_by_name(wrong):
    with pytest.raises(ConfigError, match=f"training.{next(iter(wrong))} is"):
        TrainingConfig(**wrong)
