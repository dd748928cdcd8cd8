"""One damaged file: what lies in its folder, which of it is read, and what was done to it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Case:
    """Files by their names in one folder; entry is the one that is given to the reader ("" is the folder itself).

    links are symbolic links by name and target, pipes are named pipes, damage says what was done.
    """

    format: str
    files: dict[str, bytes]
    entry: str
    damage: str = "none"
    links: dict[str, str] = field(default_factory=dict)
    pipes: tuple[str, ...] = ()

    def lay_out(self, folder: Path) -> Path:
        """Writes everything into an empty folder and returns the path to be read."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name, target in self.links.items():
            (folder / name).symlink_to(target)
        for name in self.pipes:
            os.mkfifo(folder / name)
        return folder / self.entry if self.entry else folder
