"""A pre-training of an ECG encoder that is killed and gone on with equals one that is not, temperature and all."""

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
from ecg_text.recipes.pretrain_ecg_build import build_ecg
from ecg_text.recipes.table import any_recipe
from ecg_text.training.loop import train

store, out, kill_at, resume = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "resume"
settings = [
    "ecg.widths=[8,8,8]", "ecg.trunk_width=16", "ecg.num_layers=1", "ecg.position_kernel=5", "ecg.position_groups=2",
    "targets.num_entries=8", "targets.code_width=8", "wav2vec.quantiser_decay=0.9", "data.batch_size=4",
    "training.steps=6", "training.checkpoint_every=3", "training.evaluate_every=1", "training.log_every=1",
    "training.ema_decay=0.9",
]
run = override(any_recipe("wav2vec_nano_ptbxl"), settings)
built = build_ecg(run, Store.open(store), {})


def killer(method, step):
    if step == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


train(
    built.method, built.loader, run.training, out,
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
def test_six_steps_equal_three_a_kill_and_three(tmp_path: Path) -> None:
    files = write_synthetic_folder(tmp_path / "files", 16, seed=1, rate_hz=100.0)
    store = tmp_path / "store"
    write_store(folder(files), files, store, standard_preprocess(), workers=1)
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert run_python(store, straight, -1, "new") == 0
    assert run_python(store, killed, 5, "new") == -signal.SIGKILL
    assert not (killed / "model").exists()
    assert run_python(store, killed, -1, "resume") == 0
    assert weights(straight) == weights(killed)
    assert losses(straight) == losses(killed)
    temperatures = [line["loss/temperature"] for line in losses(straight)]
    assert temperatures == pytest.approx([2 * 0.9**step for step in range(6)])


def weights(run: Path) -> str:
    return sha256((run / "model" / "model.safetensors").read_bytes()).hexdigest()


def losses(run: Path) -> list[dict[str, float]]:
    """The training's lines of the log without the clock."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    clock = ("seconds", "examples_per_s")
    return [{k: v for k, v in line.items() if k not in clock} for line in lines if line["kind"] == "train"]
