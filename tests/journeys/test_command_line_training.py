"""From recordings to a model on the command line: stopped, killed, gone on with, and refused in one line."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecg_text.signal.synthetic.synthesise import write_synthetic_folder
from tests.support.processes import Running, ecg_text

pytestmark = pytest.mark.slow

STEPS = 60
SETTINGS = [f"training.steps={STEPS}", "training.checkpoint_every=1", "training.log_every=1", "data.batch_size=8"]


def train(folder: Path, run: str, *more: str, settings: list[str] = SETTINGS) -> Running:
    changed = [part for setting in settings for part in ("--set", setting)]
    return say(folder, "train", "smoke", "--data", "store", "--out", run, *changed, *more)


def say(folder: Path, *arguments: str) -> Running:
    return ecg_text(*arguments, folder=folder, environment={"COLUMNS": "120"})


def wait_for_a_new_checkpoint(training: Running, run: Path) -> None:
    before = checkpoints(run)
    while not checkpoints(run) - before:
        assert training.is_alive(), f"the training ended before it could be stopped: {training.ended()}"
        time.sleep(0.005)


def checkpoints(run: Path) -> set[str]:
    return {path.name for path in (run / "checkpoints").glob("step-*") if path.suffix == ""}


def assert_one_error(err: str, *words: str) -> str:
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, err
    assert err.endswith(lines[0] + "\n")
    assert "Traceback" not in err
    for word in words:
        assert word in lines[0]
    return lines[0]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 24 synthetic recordings, and the store that `ecg-text prepare` made of them."""
    folder = tmp_path_factory.mktemp("desk")
    write_synthetic_folder(folder / "records", 24, seed=1, rate_hz=200.0)
    prepared = say(folder, "prepare", "folder", "records", "store", "--json").ended()
    assert (prepared.status, prepared.err) == (0, "")
    assert json.loads(prepared.out)["num_written"] == 24
    return folder


@pytest.fixture(scope="module")
def straight(desk: Path) -> Path:
    """A run that nothing disturbed."""
    trained = train(desk, "straight", "--json").ended()
    assert trained.status == 0, trained.err
    told = json.loads(trained.out)
    assert (told["steps"], told["recipe"], told["run_dir"]) == (STEPS, "smoke", "straight")
    assert told["best_metrics"] == {}
    assert told["last_metrics"].keys() == {"zero_shot", "zero_shot/synthetic"}
    return desk / "straight"


def test_the_model_loads_and_knows_where_it_comes_from(desk, straight):
    from ecg_text.data.store import Store
    from ecg_text.hub.loading import load

    embedder = load(straight / "model")
    store = Store.open(desk / "store", embedder.preprocess)
    assert embedder.embed_store(store, range(3)).shape == (3, 64)
    facts = embedder.provenance
    assert facts["command"].startswith("ecg-text train smoke --data store --out straight")
    assert (facts["split_hash"], facts["store_fingerprint"]) == (store.split_hash, store.fingerprint)
    assert {"code_version", "seed", "source", "training"} <= facts.keys()
    request = json.loads((straight / "run.json").read_text())
    assert request["run"]["training"]["steps"] == STEPS


def test_stopped_and_killed_and_gone_on_with_equals_undisturbed(desk, straight):
    run = desk / "disturbed"
    training = train(desk, "disturbed")
    wait_for_a_new_checkpoint(training, run)
    training.send(signal.SIGINT)
    stopped = training.ended()
    assert (stopped.status, stopped.out) == (130, "")
    line = assert_one_error(stopped.err, "stopped by SIGINT after step", "go on with: ecg-text train smoke")
    *_, again = shlex.split(line.partition("go on with: ")[2])
    assert again == "--resume"

    training = train(desk, "disturbed", "--resume")
    wait_for_a_new_checkpoint(training, run)
    training.send(signal.SIGKILL)
    assert training.ended().status == -signal.SIGKILL
    assert not (run / "model").exists()

    command = shlex.split(line.partition("go on with: ")[2])
    done = say(desk, *command[1:]).ended()
    assert done.status == 0, done.err
    assert "resumed after step" in done.err
    assert f"{STEPS} steps" in done.out
    assert done.out.endswith("(research use only, not a medical device)\n")
    for name in ("model.safetensors", "tokenizer.json", "processor_config.json"):
        assert (run / "model" / name).read_bytes() == (straight / "model" / name).read_bytes()


def test_a_finished_run_is_neither_overwritten_nor_changed(desk, straight):
    before = (straight / "model" / "model.safetensors").stat().st_mtime_ns
    refused = train(desk, "straight").ended()
    assert refused.status == 1
    assert_one_error(refused.err, "not an empty folder", "--resume")
    refused = train(desk, "straight", "--resume", settings=[*SETTINGS, "training.learning_rate=0.1"]).ended()
    assert refused.status == 1
    assert_one_error(refused.err, "begun with training.learning_rate 0.002, now it is 0.1")
    assert (straight / "model" / "model.safetensors").stat().st_mtime_ns == before


def test_a_loss_that_explodes_is_one_line(desk):
    exploded = train(desk, "exploded", settings=[*SETTINGS, "training.learning_rate=1e18"]).ended()
    assert (exploded.status, exploded.out) == (1, "")
    assert_one_error(exploded.err, "not finite", "lower learning_rate")


def test_two_processes_are_one_training_and_one_voice(desk, repository):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = str(door.getsockname()[1])
    # What `accelerate launch` starts on many devices; on CPUs alone it would ask for MPI.
    launcher = ("-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1", f"--master-port={port}")
    settings = ("--set", "training.steps=4", "--set", "data.batch_size=8")
    command = ("-m", "ecg_text", "train", "smoke", "--data", "store", "--out", "two", *settings, "--json")
    environment = {**os.environ, "PYTHONPATH": str(repository), "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(
        [sys.executable, *launcher, *command], cwd=desk, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["steps"], told["contrastive_batch"]) == (4, 8)
    assert done.stderr.count("run folder two") == 1
    assert json.loads((desk / "two" / "training.json").read_text())["num_processes"] == 2
