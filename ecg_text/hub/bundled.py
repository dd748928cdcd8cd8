"""The models that ship with the package: whole checkpoint folders that load by a bare name, with no network."""

from __future__ import annotations

from pathlib import Path

REFERENCE = "reference"

_SHELF = Path(__file__).parents[1] / "bundled"


def bundled_names() -> tuple[str, ...]:
    """The names of the models that ship with the package."""
    return tuple(sorted(path.name for path in _SHELF.iterdir() if path.is_dir()))


def bundled_folder(name: str) -> Path | None:
    """The folder of the model that ships under this name, None where none does.

    The name wins over a folder of the same name in the working directory, which would otherwise change every answer
    without a word; that folder is asked for as ./name.
    """
    return _SHELF / name if name in bundled_names() else None
