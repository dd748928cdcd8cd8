"""A model hub on this machine's loopback: as much of the hub's API as its own client speaks to push and to load models.

It knows one token and one organisation, keeps everything in memory, and writes down each request. Large files go the
way of git-lfs with one part ("basic"); the hub's other way (xet) it does not speak, HF_HUB_DISABLE_XET=1 keeps to this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.support.card_rules import errors_in
from tests.support.loopback_store import Blob, ChangedError, NoRevisionError, Repository

TOKEN = "hf_loopbacktokenthatnobodymaysee"
ORGANISATION = "org"
_NAME = r"(?P<name>[^/]+/[^/]+)"


@dataclass
class LoopbackHub:
    """The hub: its address, repositories, large files, the requests it saw, and answers that a test wants instead.

    Large files lie at an address of their own, as the hub's do, where nobody needs a token.
    """

    url: str = ""
    storage_url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    instead: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    @property
    def writes(self) -> list[str]:
        """The requests that change something, or send a file or a card."""
        return [request for request in self.requests if request.split()[0] not in ("GET", "HEAD")]

    def add(self, repository: Repository) -> None:
        """One more repository."""
        self.repositories[repository.name] = repository

    def environment(self, home: Path) -> dict[str, str]:
        """What a user sets to work with this hub and no other, with a cache of their own."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_TOKEN": TOKEN,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }


