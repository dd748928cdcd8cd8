"""A name is a folder or org/name[@revision]; what the hub says arrives as one line of our own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from ecg_text.errors import CheckpointError
from ecg_text.hub.loading import load
from ecg_text.hub.remote import WANTED, fetch_folder, origin_of


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str | None]]:
    """What the hub is asked for; it always answers with the same folder."""
    calls: list[tuple[str, str | None]] = []

    def answer(repository: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        assert allow_patterns == WANTED
        calls.append((repository, revision))
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", answer)
    return calls


@pytest.mark.parametrize(
    ("name", "revision", "asks"),
    [
        ("org/name", None, ("org/name", None)),
        ("org/name@v1", None, ("org/name", "v1")),
        ("org/name@feature/x", None, ("org/name", "feature/x")),
        ("org/name", "v2", ("org/name", "v2")),
        ("org/name@v2", "v2", ("org/name", "v2")),
    ],
)
def test_a_name_is_taken_apart(
    name: str, revision: str | None, asks: tuple[str, str | None], asked: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    assert fetch_folder(name, revision) == tmp_path
    assert asked == [asks]


@pytest.mark.parametrize("name", ["nothing", "a/b/c", "./nothing", "/nothing", "~/nothing", "org/name@"])
def test_what_is_neither_folder_nor_name_never_reaches_the_hub(
    name: str, asked: list[tuple[str, str | None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"there is no folder .*org/name\[@revision\]"):
        fetch_folder(name)
    assert asked == []


def test_two_revisions_are_one_too_many(asked: list[tuple[str, str | None]]) -> None:
    with pytest.raises(CheckpointError, match="'v1', and 'v2' is asked for too"):
        fetch_folder("org/name@v1", "v2")
    assert asked == []


def test_a_folder_has_no_revision(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="is a folder and has no revision 'v1'; leave the revision out"):
        load(saved, revision="v1")


def test_a_file_is_no_folder(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="is a file; give the checkpoint folder that it is in"):
        load(saved / "config.json")


def test_a_name_that_is_not_on_this_disk_is_told_without_a_network() -> None:
    with pytest.raises(CheckpointError, match=r"^nobody/nothing@v1 is neither a folder nor a model on this") as caught:
        load("nobody/nothing@v1")
    assert "\n" not in str(caught.value)


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("folder", "origin"),
    [
        (f"/cache/hub/models--org--name/snapshots/{COMMIT}", f"org/name@{COMMIT}"),
        (f"hub/models--an-org--a.name_1/snapshots/{COMMIT}", f"an-org/a.name_1@{COMMIT}"),
        ("/cache/hub/models--org--name/snapshots/main", ""),
        (f"/cache/hub/datasets--org--name/snapshots/{COMMIT}", ""),
        ("run/model", ""),
        (".", ""),
    ],
)
def test_a_folder_of_the_hubs_cache_tells_its_name_and_commit(folder: str, origin: str) -> None:
    assert origin_of(Path(folder)) == origin


REFUSED: Any = SimpleNamespace(headers={}, request=None)  # of a response, what the errors read


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (RepositoryNotFoundError("404\n\nlong story", response=REFUSED), "org/name@v1 is neither .* hf auth login"),
        (RevisionNotFoundError("404\n\nlong story", response=REFUSED), "org/name has no revision 'v1'"),
        (HfHubHTTPError("500 Server Error\n\nlong story", response=REFUSED), "cannot be had .*: 500 Server Error$"),
        (OSError("No space left on device"), "cannot be had from the hub: No space left on device$"),
    ],
)
def test_what_the_hub_says_becomes_one_line(error: Exception, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(CheckpointError, match=says) as caught:
        fetch_folder("org/name@v1")
    assert "\n" not in str(caught.value)
