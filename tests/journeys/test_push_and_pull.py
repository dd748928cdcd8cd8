"""A user pushes a model to a hub, a colleague pulls it into an empty cache, and both see the same, by its commit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

import ecg_text as et
from tests.support.loopback_hub import LoopbackHub, loopback_hub

pytestmark = pytest.mark.slow

EMBED = """
import sys
import numpy as np
import ecg_text as et

name, revision, header, out = sys.argv[1:]
model = et.load(name, revision=revision or None)
records = [et.read(header)]
np.savez(out, ecg=model.embed_records(records), text=model.embed_texts(["atrial fibrillation"]))
print(model.origin, model.revision)
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def hub() -> Iterator[LoopbackHub]:
    with loopback_hub() as hub:
        yield hub


def in_a_process(repository: Path, environment: Mapping[str, str]) -> Run:
    """Runs Python there with these variables, as a person with a shell of their own would."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *map(str, arguments)]
        full = {**os.environ, "PYTHONPATH": str(repository), **environment}
        return subprocess.run(command, cwd=repository, env=full, capture_output=True, text=True, check=False)

    return run


def save_untrained(folder: Path, seed: int) -> Path:
    from ecg_text.hub.checkpoint import save_checkpoint
    from ecg_text.models.processor import EcgTextProcessor
    from ecg_text.recipes.smoke import smoke
    from ecg_text.recipes.towers import build_model, build_tokenizer
    from ecg_text.signal.preprocess import standard_preprocess

    plan = smoke().model
    processor = EcgTextProcessor.of(standard_preprocess(), build_tokenizer(plan.text, ["atrial fibrillation"] * 4))
    save_checkpoint(folder, build_model(plan, processor, seed), processor, provenance={"name": f"untrained {seed}"})
    return folder


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from ecg_text.signal.formats.wfdb_files import write_wfdb
    from ecg_text.signal.synthetic.synthesise import synthesise

    record = synthesise("atrial fibrillation", np.random.default_rng(2), record_id="one").record
    return Path(write_wfdb(record, tmp_path_factory.mktemp("ecg")))


def test_what_one_pushes_another_pulls_bit_for_bit(
    hub: LoopbackHub, header: Path, repository: Path, tmp_path: Path
) -> None:
    folder = save_untrained(tmp_path / "model", seed=0)
    author = in_a_process(repository, hub.environment(tmp_path / "author"))
    reader = in_a_process(repository, hub.environment(tmp_path / "reader"))

    pushed = author("-m", "ecg_text", "push", folder, "org/name", "--json")
    assert pushed.returncode == 0, pushed.stderr
    first = json.loads(pushed.stdout)["revision"]
    assert hub.repositories["org/name"].is_private

    there = reader("-c", EMBED, "org/name", "", header, tmp_path / "there.npz")
    assert there.returncode == 0, there.stderr
    here = et.load(folder)
    assert there.stdout.split() == [f"org/name@{first}", here.revision]
    with np.load(tmp_path / "there.npz") as pulled:
        np.testing.assert_array_equal(pulled["ecg"], here.embed_records([et.read(header)]))
        np.testing.assert_array_equal(pulled["text"], here.embed_texts(["atrial fibrillation"]))

    save_untrained(tmp_path / "model", seed=1)
    second = json.loads(author("-m", "ecg_text", "push", folder, "org/name", "--json").stdout)["revision"]
    assert second != first
    assert reader("-c", EMBED, "org/name", "", header, tmp_path / "a.npz").stdout.startswith(f"org/name@{second} ")
    assert reader("-c", EMBED, "org/name", first, header, tmp_path / "b.npz").stdout == there.stdout

    asked = ("classify", header, "--text", "atrial fibrillation", "--json", "--model")
    answered = json.loads(reader("-m", "ecg_text", *asked, f"org/name@{first}").stdout)
    assert (answered["model"], answered["model_revision"]) == (f"org/name@{first}", there.stdout.split()[-1])
    wrong = reader("-m", "ecg_text", *asked, "org/name@v9")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("error: org/name has no revision 'v9'")
    assert wrong.stderr.count("\n") == 1
    assert not [request for request in hub.requests if "TOKEN SENT" in request]


def test_a_hub_that_is_not_there_is_told_in_one_line(repository: Path, tmp_path: Path) -> None:
    folder = save_untrained(tmp_path / "model", seed=0)
    with loopback_hub() as gone:
        environment = gone.environment(tmp_path / "cache")
    said = in_a_process(repository, environment)("-m", "ecg_text", "push", folder, "org/name")
    assert said.returncode == 1
    assert said.stderr.startswith(f"error: org/name: the hub {gone.url} cannot be reached (")
    assert said.stderr.count("\n") == 1
