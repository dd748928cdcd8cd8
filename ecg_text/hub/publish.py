"""A model sent to a hub: one commit in a private repository, looked at before and after.

The hub is that of huggingface_hub, or whatever HF_ENDPOINT names; the token is the one that `hf auth login` keeps, or
HF_TOKEN, and is told to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from ecg_text.errors import CheckpointError
from ecg_text.hub.parcel import PARTS, Parcel, SentFile
from ecg_text.hub.parts import CARD

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

_CHANGED, _EXISTS = 412, 409  # what the hub answers to a commit on an older head, and to a name that is taken


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A repository as it is before the push: its newest commit and files, or that it is yet to be made."""

    repository: str
    is_public: bool
    head: str | None = None
    names: tuple[str, ...] = ()

    @property
    def exists(self) -> bool:
        """Whether it is there already."""
        return self.head is not None

    def stale(self, parcel: Parcel) -> tuple[str, ...]:
        """Parts of an older model there that the new one does not have, and which must not be loaded with it."""
        sent = {file.name for file in parcel.files}
        return tuple(name for name in self.names if name in PARTS and name not in sent)


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a push came to: the commit that pins it, and whether the repository held the same files before."""

    repository: str
    commit: str
    is_unchanged: bool


def look_up(repository: str, *, public: bool = False, tag: str | None = None) -> Destination:
    """What is at the destination, by requests that change nothing.

    Raises CheckpointError for a name that is none, without a token, without a network, for a repository that is seen by
    others than was asked for, and for a tag that is there already.
    """
    if repository.count("/") != 1:
        raise CheckpointError(f"{repository} is no name of a repository; give org/name")
    if get_token() is None:
        raise CheckpointError(f"nobody is logged in at {constants.ENDPOINT}; log in first: hf auth login")
    with _told_in_one_line(repository):
        try:
            info = HfApi().model_info(repository)
        except RepositoryNotFoundError:
            return Destination(repository=repository, is_public=public)
        _check_visibility(info, public)
        if tag is not None and tag in {known.name for known in HfApi().list_repo_refs(repository).tags}:
            raise CheckpointError(
                f"{repository} has the tag {tag} already, and a tag stays where it is; choose another"
            )
        names = tuple(sibling.rfilename for sibling in info.siblings or ())
        return Destination(repository=repository, is_public=public, head=info.sha, names=names)


def publish(
    parcel: Parcel, destination: Destination, *, message: str | None = None, tag: str | None = None
) -> Published:
    """Send the files in one commit, in place of an older model's, and make sure that they are there.

    Raises CheckpointError where a file has changed since it was packed, and where the hub refuses, cannot be reached,
    or holds afterwards what was not sent.
    """
    hub, name = HfApi(), destination.repository
    with _told_in_one_line(name):
        added = _added(parcel)
        _check_card(parcel.folder / CARD)  # before the repository is made: a refused card leaves no empty one
        if not destination.exists:
            hub.create_repo(name, private=not destination.is_public)
        now = hub.model_info(name)
        _check_visibility(now, destination.is_public)
        made = hub.create_commit(
            name,
            operations=[
                *added,
                *(CommitOperationDelete(stale) for stale in destination.stale(parcel)),
            ],
            commit_message=message or parcel.title,
            parent_commit=destination.head or now.sha,
        )
        _check_arrival(parcel, hub.model_info(name, revision=made.oid, files_metadata=True).siblings or (), made.oid)
    if tag is not None:
        with _told_in_one_line(f"{name}@{made.oid} is there, without the tag {tag}"):
            hub.create_tag(name, tag=tag, revision=made.oid)
    return Published(repository=name, commit=made.oid, is_unchanged=made.oid == destination.head)


def _added(parcel: Parcel) -> list[CommitOperationAdd]:
    """The files as the client sends them. Raises CheckpointError where one is not what was looked at any more."""
    added = [CommitOperationAdd(file.name, parcel.folder / file.name) for file in parcel.files]
    for file, one in zip(parcel.files, added, strict=True):
        if one.upload_info.sha256.hex() != file.sha256:
            raise CheckpointError(f"{parcel.folder / file.name} has changed since it was looked at; push again")
    return added


def _check_visibility(info: ModelInfo, public: bool) -> None:
    if bool(info.private) == public:
        found, wanted = ("private", "public") if public else ("public", "private")
        do = "leave out --public" if public else "say so with --public"
        raise CheckpointError(
            f"{info.id} is there and {found}, not {wanted}, and a push does not change that; {do}, choose another "
            "name, or change it on the hub"
        )


def _check_card(card: Path) -> None:
    """Asks the hub whether it accepts the card's front matter."""
    asked = {"content": card.read_text(encoding="utf-8"), "repoType": constants.REPO_TYPE_MODEL}
    url = "/".join((constants.ENDPOINT, "api", "validate-yaml"))
    hf_raise_for_status(get_session().post(url, json=asked, headers=build_hf_headers()))


def _check_arrival(parcel: Parcel, siblings: Sequence[RepoSibling], commit: str) -> None:
    there = {sibling.rfilename: sibling for sibling in siblings}
    for file in parcel.files:
        if not (file.name in there and _is_same(file, there[file.name])):
            raise CheckpointError(f"the hub does not hold {file.name} of commit {commit} as it was sent; push again")


def _is_same(file: SentFile, there: RepoSibling) -> bool:
    """Whether a file on the hub is the one that was sent: by SHA-256 of a large one, by git's hash of another."""
    if there.lfs is not None:
        return (there.lfs.size, there.lfs.sha256) == (file.num_bytes, file.sha256)
    return there.blob_id == file.git_hash


@contextmanager
def _told_in_one_line(repository: str) -> Iterator[None]:
    """Makes a CheckpointError in one line, without the token, of what the hub's client raises."""
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise CheckpointError(f"{repository} cannot be reached: HF_HUB_OFFLINE is set; unset it to push") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        why = {
            _CHANGED: "somebody else has changed it meanwhile; look at it, and push again",
            _EXISTS: "somebody has made it meanwhile; look at it, and push again",
        }
        raise CheckpointError(f"{repository}: {why.get(status) or _reason(error)}") from error
    except HTTPError as error:
        raise CheckpointError(
            f"{repository}: the hub {constants.ENDPOINT} cannot be reached ({_reason(error)}); connect, and push again"
        ) from error
    except (HFValidationError, ValueError, RuntimeError, OSError) as error:
        # The client tells of a large file that did not arrive, and leaves why to the error behind.
        behind = f" ({_reason(error.__cause__)})" if isinstance(error.__cause__, HTTPError) else ""
        raise CheckpointError(f"{repository}: {_reason(error)}{behind}") from error


def _reason(error: Exception) -> str:
    """What went wrong, in one line and without the token."""
    server = getattr(error, "server_message", None)
    text = " ".join(str(server or error).split()) or type(error).__name__
    token = get_token()
    return text.replace(token, "(the token)") if token else text
