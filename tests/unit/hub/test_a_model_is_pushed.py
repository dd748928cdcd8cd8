"""What is pushed to a hub comes back the same, by its commit; whatever is not whole, or not meant, is not sent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import HfApi, constants
from safetensors.torch import load_file, save_file

from ecg_text.errors import CheckpointError, EcgTextError
from ecg_text.hub.checkpoint import save_checkpoint
from ecg_text.hub.loading import load
from ecg_text.hub.parcel import pack
from ecg_text.hub.parts import CARD, NEEDED
from ecg_text.hub.publish import Published, look_up, publish
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.record import Record
from tests.support.hub_client import hub_in_this_process, point_at
from tests.support.loopback_hub import TOKEN, LoopbackHub
from tests.support.loopback_store import LARGE, Commit, Repository

NAME = "org/name"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    with hub_in_this_process(tmp_path / "cache") as hub:
        yield hub


def push(folder: Path, *, public: bool = False, tag: str | None = None, message: str | None = None) -> Published:
    parcel = pack(folder)
    return publish(parcel, look_up(NAME, public=public, tag=tag), message=message, tag=tag)


def other_weights(folder: Path) -> Path:
    """Another model, in a folder beside this one."""
    other = load(folder)
    with torch.no_grad():
        other.model.log_scale.add_(0.5)
        for tensor in other.model.ecg_encoder.parameters():
            tensor.add_(0.1)
    save_checkpoint(folder.with_name("other"), other.model, other.processor, provenance={"name": "other"})
    return folder.with_name("other")


def refused(act: Callable[[], object]) -> str:
    """The one line of the refusal, which does not tell the token."""
    with pytest.raises(EcgTextError) as caught:
        act()
    told = str(caught.value)
    assert "\n" not in told
    assert TOKEN not in told
    return told


def test_a_look_sends_nothing(hub: LoopbackHub, folder: Path) -> None:
    (folder / "notes.log").write_text("step 1\n")
    parcel, destination = pack(folder), look_up(NAME)
    assert [file.name for file in parcel.files] == [*NEEDED, CARD]
    assert parcel.left == ("notes.log",)
    assert parcel.title == f"ECG-text model tiny, weights {parcel.revision}"
    assert not destination.exists
    assert hub.requests == ["GET /api/models/org/name"]


def test_a_pushed_model_is_private_and_comes_back_bit_for_bit(
    hub: LoopbackHub, folder: Path, records: list[Record]
) -> None:
    (folder / "notes.log").write_text("step 1\n")
    published = push(folder)
    kept = hub.repositories[NAME]
    assert kept.is_private
    assert set(kept.head.files) == {".gitattributes", *NEEDED, CARD}
    assert all(kept.head.files[name].content == (folder / name).read_bytes() for name in (*NEEDED, CARD))
    assert kept.head.title == f"ECG-text model tiny, weights {load(folder).revision}"
    assert [commit.oid for commit in kept.commits[1:]] == [published.commit]

    here, there = load(folder), load(NAME)
    assert there.origin == f"{NAME}@{published.commit}"
    assert here.origin == ""
    assert there.revision == here.revision
    np.testing.assert_array_equal(there.embed_records(records), here.embed_records(records))
    np.testing.assert_array_equal(there.embed_texts(["vorhofflimmern"]), here.embed_texts(["vorhofflimmern"]))
    assert not [request for request in hub.requests if "TOKEN SENT" in request]


def test_a_second_push_makes_a_new_revision_and_the_first_still_loads(hub: LoopbackHub, folder: Path) -> None:
    first, second = push(folder, tag="v1"), push(other_weights(folder), message="more")
    assert first.commit != second.commit
    assert hub.repositories[NAME].head.title == "more"
    revisions = {load(NAME, revision=at).revision for at in (first.commit, "v1", f"{first.commit}")}
    assert revisions == {load(folder).revision}
    assert load(f"{NAME}@{second.commit}").revision == load(NAME).revision == load(folder.with_name("other")).revision
    assert load(NAME, revision="v1").origin == f"{NAME}@{first.commit}"


def test_the_same_files_pushed_again_make_no_new_revision(hub: LoopbackHub, folder: Path) -> None:
    first, second = push(folder), push(folder)
    assert (second.commit, second.is_unchanged, first.is_unchanged) == (first.commit, True, False)
    assert len(hub.repositories[NAME].commits) == 2


def test_a_wrong_revision_is_refused_in_one_line(hub: LoopbackHub, folder: Path) -> None:
    push(folder)
    assert refused(lambda: load(NAME, revision="v9")).startswith("org/name has no revision 'v9'")
    assert refused(lambda: load(f"{NAME}@{'0' * 40}")).startswith(f"org/name has no revision '{'0' * 40}'")


def test_parts_of_an_older_model_are_taken_away_and_other_files_stay(hub: LoopbackHub, folder: Path) -> None:
    push(folder)
    kept = hub.repositories[NAME]
    files = {**kept.head.files, "calibration.json": LARGE, "LICENSE": LARGE}
    kept.commits.append(Commit(kept.head.oid, "by hand", files))
    assert look_up(NAME).stale(pack(folder)) == ("calibration.json",)
    push(folder)
    assert set(kept.head.files) == {".gitattributes", "LICENSE", *NEEDED, CARD}


def test_who_sees_a_repository_is_never_changed_by_a_push(hub: LoopbackHub, folder: Path) -> None:
    push(folder, public=True)
    assert not hub.repositories[NAME].is_private
    seen = len(hub.writes)
    assert "is there and public, not private" in refused(lambda: push(folder))
    hub.repositories[NAME].is_private = True
    assert "is there and private, not public" in refused(lambda: push(folder, public=True))
    assert len(hub.writes) == seen


def test_a_repository_that_is_public_against_the_request_gets_no_file(
    hub: LoopbackHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HfApi, "create_repo", lambda *_, **__: hub.add(Repository(NAME, is_private=False)))
    assert "is there and public, not private" in refused(lambda: push(folder))
    assert set(hub.repositories[NAME].head.files) == {".gitattributes"}


def test_a_tag_stays_where_it_is(hub: LoopbackHub, folder: Path) -> None:
    first, seen = push(folder, tag="v1"), len(hub.writes)
    assert "has the tag v1 already" in refused(lambda: push(other_weights(folder), tag="v1"))
    assert len(hub.writes) == seen
    assert hub.repositories[NAME].tags == {"v1": first.commit}


def test_a_tag_that_the_hub_refuses_is_told_with_the_commit_that_is_there(hub: LoopbackHub, folder: Path) -> None:
    hub.instead["POST /api/models/org/name/tag"] = (400, {"error": "no name of a tag"})
    told = refused(lambda: push(folder, tag="v 1"))
    head = hub.repositories[NAME].head
    assert told == f"org/name@{head.oid} is there, without the tag v 1: no name of a tag"
    assert CARD in head.files


def test_a_file_that_changed_after_it_was_looked_at_is_not_sent(hub: LoopbackHub, folder: Path) -> None:
    parcel = pack(folder)
    (folder / CARD).write_text((folder / CARD).read_text() + "Patient: Johan Smithers\n")
    assert "README.md has changed since it was looked at" in refused(lambda: publish(parcel, look_up(NAME)))
    assert hub.repositories == {}


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["PUT /storage", "POST /api/models/org/name/commit"])
def test_a_push_that_fails_leaves_the_older_revision(broken: str, hub: LoopbackHub, folder: Path) -> None:
    first = push(folder)
    hub.instead = {broken: (400, {"error": "the disk is full"})}
    assert "the disk is full" in refused(lambda: push(other_weights(folder)))
    assert hub.repositories[NAME].head.oid == first.commit
    assert load(NAME).revision == load(folder).revision


def test_what_somebody_else_pushed_meanwhile_is_not_lost(hub: LoopbackHub, folder: Path) -> None:
    push(folder)
    before = look_up(NAME)
    kept = hub.repositories[NAME]
    kept.commits.append(Commit(kept.head.oid, "by somebody else", {**kept.head.files, "LICENSE": LARGE}))
    told = refused(lambda: publish(pack(other_weights(folder)), before))
    assert told == "org/name: somebody else has changed it meanwhile; look at it, and push again"
    assert kept.head.title == "by somebody else"


def test_what_the_hub_keeps_is_compared_with_what_was_sent(
    hub: LoopbackHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Repository.commit

    def forgetful(self: Repository, lines: list[bytes], large: dict[str, bytes]) -> Commit:
        return whole(self, [line for line in lines if b"tokenizer.json" not in line], large)

    monkeypatch.setattr(Repository, "commit", forgetful)
    assert "does not hold tokenizer.json of commit" in refused(lambda: push(folder))


def test_a_card_that_the_hub_refuses_leaves_no_empty_repository(hub: LoopbackHub, folder: Path) -> None:
    card = (folder / CARD).read_text()
    (folder / CARD).write_text(card.replace("library_name: ecg_text\n", "library_name: ecg_text\nlicense: mine\n"))
    assert 'org/name: "license" must be one of' in refused(lambda: push(folder))
    assert hub.repositories == {}


def test_what_the_hub_does_not_allow_is_told(hub: LoopbackHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = refused(lambda: publish(pack(folder), look_up("others/name")))
    assert told == "others/name: You don't have the rights to create a model under others"
    monkeypatch.setenv("HF_TOKEN", "hf_anotherone")
    assert "hf_anotherone" not in refused(lambda: push(folder))
    assert "Invalid credentials" in refused(lambda: push(folder))
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(folder / "none"))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(folder / "none"))
    assert refused(lambda: push(folder)).endswith("log in first: hf auth login")


def test_an_answer_that_quotes_the_token_does_not_tell_it(hub: LoopbackHub, folder: Path) -> None:
    hub.instead["POST /api/repos/create"] = (500, {"error": f"cannot do that for {TOKEN}"})
    assert refused(lambda: push(folder)) == "org/name: cannot do that for (the token)"


def test_without_a_network_it_is_refused_in_one_line(
    hub: LoopbackHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at("http://127.0.0.1:9", monkeypatch)
    told = refused(lambda: push(folder))
    assert told.startswith("org/name: the hub http://127.0.0.1:9 cannot be reached (")
    assert told.endswith("; connect, and push again")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert refused(lambda: push(folder)) == "org/name cannot be reached: HF_HUB_OFFLINE is set; unset it to push"


@pytest.mark.parametrize("name", ["name", "a/b/c", "org/na me", "org/--"])
def test_a_name_that_no_hub_has_is_refused(name: str, hub: LoopbackHub) -> None:
    assert name in refused(lambda: look_up(name))
    assert hub.requests == []


def lose_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights.pop("log_scale")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def tell_of_this_disk(folder: Path) -> None:
    told = (folder / "provenance.json").read_text()
    (folder / "provenance.json").write_text(told.replace('"tiny"', '"tiny", "data": "/home/anna/store"'))


def change_a_weight(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)


def link_the_card(folder: Path) -> None:
    shutil.move(folder / CARD, folder.parent / "elsewhere.md")
    (folder / CARD).symlink_to(folder.parent / "elsewhere.md")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "prompts.json").unlink(), "has no prompts.json; give a whole model"),
        (lambda folder: (folder / CARD).unlink(), "has no README.md; write it: ecg-text card"),
        (lose_a_weight, "model.safetensors has revision"),
        (change_a_weight, "it is damaged or another model's"),
        (link_the_card, "README.md is a link"),
        (tell_of_this_disk, "provenance.json names folders of this disk; take them out"),
        (lambda folder: (folder / "calibration.json").write_text("{}"), "calibration.json is no calibration"),
        (lambda folder: (folder / "results.json").write_text("{}"), "results.json: its format is None"),
    ],
)
def test_what_would_not_load_is_not_packed(spoil: Callable[[Path], object], says: str, folder: Path) -> None:
    spoil(folder)
    assert says in refused(lambda: pack(folder))


def test_what_is_no_model_is_not_packed(tmp_path: Path) -> None:
    assert "there is no folder" in refused(lambda: pack(tmp_path / "none"))
    assert "has no config.json" in refused(lambda: pack(tmp_path))
    with pytest.raises(CheckpointError, match="there is no folder"):
        pack(Path("org/name"))


def test_the_list_of_the_hub_is_what_was_sent(hub: LoopbackHub, folder: Path) -> None:
    published = push(folder)
    listed = HfApi().list_repo_files(NAME, revision=published.commit)
    assert sorted(listed) == sorted([".gitattributes", *NEEDED, CARD])


def test_the_processor_and_the_model_are_those_of_transformers_too(
    hub: LoopbackHub, folder: Path, model: EcgTextModel, processor: EcgTextProcessor
) -> None:
    commit = push(folder).commit
    again = EcgTextModel.from_pretrained(NAME, revision=commit)
    assert torch.equal(again.log_scale, model.log_scale)
    assert EcgTextProcessor.from_pretrained(NAME, revision=commit).preprocess == processor.preprocess
