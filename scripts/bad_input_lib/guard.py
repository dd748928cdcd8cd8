"""What a reader may not do: audit hooks note every write outside the temporary folder, every connection and program."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from pathlib import Path
from typing import Any

CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Where an event of Python's audit table tells what is changed, and the open folder that this is relative to.
_CHANGES: dict[str, tuple[int, int | None]] = {
    "os.mkdir": (0, 2), "os.rename": (1, 3), "os.remove": (0, 1), "os.rmdir": (0, 1), "os.link": (1, 3),
    "os.symlink": (1, 2), "os.truncate": (0, None), "os.chmod": (0, 2), "os.chown": (0, 3), "os.utime": (0, 3),
    "os.setxattr": (0, None), "shutil.copyfile": (1, None), "shutil.move": (1, None),
    "shutil.unpack_archive": (1, None),
}  # fmt: skip
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "ctypes.dlopen"}
_NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request",
            "ftplib.connect", "http.client.connect"}  # fmt: skip
# Importing a library compiles, writes byte code and loads shared objects; all are imported before the watch begins.
_HARMLESS = ("/dev/null", "/proc/")


class Watch:
    """Notes what is done while it is on. It cannot be taken out of the process again: it lives as long as that."""

    def __init__(self, allowed: Path) -> None:
        self.is_on = False
        self.writes: list[str] = []
        self.network: list[str] = []
        self._allowed = (str(allowed.resolve()) + os.sep, str(allowed) + os.sep)
        sys.addaudithook(self._hear)

    def start(self) -> None:
        """Forgets what it knows and begins."""
        self.writes, self.network, self.is_on = [], [], True

    def stop(self) -> None:
        """Ends."""
        self.is_on = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event == "open":
            path, mode, flags = arguments
            if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITING):
                self._wrote(event, path, -1)
        elif event in _CHANGES:
            at, folder_at = _CHANGES[event]
            self._wrote(event, arguments[at], arguments[folder_at] if folder_at is not None else -1)
        elif event in _PROGRAMS:
            self.writes.append(f"{event} {arguments[:1]!r}"[:200])
        elif event in _NETWORK:
            self.network.append(f"{event} {arguments[1:]!r}"[:200])

    def _wrote(self, event: str, path: Any, folder: int) -> None:
        """Notes a change of a path, relative to an open folder where that is not -1."""
        if isinstance(path, int):  # a descriptor, which was opened under the watch or before it
            return
        beside = str(Path(f"/proc/self/fd/{folder}").readlink()) if folder >= 0 else ""
        name = os.path.abspath(os.path.join(beside, os.fsdecode(path)))  # noqa: PTH100, PTH118 (links are not followed)
        if not (name + os.sep).startswith((*self._allowed, *_HARMLESS)):
            self.writes.append(f"{event} {name}"[:200])


def leave_the_network() -> bool:
    """Takes this process into a network of its own, which has no way out, and breaks its sockets; whether both worked.

    Without the right to a network of its own (it is Linux's), only Python's sockets are broken.
    """

    def refuse(self: socket.socket, address: Any) -> None:
        sys.audit("socket.connect", self, address)
        raise OSError(f"there is no network here, but something connects to {address!r}")

    socket.socket.connect = socket.socket.connect_ex = refuse  # type: ignore[method-assign,assignment]
    unshare = getattr(ctypes.CDLL(None), "unshare", None)
    if unshare is None:
        return False
    return bool(unshare(CLONE_NEWNET) == 0 or unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
