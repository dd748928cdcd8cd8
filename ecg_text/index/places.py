"""Where files lie, as an index remembers it: from anywhere on this machine, and without a person's name."""

from __future__ import annotations

from pathlib import Path


def place_of(path: Path) -> str:
    """An absolute path with ~ in place of the user's own folder, whose name is often a person's."""
    path, home = path.expanduser().resolve(), Path.home()
    return Path("~", path.relative_to(home)).as_posix() if path.is_relative_to(home) else str(path)
