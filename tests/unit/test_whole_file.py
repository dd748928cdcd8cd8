"""A file that is written appears whole, or the older one stays and nothing else is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.whole_file import whole_file


def test_the_new_file_takes_the_place_of_the_old_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "told.txt"
    path.write_text("old")
    with whole_file(path) as draft:
        draft.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_of_the_new(tmp_path: Path) -> None:
    path = tmp_path / "told.txt"
    path.write_text("old")
    with pytest.raises(OSError, match="full"):
        _fail_half_way(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _fail_half_way(path: Path) -> None:
    with whole_file(path) as draft:
        draft.write_text("ne")
        raise OSError("the disk is full")
