"""A disk that is full, or a folder that holds something else, costs nothing that was there."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError
from transformers import modeling_utils

from ecg_text.errors import CheckpointError
from ecg_text.hub import checkpoint
from ecg_text.hub.checkpoint import load_checkpoint, save_checkpoint
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel


def full_for_weights(patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    patch.setattr(modeling_utils, "safe_save_file", refuse)


def full_for_json(patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    patch.setattr(checkpoint, "write_json", refuse)


def full_for_the_tokenizer(patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise Exception("No space left on device (os error 28)")  # noqa: TRY002 - this is what tokenizers raises

    patch.setattr(EcgTextProcessor, "save_pretrained", refuse)


FULL = {"weights": full_for_weights, "json": full_for_json, "tokenizer": full_for_the_tokenizer}


@pytest.mark.parametrize("what", FULL)
def test_a_full_disk_leaves_the_older_checkpoint(
    what: str, folder: Path, model: EcgTextModel, processor: EcgTextProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_checkpoint(folder)
    with monkeypatch.context() as patch:
        FULL[what](patch)
        with pytest.raises(CheckpointError, match=r"cannot be written \(.*No space left on device") as caught:
            save_checkpoint(folder, model, processor, provenance={"name": "newer"})
    assert "\n" not in str(caught.value)
    after = load_checkpoint(folder)
    assert (after.revision, after.provenance) == (before.revision, before.provenance)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_mistake_of_ours_is_not_called_a_full_disk(
    folder: Path, model: EcgTextModel, processor: EcgTextProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistake(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(EcgTextProcessor, "save_pretrained", mistake)
    with pytest.raises(ZeroDivisionError):
        save_checkpoint(folder, model, processor, provenance={})
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_an_older_checkpoint_is_replaced_with_nothing_of_it_left(
    folder: Path, model: EcgTextModel, processor: EcgTextProcessor
) -> None:
    (folder / "notes.txt").write_text("of the older one")
    save_checkpoint(folder, model, processor, provenance={"name": "newer"})
    loaded = load_checkpoint(folder)
    assert loaded.provenance["name"] == "newer"
    assert loaded.prompts == ()
    assert not (folder / "notes.txt").exists()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def some_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("thesis")


def thesis(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "thesis.tex").write_text("all of it")


def weights_of_somebody(folder: Path) -> None:
    (folder / "provenance.json").unlink()


def history(folder: Path) -> None:
    (folder / ".git").mkdir()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (some_file, "is a file"),
        (thesis, "holds no checkpoint"),
        (weights_of_somebody, "holds no checkpoint"),
        (history, r"holds the folder \.git"),
    ],
)
def test_what_is_no_checkpoint_is_never_replaced(
    make: Callable[[Path], None], says: str, folder: Path, model: EcgTextModel, processor: EcgTextProcessor
) -> None:
    make(folder)
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(CheckpointError, match=says):
        save_checkpoint(folder, model, processor, provenance={})
    assert sorted(folder.parent.rglob("*")) == before


def test_an_empty_folder_and_a_deep_one_will_do(
    tmp_path: Path, model: EcgTextModel, processor: EcgTextProcessor
) -> None:
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        assert save_checkpoint(place, model, processor, provenance={}) == load_checkpoint(place).revision
