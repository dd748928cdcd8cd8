"""The file with the user's key, which turns patients' ids into hashes: made once, kept apart from every store."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from ecg_text.errors import ConfigError

KEY_BYTES = 32
_FOR_ITS_OWNER = 0o600


def read_key(path: Path) -> bytes:
    """The 32 bytes of a key file, which are written as 64 hexadecimal digits.

    Raises ConfigError where the file is no key, or others than its owner may read it.
    """
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(f"{path} can be read by others than its owner; close it with: chmod 600 {path}")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{path} is no key file ({2 * KEY_BYTES} hexadecimal digits); name a new file to make one")
    return key


def make_key(path: Path) -> bytes:
    """A fresh random key, written for its owner alone. Raises FileExistsError rather than replace a key."""
    key = secrets.token_bytes(KEY_BYTES)
    # Written in place, not renamed to it: a rename would replace a key that another process has just made.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_ITS_OWNER)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key
