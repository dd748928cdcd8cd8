"""A training is killed without warning, again and again, and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import time
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from ecg_text.methods.method import Losses, Method
from ecg_text.nn.gather import gather_with_gradient, num_processes, process_rank
from ecg_text.training.config import TrainingConfig
from ecg_text.training.loop import train
from tests.support.processes import start

WIDTH, BATCH = 6, 4
LONG = 300  # steps of the training with many lives
LIVES = 20


class Rows(tuple):
    """A batch of two tensors."""

    def to(self, device):
        return Rows(x.to(device) for x in self)


class Pairs:
    """Five batches an epoch of rows that resemble their partner, shared out among the processes."""

    batches_per_epoch = 5

    def __init__(self) -> None:
        self.batch_size = BATCH // num_processes()

    def epoch(self, epoch, start=0):
        for number in range(start, self.batches_per_epoch):
            x, noise = torch.randn(2, BATCH, WIDTH, generator=torch.Generator().manual_seed(100 * epoch + number))
            rows = slice(process_rank() * self.batch_size, (process_rank() + 1) * self.batch_size)
            yield Rows((x[rows], (x + 0.1 * noise)[rows]))


class Contrast(Method):
    """Two small towers with dropout; kills its own process after the update number `killed_after`."""

    def __init__(self, dropout: float, killed_after: int) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.left = nn.Sequential(nn.Linear(WIDTH, 16), nn.Dropout(dropout), nn.GELU(), nn.Linear(16, 8))
        self.right = nn.Linear(WIDTH, 8)
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.killed_after, self.steps = killed_after, 0

    def forward(self, batch: tuple[Tensor, Tensor]) -> Losses:
        left, right = gather_with_gradient(self.left(batch[0])), gather_with_gradient(self.right(batch[1]))
        loss = nn.functional.cross_entropy(self.scale * left @ right.T, torch.arange(len(left)))
        if self.steps == self.killed_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return Losses(loss, {"contrast": loss, "scale": self.scale})

    def after_step(self) -> None:
        self.steps += 1


def run(run_dir, *, dropout=0.2, steps=6, killed_after=-1, pause=0.0, checkpoint_every=3):
    """The program: trains the toy; `pause` seconds a step leave time to be killed."""

    class Slow(Contrast):
        def after_step(self):
            super().after_step()
            time.sleep(pause)

    config = TrainingConfig(
        steps=steps,
        checkpoint_every=checkpoint_every,
        log_every=2,
        evaluate_every=2,
        learning_rate=1e-2,
        ema_decay=0.9,
    )
    method = Slow(dropout, killed_after)
    train(method, Pairs(), config, run_dir, evaluators=[lambda *_: {"draw": random.random()}], resume=True)


def newest(run_dir):
    return max((path.name for path in (run_dir / "checkpoints").glob("step-*") if path.suffix == ""), default="")


def begin(run_dir, environment=None, **settings):
    """The program in a process of its own."""
    return start(partial(run, run_dir, **settings), folder=run_dir.parent, environment=environment)


def weights_and_optimizer(run_dir, step):
    folder = run_dir / "checkpoints" / f"step-{step:08d}"
    return {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}


def log_without_clock(run_dir):
    lines = [json.loads(line) for line in (run_dir / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "examples_per_s", "draw")} for line in lines]


def assert_equal_runs(one, other, step):
    groups = ("method", "optimizer", "random", "average")
    assert weights_and_optimizer(one, step).keys() == {f"{group}.safetensors" for group in groups}
    assert weights_and_optimizer(one, step) == weights_and_optimizer(other, step)
    assert log_without_clock(one) == log_without_clock(other)
    model = "model/method.safetensors"
    assert (one / model).read_bytes() == (other / model).read_bytes()


@pytest.mark.slow
def test_killed_after_three_steps_and_resumed_equals_six_steps_straight(tmp_path):
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert begin(straight).ended().status == 0
    assert begin(killed, killed_after=3).ended().status == -signal.SIGKILL
    assert sorted(p.name for p in (killed / "checkpoints").iterdir()) == ["step-00000003"]
    assert begin(killed).ended().status == 0
    assert_equal_runs(straight, killed, 6)


@pytest.mark.slow
def test_killed_at_twenty_random_moments_equals_never_killed(tmp_path):
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert begin(straight, steps=LONG, checkpoint_every=LONG).ended().status == 0
    chance = random.Random(0)
    for _ in range(LIVES):
        before = newest(killed)
        life = begin(killed, steps=LONG, pause=0.004)
        while newest(killed) == before and life.is_alive():  # until it has got further than the last one
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, 0.03))
        life.send(signal.SIGKILL)
        assert life.ended().status == -signal.SIGKILL, "it ended before it was killed; LONG is too short here"
    assert begin(killed, steps=LONG).ended().status == 0
    assert_equal_runs(straight, killed, LONG)


@pytest.mark.slow
def test_two_processes_with_half_the_batch_train_like_one(tmp_path):
    run(tmp_path / "one", dropout=0)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = str(door.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "ACCELERATE_USE_CPU": "true"}
    ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(2)]
    halves = [begin(tmp_path / "two", {**shared, **rank}, dropout=0) for rank in ranks]
    assert [half.ended().status for half in halves] == [0, 0]
    for one, two in zip(log_without_clock(tmp_path / "one"), log_without_clock(tmp_path / "two"), strict=True):
        assert two == pytest.approx(one, abs=1e-4) if one.pop("kind") == two.pop("kind") else False
    facts = json.loads((tmp_path / "two" / "training.json").read_text())
    assert (facts["num_processes"], facts["batch_size"], facts["contrastive_batch"]) == (2, BATCH // 2, BATCH)
