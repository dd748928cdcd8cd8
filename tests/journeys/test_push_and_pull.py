"""A user pushes a model to a hub, a colleague pulls it into an empty cache, and both see the same, by its commit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import ecg_text as et
from tests.support.loopback_hub import LoopbackHub, loopback_hub
from tests.support.processes import ecg_text, start

pytestmark = pytest.mark.slow


def embed(name: str, revision: str | None, header: Path, out: Path) -> None:
    """What a colleague does: a recording and a sentence become vectors, and the model says which one it is."""
    model = et.load(name, revision=revision)
    np.savez(out, ecg=model.embed_records([et.read(header)]), text=model.embed_texts(["atrial fibrillation"]))
    sys.stdout.write(f"{model.origin} {model.revision}\n")


@pytest.fixture(scope="module")
def hub() -> Iterator[LoopbackHub]:
    with loopback_hub() as hub:
        yield hub


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
    of_the_author, of_the_reader = hub.environment(tmp_path / "author"), hub.environment(tmp_path / "reader")

    def push() -> str:
        pushed = ecg_text("push", folder, "org/name", "--json", folder=tmp_path, environment=of_the_author).ended()
        assert pushed.status == 0, pushed.err
        return str(json.loads(pushed.out)["revision"])

    def pulled(name: str, revision: str | None = None) -> str:
        out = tmp_path / f"{name}.npz"
        wanted = ("org/name", revision, header, out)
        seen = start(embed, *wanted, folder=tmp_path, environment=of_the_reader).ended()
        assert seen.status == 0, seen.err
        return seen.out

    first = push()
    assert hub.repositories["org/name"].is_private

    # The first pull is that of a person with a shell of their own: nothing is there but the variables.
    asked = ("classify", str(header), "--text", "atrial fibrillation", "--json", "--model")
    command = [sys.executable, "-m", "ecg_text", *asked, f"org/name@{first}"]
    environment = {**os.environ, "PYTHONPATH": str(repository), **of_the_reader}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    here = et.load(folder)
    answered = json.loads(done.stdout)
    assert (answered["model"], answered["model_revision"]) == (f"org/name@{first}", here.revision)

    there = pulled("there")
    assert there.split() == [f"org/name@{first}", here.revision]
    with np.load(tmp_path / "there.npz") as vectors:
        np.testing.assert_array_equal(vectors["ecg"], here.embed_records([et.read(header)]))
        np.testing.assert_array_equal(vectors["text"], here.embed_texts(["atrial fibrillation"]))

    save_untrained(folder, seed=1)
    second = push()
    assert second != first
    assert pulled("a").startswith(f"org/name@{second} ")
    assert pulled("b", first) == there

    wrong = ecg_text(*asked, "org/name@v9", folder=tmp_path, environment=of_the_reader).ended()
    assert (wrong.status, wrong.out) == (1, "")
    assert wrong.err.startswith("error: org/name has no revision 'v9'")
    assert wrong.err.count("\n") == 1
    assert not [request for request in hub.requests if "TOKEN SENT" in request]


def test_a_hub_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    folder = save_untrained(tmp_path / "model", seed=0)
    with loopback_hub() as gone:
        environment = gone.environment(tmp_path / "cache")
    said = ecg_text("push", folder, "org/name", folder=tmp_path, environment=environment).ended()
    assert said.status == 1
    assert said.err.startswith(f"error: org/name: the hub {gone.url} cannot be reached (")
    assert said.err.count("\n") == 1
