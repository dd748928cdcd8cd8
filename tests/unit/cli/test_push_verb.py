"""ecg-text push shows each file before it goes, sends nothing in a dry run, and nothing that may name a person."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.support.hub_client import hub_in_this_process, point_at
from tests.support.loopback_hub import TOKEN, LoopbackHub

SENT = (
    *("config.json", "model.safetensors", "processor_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("prompts.json", "provenance.json", "README.md"),
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    with hub_in_this_process(tmp_path / "cache") as hub:
        yield hub


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    """A copy of the model, with a log beside it."""
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    (folder / "log.jsonl").write_text('{"step": 1}\n')
    return folder


@pytest.fixture
def push(say_to: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """Pushes the folder to org/name; the token is told by nobody."""

    def run(*options: str) -> Any:
        said = say_to("push", folder, "org/name", *options)
        assert TOKEN not in said.out + said.err
        return said

    return run


def test_a_dry_run_shows_every_file_and_sends_nothing(hub: LoopbackHub, push: Callable[..., Any], folder: Path) -> None:
    said = push("--dry-run", "--tag", "v1")
    assert said.status == 0, said.err
    for name in SENT:
        content = (folder / name).read_bytes()
        [line] = [line for line in said.out.splitlines() if line.startswith(f"{name} ")]
        assert line.split() == [name, f"{len(content):,}", sha256(content).hexdigest()]
    assert "not sent    log.jsonl" in said.out
    assert "identifiers none found" in said.out
    assert "note        tokenizer.json lists" in said.out
    assert "repository  org/name is not there, or not shown to you: made new, private" in said.out
    assert "sent        nothing: this was a dry run" in said.out
    assert hub.writes == []
    assert hub.repositories == {}


def test_what_was_sent_is_pinned_by_its_commit(hub: LoopbackHub, push: Callable[..., Any]) -> None:
    said = push("--tag", "v1", "--message", "first")
    assert said.status == 0, said.err
    kept = hub.repositories["org/name"]
    assert f"revision    {kept.head.oid}, tag v1" in said.out
    assert f'load it     et.load("org/name", revision="{kept.head.oid}")' in said.out
    assert f"--model org/name@{kept.head.oid}" in said.out
    assert (kept.is_private, kept.head.title, kept.tags) == (True, "first", {"v1": kept.head.oid})
    again = push()
    assert f"repository  org/name is there, private, at {kept.head.oid}" in again.out
    assert "sent        nothing new: the hub held the same files" in again.out


def test_the_json_document_tells_the_same(hub: LoopbackHub, push: Callable[..., Any]) -> None:
    dry = json.loads(push("--json", "--dry-run", "--public").out)
    assert [file["name"] for file in dry["files"]] == list(SENT)
    assert (dry["sent"], dry["revision"], dry["made_new"], dry["visibility"]) == (False, None, True, "public")
    assert (dry["not_sent"], dry["identifiers"]) == (["log.jsonl"], [])
    done = json.loads(push("--json").out)
    assert (done["sent"], done["revision"]) == (True, hub.repositories["org/name"].head.oid)
    assert (done["unchanged"], done["visibility"], done["kind"]) == (False, "private", "ECG-text model")


def test_what_may_name_a_person_is_not_sent(hub: LoopbackHub, push: Callable[..., Any], folder: Path) -> None:
    (folder / "notes.txt").write_text("a line\nPatient: Johan Smithers, MRN 7788123\n")
    said = push()
    assert said.status == 1
    assert "identifiers 2 found" in said.out
    assert "notes.txt, line 2: name J***n S***s; notes.txt, line 2: record 7***3" in said.err
    assert said.err.count("\n") == 1
    assert hub.requests == []
    allowed = push("--allow-phi-findings")
    assert allowed.status == 0, allowed.err
    assert set(hub.repositories["org/name"].head.files) == {".gitattributes", *SENT}


def test_a_message_that_may_name_a_person_is_not_sent(hub: LoopbackHub, push: Callable[..., Any]) -> None:
    said = push("--message", "without Patient: Johan Smithers")
    assert said.status == 1
    assert "--message, what the commit says: name J***n S***s" in said.err
    assert hub.requests == []


def test_a_file_that_cannot_be_scanned_is_not_sent(hub: LoopbackHub, push: Callable[..., Any], folder: Path) -> None:
    (folder / "README.md").write_bytes(b"PK\x03\x04 packed")
    said = push()
    assert said.status == 1
    assert "README.md was not scanned for identifiers of persons: an archive" in said.err
    assert hub.requests == []


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer.json; give a whole model"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"cut"), "it is damaged or another model's"),
        (lambda folder: shutil.rmtree(folder), "there is no folder"),
        (lambda folder: (folder / "run.json").write_text("{}"), "is a run folder, not a model"),
    ],
)
def test_what_is_no_whole_model_is_refused_in_one_line(
    spoil: Callable[[Path], object], says: str, hub: LoopbackHub, push: Callable[..., Any], folder: Path
) -> None:
    spoil(folder)
    said = push()
    assert (said.status, said.out) == (1, "")
    assert says in said.err
    assert said.err.count("\n") == 1
    assert hub.requests == []


def test_without_a_network_a_dry_run_still_shows_the_files(
    hub: LoopbackHub, push: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at("http://127.0.0.1:9", monkeypatch)
    said = push("--dry-run")
    assert said.status == 1
    assert "model.safetensors" in said.out
    assert said.err.startswith("error: org/name: the hub http://127.0.0.1:9 cannot be reached (")
    assert said.err.count("\n") == 1
