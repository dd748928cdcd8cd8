"""What a model hub keeps: repositories of commits, each a set of files, and large files by their SHA-256."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256


@dataclass(frozen=True)
class Blob:
    """A file: a large one is kept apart, and stands in a commit as a pointer (git-lfs, the pointer's specification)."""

    content: bytes
    is_large: bool = False

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        told = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n"
        return told.encode()

    @property
    def oid(self) -> str:
        """Git's hash of what the commit holds."""
        kept = self.pointer if self.is_large else self.content
        return sha1(b"blob %d\0" % len(kept) + kept).hexdigest()

    @property
    def etag(self) -> str:
        """What tells a client whether it has the file already: git's hash, or the SHA-256 of a large one."""
        return self.sha256 if self.is_large else self.oid


@dataclass(frozen=True)
class Commit:
    """Files by path, what was said of them, and the commit before."""

    parent: str
    title: str
    files: Mapping[str, Blob]

    @property
    def oid(self) -> str:
        told = json.dumps([self.parent, self.title, sorted((path, blob.oid) for path, blob in self.files.items())])
        return sha1(told.encode()).hexdigest()


class NoRevisionError(KeyError):
    """A repository has no such commit, branch or tag."""


class ChangedError(ValueError):
    """A commit was made for an older newest commit."""


@dataclass
class Repository:
    """A name, who may see it, its commits from the first on, and its tags; born with one commit, as on the hub."""

    name: str
    is_private: bool
    commits: list[Commit] = field(default_factory=lambda: [Commit("", "initial commit", {".gitattributes": LARGE})])
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def at(self, revision: str) -> Commit:
        """The commit of a hash, a tag, or the branch main. Raises NoRevisionError."""
        if revision == "main":
            return self.head
        wanted = self.tags.get(revision, revision)
        for commit in self.commits:
            if commit.oid == wanted:
                return commit
        raise NoRevisionError(revision)

    def commit(self, lines: Iterable[bytes], large: Mapping[str, bytes]) -> Commit:
        """One more commit from the lines of a request: a header, then files, large files by their hash, deletions.

        Raises ChangedError where it was made for another commit than the newest.
        """
        files, title = dict(self.head.files), ""
        for line in lines:
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                title = value["summary"]
                if value.get("parentCommit", self.head.oid) != self.head.oid:
                    raise ChangedError("A commit has happened since. Please refresh and try again.")
            elif entry["key"] == "file":
                files[value["path"]] = Blob(b64decode(value["content"]))
            elif entry["key"] == "lfsFile":
                files[value["path"]] = Blob(large[value["oid"]], is_large=True)
            elif entry["key"] == "deletedFile":
                del files[value["path"]]
            else:
                raise ValueError(f"this hub knows no {entry['key']}")
        self.commits.append(Commit(self.head.oid, title, files))
        return self.head


LARGE = Blob(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
