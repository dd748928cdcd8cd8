"""A folder that is replaced all at once, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside the wanted one, which takes its place when the block ends well and is removed when not.

    What a killed process left behind is removed by the next one.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    fresh = _beside(folder, "partial", os.getpid())
    fresh.mkdir()
    try:
        yield fresh
        _take_place(fresh, folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _take_place(fresh: Path, folder: Path) -> None:
    old = _beside(folder, "old", os.getpid())
    had_one = folder.exists()
    if had_one:
        os.replace(folder, old)
    try:
        os.replace(fresh, folder)
    except BaseException:
        if had_one:
            os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(folder: Path, kind: str, process: int) -> Path:
    return folder.with_name(f".{folder.name}.{kind}-{process}")


def _remove_leftovers(folder: Path) -> None:
    for kind in ("partial", "old"):
        for path in folder.parent.glob(f".{folder.name}.{kind}-*"):
            process = path.name.rpartition("-")[2]
            if not process.isdigit() or _is_alive(int(process)):
                continue
            if kind == "old" and not folder.exists():
                os.replace(path, folder)  # the process died between its two renames
            shutil.rmtree(path, ignore_errors=True)


def _is_alive(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
