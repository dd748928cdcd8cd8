"""The demonstration's folder: its parts by name, a mark that it is one, and never anything of somebody else's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ecg_text.errors import DataError
from ecg_text.evaluation.tasks import Fact

MARK, FORMAT = "demo.json", "ecg_text.demo/1"
RECORDS, STORE, RUN, INDEX, RESULT, PAGE = "records", "store", "run", "index", "zero_shot.json", "index.html"
PARTS = frozenset((MARK, RECORDS, STORE, f"{STORE}.skipped.csv", RUN, INDEX, RESULT, PAGE))


@contextmanager
def demo_folder(folder: Path, facts: Mapping[str, Fact]) -> Iterator[Path]:
    """The folder with nothing in it but its mark; what the block made is removed where it does not end well.

    Raises DataError where the folder holds anything that no demonstration made.
    """
    refuse_foreign(folder)
    _clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(json.dumps({"format": FORMAT, **facts}, indent=2) + "\n", encoding="utf-8")
    try:
        yield folder
    except BaseException:
        _clear(folder)
        raise


def refuse_foreign(folder: Path) -> None:
    """Raises DataError where a folder holds anything that no demonstration made."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file; name another folder with --out")
    names = sorted(path.name for path in folder.iterdir())
    strange = [name for name in names if not _is_part(name)]
    if names and (strange or not _is_marked(folder)):
        told = ", ".join((strange or names)[:3])
        raise DataError(f"{folder} holds what no demo made ({told}); move it, or name another folder with --out")


def _is_part(name: str) -> bool:
    # ".store.partial-17" and its like are what a killed demonstration was about to write.
    return name in PARTS or name.startswith(tuple(f".{part}." for part in PARTS))


def _is_marked(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / MARK).read_text(encoding="utf-8")).get("format") == FORMAT)
    except (OSError, ValueError, AttributeError):
        return False


def _clear(folder: Path) -> None:
    """Remove the parts of a demonstration, its mark last, and the folder itself where it is empty then."""
    if not folder.is_dir():
        return
    parts = [path for path in folder.iterdir() if _is_part(path.name)]
    for path in sorted(parts, key=lambda path: path.name == MARK):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    with suppress(OSError):  # a mount point stays, and a folder into which somebody else has put something
        folder.rmdir()
