"""What lies at a path, answered for every name: one that the system refuses, or cannot hold, is the name of nothing."""

from __future__ import annotations

import stat
from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether an ordinary file lies there."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Whether a folder lies there."""
    return stat.S_ISDIR(_mode(path))


def is_anything(path: Path) -> bool:
    """Whether anything lies there: also a pipe, a socket or a device."""
    return _mode(path) != 0


def at_home(path: str | Path) -> Path:
    """The path, with ~ replaced by the user's home where there is such a user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # too long, a zero byte in it, not there, not to be looked at
        return 0
