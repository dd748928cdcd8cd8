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

pytestmark = pytest.mark.slow

STEPS = 60
PATIENCE_S = 600
SETTINGS = [f"training.steps={STEPS}", "training.checkpoint_every=1", "training.log_every=1", "data.batch_size=8"]


def start(folder: Path, *arguments: str, launcher: tuple[str, ...] = ("-m", "ecg_text")) -> subprocess.Popen[str]:
    """`ecg-text` with these arguments, in this folder."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "COLUMNS": "120"}
    command = [sys.executable, *launcher, *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def train(folder: Path, run: str, *more: str, settings: list[str] = SETTINGS) -> subprocess.Popen[str]:
    changed = [part for setting in settings for part in ("--set", setting)]
    return start(folder, "train", "smoke", "--data", "store", "--out", run, *changed, *more)


def wait_for_a_new_checkpoint(process: subprocess.Popen[str], run: Path) -> None:
    before = checkpoints(run)
    while not checkpoints(run) - before:
        assert process.poll() is None, f"the training ended before it could be stopped: {process.communicate()}"
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
    status, out, err = ended(start(folder, "prepare", "folder", "records", "store", "--json"))
    assert (status, err) == (0, "")
    assert json.loads(out)["num_written"] == 24
    return folder


@pytest.fixture(scope="module")
def straight(desk: Path) -> Path:
    """A run that nothing disturbed."""
    status, out, err = ended(train(desk, "straight", "--json"))
    assert status == 0, err
    told = json.loads(out)
    assert (told["steps"], told["recipe"], told["run_dir"]) == (STEPS, "smoke", "straight")
    assert told["best_metrics"] == {}
    assert told["last_metrics"].keys() == {"zero_shot", "zero_shot/synthetic"}
    return desk / "straight"


def test_the_model_loads_and_knows_where_it_comes_from(desk, straight):
    from ecg_text.data.store import Store
    from ecg_text.hub.embedding import load

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
    process = train(desk, "disturbed")
    wait_for_a_new_checkpoint(process, run)
    process.send_signal(signal.SIGINT)
    status, out, err = ended(process)
    assert (status, out) == (130, "")
    line = assert_one_error(err, "stopped by SIGINT after step", "go on with: ecg-text train smoke")
    *_, again = shlex.split(line.partition("go on with: ")[2])
    assert again == "--resume"

    process = train(desk, "disturbed", "--resume")
    wait_for_a_new_checkpoint(process, run)
    process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    assert not (run / "model").exists()

    command = shlex.split(line.partition("go on with: ")[2])
    status, out, err = ended(start(desk, *command[1:]))
    assert status == 0, err
    assert "resumed after step" in err
    assert f"{STEPS} steps" in out
    assert out.endswith("(research use only, not a medical device)\n")
    for name in ("model.safetensors", "tokenizer.json", "processor_config.json"):
        assert (run / "model" / name).read_bytes() == (straight / "model" / name).read_bytes()


def test_a_finished_run_is_neither_overwritten_nor_changed(desk, straight):
    before = (straight / "model" / "model.safetensors").stat().st_mtime_ns
    status, _, err = ended(train(desk, "straight"))
    assert status == 1
    assert_one_error(err, "not an empty folder", "--resume")
    status, _, err = ended(train(desk, "straight", "--resume", settings=[*SETTINGS, "training.learning_rate=0.1"]))
    assert status == 1
    assert_one_error(err, "begun with training.learning_rate 0.002, now it is 0.1")
    assert (straight / "model" / "model.safetensors").stat().st_mtime_ns == before


def test_a_loss_that_explodes_is_one_line(desk):
    status, out, err = ended(train(desk, "exploded", settings=[*SETTINGS, "training.learning_rate=1e18"]))
    assert (status, out) == (1, "")
    assert_one_error(err, "not finite", "lower learning_rate")


def test_two_processes_are_one_training_and_one_voice(desk, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = str(door.getsockname()[1])
    # What `accelerate launch` starts on many devices; on CPUs alone it would ask for MPI.
    launcher = ("-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1", f"--master-port={port}")
    settings = ("--set", "training.steps=4", "--set", "data.batch_size=8")
    command = ("train", "smoke", "--data", "store", "--out", "two", *settings, "--json")
    status, out, err = ended(start(desk, "-m", "ecg_text", *command, launcher=launcher))
    assert status == 0, err
    told = json.loads(out)
    assert (told["steps"], told["contrastive_batch"]) == (4, 8)
    assert err.count("run folder two") == 1
    assert json.loads((desk / "two" / "training.json").read_text())["num_processes"] == 2
