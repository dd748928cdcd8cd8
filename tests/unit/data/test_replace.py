"""A folder is replaced whole or stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecg_text.data import replace
from ecg_text.data.replace import replaced_folder

NO_PROCESS = 2**22 + 1  # above the largest process number that Linux gives


def fill(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "text").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_or_is_replaced_when_it_is_complete(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with replaced_folder(tmp_path / "deep" / "goal") as fresh:
            fill(fresh, text)
        assert (tmp_path / "deep" / "goal" / "text").read_text() == text
    assert names(tmp_path / "deep") == ["goal"]


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    fill(tmp_path / "goal", "old")
    with pytest.raises(FileNotFoundError), replaced_folder(tmp_path / "goal") as fresh:
        fill(fresh / "text" / "more", (fresh / "nothing").read_text())
    assert (tmp_path / "goal" / "text").read_text() == "old"
    assert names(tmp_path) == ["goal"]


def test_a_rename_that_fails_brings_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "goal", "old")
    rename = os.replace

    def failing(source: Path, target: Path) -> None:
        if "partial" in Path(source).name:
            raise OSError("the disk went away")
        rename(source, target)

    monkeypatch.setattr(replace.os, "replace", failing)
    with pytest.raises(OSError, match="went away"), replaced_folder(tmp_path / "goal") as fresh:
        fill(fresh, "new")
    assert (tmp_path / "goal" / "text").read_text() == "old"
    assert names(tmp_path) == ["goal"]


def test_what_a_dead_process_left_is_removed_and_what_it_moved_away_comes_back(tmp_path: Path) -> None:
    fill(tmp_path / f".goal.partial-{NO_PROCESS}", "half")
    fill(tmp_path / f".goal.old-{NO_PROCESS}", "old")
    with pytest.raises(ValueError, match="no"), replaced_folder(tmp_path / "goal"):
        raise ValueError("no")
    assert names(tmp_path) == ["goal"]
    assert (tmp_path / "goal" / "text").read_text() == "old"


def test_what_a_living_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    other = f".goal.partial-{os.getppid()}"
    fill(tmp_path / other, "half")
    with replaced_folder(tmp_path / "goal") as fresh:
        fill(fresh, "new")
    assert names(tmp_path) == [other, "goal"]
