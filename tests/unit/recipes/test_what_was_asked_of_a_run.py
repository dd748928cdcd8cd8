"""run.json is what was asked of the run that is in the folder: a new run's, or that of the one it goes on with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecg_text.errors import TrainingError
from ecg_text.recipes.request import PROCESSOR, REQUEST, read_request, write_start


def saver(words: str):
    return lambda folder: (Path(folder) / "words.txt").write_text(words)


def asked(run_dir: Path) -> tuple[dict, str]:
    return json.loads((run_dir / REQUEST).read_text()), (run_dir / PROCESSOR / "words.txt").read_text()


def test_a_new_run_leaves_nothing_of_one_that_was_refused_before_its_first_step(tmp_path):
    write_start(tmp_path / "run", {"seed": 1}, saver("one"), resumed=False)
    write_start(tmp_path / "run", {"seed": 2}, saver("two"), resumed=False)
    assert asked(tmp_path / "run") == ({"seed": 2}, "two")


def test_a_resumed_run_keeps_what_it_was_begun_with_and_adds_what_is_missing(tmp_path):
    write_start(tmp_path, {"seed": 1}, saver("one"), resumed=False)
    write_start(tmp_path, {"seed": 2}, saver("two"), resumed=True)
    assert asked(tmp_path) == ({"seed": 1}, "one")
    (tmp_path / PROCESSOR / "words.txt").unlink()
    (tmp_path / PROCESSOR).rmdir()
    write_start(tmp_path, {"seed": 1}, saver("two"), resumed=True)
    assert asked(tmp_path) == ({"seed": 1}, "two")


def test_a_processor_that_cannot_be_saved_leaves_no_half_of_it(tmp_path):
    def full_disk(folder):
        (Path(folder) / "words.txt").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(TrainingError, match="No space left"):
        write_start(tmp_path, {"format": "x"}, full_disk, resumed=False)
    assert not (tmp_path / PROCESSOR).exists()
    assert read_request(tmp_path, "x") == {"format": "x"}
