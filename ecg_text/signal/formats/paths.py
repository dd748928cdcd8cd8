"""What lies at a path, answered for every name: one that the system refuses, or cannot hold, is the name of nothing."""

from __future__ import annotations

import stat
from pathlib import Path

from ecg_text.signal.formats.guard import told_error


def is_file(path: Path) -> bool:
    """Whether an ordinary file lies there."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Whether a folder lies there."""
    return stat.S_ISDIR(_mode(path))


def is_anything(path: Path) -> bool:
    """Whether anything lies there: also a pipe, a socket or a device."""
    return _mode(path) != 0


def cannot_be_read(path: Path, error: OSError) -> str:
    """Why a file cannot be opened, and what to do, in one line."""
    reason = told_error(error)
    if isinstance(error, PermissionError):
        return f"{path}: the file cannot be read ({reason}); check its permissions"
    if isinstance(error, FileNotFoundError):
        return f"{path}: there is no such file any more; check the path"
    return f"{path}: the file cannot be read ({reason}); copy it anew"


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
