"""Six steps of a real recipe on real files equal three, a kill, and three more, to the last bit."""

from __future__ import annotations

import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

RUN = """
import os, signal, sys
from pathlib import Path

from ecg_text.data.store import Store
from ecg_text.recipes.build import build
from ecg_text.recipes.plain import override
from ecg_text.recipes.table import recipe
from ecg_text.training.loop import train

store, out, kill_at, resume = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "resume"
settings = ["training.steps=6", "training.checkpoint_every=3", "training.evaluate_every=1", "data.batch_size=8"]
run = override(recipe("smoke"), settings + sys.argv[5:])
built = build(run, Store.open(store), {})


def killer(method, step):
    if step == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


train(
    built.method, built.loader, run.training, out,
    evaluators=(killer, *built.evaluators), save_model=built.save_model, resume=resume,
)
"""


def run_python(code: str, *arguments: object) -> int:
    """The exit status of a fresh interpreter, negative for the signal that ended it."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(done.stderr)
    return done.returncode


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from ecg_text.data.sources.folder import folder
    from ecg_text.data.store_writer import write_store
    from ecg_text.signal.preprocess import standard_preprocess
    from ecg_text.signal.synthetic.synthesise import write_synthetic_folder

    place = tmp_path_factory.mktemp("killed")
    files = write_synthetic_folder(place / "files", 36, seed=1, rate_hz=100.0)
    root = files if files.is_dir() else files.parent
    write_store(folder(root), root, place / "store", standard_preprocess(), workers=1)
    return place / "store"


MELP = (
    "method=melp",
    "levels.token=2.0",
    "levels.beat=0.2",
    "model.decoder.num_queries=4",
    "model.decoder.num_heads=2",
)
WAYS = {
    "clip": (),
    "melp": (*MELP, "model.ecg_head=beat_queries"),
    "melp, the heart's own beats": (*MELP, "model.ecg_head=r_peaks", "model.text.reading=causal"),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_six_steps_equal_three_a_kill_and_three(store: Path, tmp_path: Path, way: str) -> None:
    settings = WAYS[way]
    assert run_python(RUN, store, tmp_path / "straight", -1, "new", *settings) == 0
    assert run_python(RUN, store, tmp_path / "killed", 5, "new", *settings) == -signal.SIGKILL
    assert not (tmp_path / "killed" / "model").exists()
    assert run_python(RUN, store, tmp_path / "killed", -1, "resume", *settings) == 0
    weights = [
        sha256((tmp_path / name / "model" / "model.safetensors").read_bytes()).hexdigest()
        for name in ("straight", "killed")
    ]
    assert weights[0] == weights[1]
