"""A training on labels that is killed and gone on with equals one that is not, its windows and dropout included."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from ecg_text.data.sources.folder import folder
from ecg_text.data.store_writer import write_store
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder

RUN = """
import os, signal, sys
from pathlib import Path

from ecg_text.data.store import Store
from ecg_text.recipes.plain import override
from ecg_text.recipes.supervised_build import build_supervised
from ecg_text.recipes.table import any_recipe
from ecg_text.training.loop import train

store, out, kill_at, resume = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "resume"
settings = [
    "labels=synthetic", "ecg.widths=[8,16]", "ecg.depths=[1,1]", "ecg.num_heads=2", "data.batch_size=4", *sys.argv[5:],
    "training.steps=6", "training.checkpoint_every=3", "training.evaluate_every=1", "training.log_every=1",
    "training.ema_decay=0.9",
]
run = override(any_recipe("supervised_nano_ptbxl"), settings)
built = build_supervised(run, Store.open(store), {})


def killer(method, step):
    if step == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


train(
    built.method, built.loader, built.training, out,
    evaluators=(killer, *built.evaluators), save_model=built.save_model, resume=resume,
)
"""


def run_python(*arguments: object) -> int:
    """The exit status of a fresh interpreter, negative for the signal that ended it."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(done.stderr)
    return done.returncode


@pytest.mark.slow
@pytest.mark.parametrize("learns", ["pace=1", "lora.rank=2"])
def test_six_steps_equal_three_a_kill_and_three(tmp_path: Path, learns: str) -> None:
    files = write_synthetic_folder(tmp_path / "files", 24, seed=1, rate_hz=100.0)
    store = tmp_path / "store"
    write_store(folder(files), files, store, standard_preprocess(), workers=1)
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert run_python(store, straight, -1, "new", learns) == 0
    assert run_python(store, killed, 5, "new", learns) == -signal.SIGKILL
    assert run_python(store, killed, -1, "resume", learns) == 0
    assert weights(straight) == weights(killed)
    assert lines(straight) == lines(killed)


def weights(run: Path) -> str:
    return sha256((run / "model" / "model.safetensors").read_bytes()).hexdigest()


def lines(run: Path) -> list[dict[str, float]]:
    """The log without the clock."""
    clock = ("seconds", "examples_per_s")
    found = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in clock} for line in found]
