"""Where a model's folder is: shipped with the package, on this disk, or fetched from a model hub at a revision."""

from __future__ import annotations

import re
from pathlib import Path

from ecg_text.errors import CheckpointError
from ecg_text.hub.bundled import bundled_folder, bundled_names

# Only what a checkpoint is made of: no pickles, no code.
WANTED = ["*.json", "*.safetensors", "*.txt", "*.md", "*.toml"]

# Where the hub's client keeps one commit of a repository; no name holds "--".
_KEPT = re.compile(r"models--(.+)--(.+)/snapshots/([0-9a-f]{40})")


def fetch_folder(name: str, revision: str | None = None) -> Path:
    """The local folder of a checkpoint: a bundled one, the folder itself, or a download of "org/name[@revision]".

    Raises CheckpointError, in one line, where there is no such folder and no such name, or the hub cannot be reached.
    """
    if shipped := bundled_folder(name):
        if revision is not None:
            raise CheckpointError(
                f"{name} ships with this version of ecg_text and has no revision {revision!r}; leave the revision out"
            )
        return shipped
    folder = Path(name).expanduser()
    if folder.is_dir():
        if revision is not None:
            raise CheckpointError(f"{name} is a folder and has no revision {revision!r}; leave the revision out")
        return folder
    if folder.exists():
        raise CheckpointError(f"{name} is a file; give the checkpoint folder that it is in, or a hub name")
    repository, at, tag = name.partition("@")
    if repository.count("/") != 1 or repository.startswith((".", "/", "~")) or (at and not tag):
        shipped_names = " or ".join(bundled_names())
        raise CheckpointError(
            f"there is no folder {name}; give a checkpoint folder, a hub name org/name[@revision], or {shipped_names}"
        )
    if tag and revision is not None and tag != revision:
        raise CheckpointError(f"{name} asks for revision {tag!r}, and {revision!r} is asked for too; give one of them")
    return _download(repository, revision or tag or None)


def origin_of(folder: Path) -> str:
    """The hub name and commit, org/name@commit, of a folder that was fetched from a hub; nothing for another."""
    found = _KEPT.fullmatch("/".join(folder.parts[-3:]))
    return f"{found[1]}/{found[2]}@{found[3]}" if found else ""


def _download(repository: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        HTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    at = f"{repository}@{revision}" if revision else repository
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=WANTED))
    except LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"{at} is neither a folder nor a model on this disk, and the hub cannot be reached; connect once, "
            "or give a checkpoint folder"
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(
            f"{at} is neither a folder nor a model that the hub shows you; look at the name, or log in: hf auth login"
        ) from error
    except RevisionNotFoundError as error:
        raise CheckpointError(
            f"{repository} has no revision {revision!r}; look at its commits, tags and branches"
        ) from error
    except (HfHubHTTPError, HFValidationError, HTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(f"{at} cannot be had from the hub: {reason}") from error