@contextmanager
def loopback_hub() -> Iterator[LoopbackHub]:
    """A hub that is there within the block."""
    hub = LoopbackHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url, hub.storage_url = (f"http://{host}:{server.server_port}" for host in ("127.0.0.1", "localhost"))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _RefusedError(Exception):
    """An answer that is an error, with the hub's own code for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class _Handler(BaseHTTPRequestHandler):
    """One connection. Each path of the API has its method below, by the table at the end."""

    hub: LoopbackHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing: hub.requests has it."""

    def answer(self) -> None:
        path = urlsplit(self.path).path
        body = self._body()
        told = f"{self.command} {path}"
        self.hub.requests.append(told)
        if path.startswith("/storage/") and "authorization" in self.headers:
            self.hub.requests.append(f"TOKEN SENT TO {path}")
        try:
            for start, (status, answer) in self.hub.instead.items():
                if told.startswith(start):
                    self._send(status, json.dumps(answer).encode())
                    return
            for method, pattern, action in _ROUTES:
                found = re.fullmatch(pattern, path)
                if found and self.command in method:
                    with self.hub.lock:
                        action(self, body, **{name: unquote(value) for name, value in found.groupdict().items()})
                    return
            raise _RefusedError(404, "", f"this hub knows no {told}")
        except _RefusedError as refused:
            headers = {"X-Error-Message": str(refused), **({"X-Error-Code": refused.code} if refused.code else {})}
            self._send(refused.status, json.dumps({"error": str(refused)}).encode(), headers)

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server calls

    def create(self, body: bytes) -> None:
        self._require_token()
        told = json.loads(body)
        name = f"{told['organization']}/{told['name']}"
        if told["organization"] != ORGANISATION:
            raise _RefusedError(403, "", f"You don't have the rights to create a model under {told['organization']}")
        if name in self.hub.repositories:
            raise _RefusedError(409, "", "You already created this model repo")
        self.hub.add(Repository(name, is_private=told.get("visibility") == "private"))
        self._tell({"url": f"{self.hub.url}/{name}", "name": name})

    def who(self, body: bytes) -> None:
        self._require_token()
        self._tell({"type": "user", "name": "somebody", "orgs": [{"name": ORGANISATION}]})

    def check_card(self, body: bytes) -> None:
        errors = [{"message": message} for message in errors_in(json.loads(body)["content"])]
        self._tell({"errors": errors, "warnings": []}, 400 if errors else 200)

    def info(self, body: bytes, name: str, revision: str = "main") -> None:
        repository = self._repository(name)
        commit = self._commit(repository, revision)
        siblings = [{"rfilename": path, **_sizes(blob)} for path, blob in sorted(commit.files.items())]
        about = {"id": name, "modelId": name, "private": repository.is_private, "sha": commit.oid}
        self._tell({**about, "siblings": siblings, "tags": []})

    def tree(self, body: bytes, name: str, revision: str) -> None:
        commit = self._commit(self._repository(name), revision)
        self._tell(
            [
                {"type": "file", "path": path, "oid": blob.oid, **_sizes(blob)}
                for path, blob in sorted(commit.files.items())
            ]
        )

    def refs(self, body: bytes, name: str) -> None:
        repository = self._repository(name)
        tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid} for tag, oid in repository.tags.items()]
        branches = [{"name": "main", "ref": "refs/heads/main", "targetCommit": repository.head.oid}]
        self._tell({"branches": branches, "tags": tags, "converts": []})

    def commits(self, body: bytes, name: str, revision: str) -> None:
        told = {"authors": [], "date": "2024-01-01T00:00:00.000Z", "message": ""}
        listed = reversed(self._repository(name).commits)
        self._tell([{"id": commit.oid, "title": commit.title, **told} for commit in listed])

    def ask_modes(self, body: bytes, name: str, revision: str) -> None:
        self._require_token()
        kept = self._commit(self._repository(name), revision).files
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(".safetensors") else "regular",
                "shouldIgnore": False,
                **({"oid": kept[file["path"]].etag} if file["path"] in kept else {}),
            }
            for file in json.loads(body)["files"]
        ]
        self._tell({"files": files})

    def batch(self, body: bytes, name: str) -> None:
        self._require_token()
        objects = []
        for wanted in json.loads(body)["objects"]:
            answer = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.hub.large:
                verify = f"{self.hub.url}/{name}.git/info/lfs/objects/verify"
                answer["actions"] = {
                    "upload": {"href": f"{self.hub.storage_url}/storage/{wanted['oid']}"},
                    "verify": {"href": verify, "header": {}},
                }
            objects.append(answer)
        self._tell({"transfer": "basic", "objects": objects})

    def store(self, body: bytes, oid: str) -> None:
        self.hub.large[oid] = body
        self._send(200, b"")

    def fetch(self, body: bytes, oid: str) -> None:
        self._send(200, self.hub.large[oid], {"ETag": f'"{oid}"'})

    def verify(self, body: bytes, name: str) -> None:
        told = json.loads(body)
        content = self.hub.large.get(told["oid"], b"")
        if sha256(content).hexdigest() != told["oid"] or len(content) != told["size"]:
            raise _RefusedError(422, "", "the object is not what was announced")
        self._tell({"success": True})

    def commit(self, body: bytes, name: str, revision: str) -> None:
        self._require_token()
        repository = self._repository(name)
        if revision != "main":
            raise _RefusedError(404, "RevisionNotFound", f"this hub has no branch {revision}")
        try:
            made = repository.commit(body.splitlines(), self.hub.large)
        except ChangedError as error:
            raise _RefusedError(412, "", str(error)) from error
        self._tell({"success": True, "commitOid": made.oid, "commitUrl": f"{self.hub.url}/{name}/commit/{made.oid}"})

    def tag(self, body: bytes, name: str, revision: str) -> None:
        self._require_token()
        repository, wanted = self._repository(name), json.loads(body)["tag"]
        if wanted in repository.tags:
            raise _RefusedError(409, "", f"Tag {wanted} already exists")
        repository.tags[wanted] = self._commit(repository, revision).oid
        self._tell({"success": True})

    def resolve(self, body: bytes, name: str, revision: str, path: str) -> None:
        commit = self._commit(self._repository(name), revision)
        blob = commit.files.get(path)
        if blob is None:
            raise _RefusedError(404, "EntryNotFound", "Entry not found")
        told = {"X-Repo-Commit": commit.oid}
        if blob.is_large:
            linked = {"X-Linked-Size": str(len(blob.content)), "X-Linked-ETag": f'"{blob.etag}"'}
            self._send(302, b"", told | linked | {"Location": f"{self.hub.storage_url}/storage/{blob.sha256}"})
        else:
            self._send(200, blob.content, told | {"ETag": f'"{blob.etag}"'})

    def _repository(self, name: str) -> Repository:
        repository = self.hub.repositories.get(name)
        if repository is None or (repository.is_private and not self._has_token):
            raise _RefusedError(404 if self._has_token else 401, "RepoNotFound", "Repository not found")
        return repository

    def _commit(self, repository: Repository, revision: str) -> Any:
        try:
            return repository.at(revision)
        except NoRevisionError:
            raise _RefusedError(404, "RevisionNotFound", f"Invalid rev id: {revision}") from None

    @property
    def _has_token(self) -> bool:
        return self.headers.get("authorization") == f"Bearer {TOKEN}"

    def _require_token(self) -> None:
        if not self._has_token:
            raise _RefusedError(401, "", "Invalid credentials in Authorization header")

    def _tell(self, answer: Any, status: int = 200) -> None:
        self._send(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


def _sizes(blob: Blob) -> dict[str, Any]:
    large = {"size": len(blob.content), "sha256": blob.sha256, "oid": blob.sha256, "pointerSize": len(blob.pointer)}
    return {"size": len(blob.content), "blobId": blob.oid, **({"lfs": large} if blob.is_large else {})}


_ROUTES = (
    (("POST",), "/api/repos/create", _Handler.create),
    (("GET",), "/api/whoami-v2", _Handler.who),
    (("POST",), "/api/validate-yaml", _Handler.check_card),
    (("GET",), f"/api/models/{_NAME}", _Handler.info),
    (("GET",), f"/api/models/{_NAME}/revision/(?P<revision>[^/]+)", _Handler.info),
    (("GET",), f"/api/models/{_NAME}/tree/(?P<revision>[^/]+)", _Handler.tree),
    (("GET",), f"/api/models/{_NAME}/refs", _Handler.refs),
    (("GET",), f"/api/models/{_NAME}/commits/(?P<revision>[^/]+)", _Handler.commits),
    (("POST",), f"/api/models/{_NAME}/preupload/(?P<revision>[^/]+)", _Handler.ask_modes),
    (("POST",), f"/api/models/{_NAME}/commit/(?P<revision>[^/]+)", _Handler.commit),
    (("POST",), f"/api/models/{_NAME}/tag/(?P<revision>[^/]+)", _Handler.tag),
    (("POST",), f"/{_NAME}\\.git/info/lfs/objects/batch", _Handler.batch),
    (("POST",), f"/{_NAME}\\.git/info/lfs/objects/verify", _Handler.verify),
    (("PUT",), "/storage/(?P<oid>[0-9a-f]{64})", _Handler.store),
    (("GET", "HEAD"), "/storage/(?P<oid>[0-9a-f]{64})", _Handler.fetch),
    (("GET", "HEAD"), f"/{_NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", _Handler.resolve),
)
