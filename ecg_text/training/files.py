"""Files and folders that are either whole or not there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_TEMPORARY = ".writing"
_REPLACED = ".replaced"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A temporary folder to write into; at the end of the block it becomes `target`, or vanishes on an error."""
    temporary = target.with_name(target.name + _TEMPORARY)
    replaced = target.with_name(target.name + _REPLACED)
    clear_leftovers(target)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _flush_to_disk(file)
        # A folder with files cannot be replaced in one move, so the old one steps aside first.
        if target.exists():
            os.replace(target, replaced)
        os.replace(temporary, target)
        _flush_to_disk(target.parent)
    finally:
        clear_leftovers(target)


def clear_leftovers(target: Path) -> None:
    """After a crash in new_folder: puts back a folder that had stepped aside, and removes what was half-written."""
    replaced = target.with_name(target.name + _REPLACED)
    if replaced.exists() and not target.exists():
        os.replace(replaced, target)
    for leftover in (target.with_name(target.name + _TEMPORARY), replaced):
        shutil.rmtree(leftover, ignore_errors=True)


def whole_name(name: str) -> str:
    """The name that something half-written, or stepped aside, has when it is whole."""
    return name.removesuffix(_TEMPORARY).removesuffix(_REPLACED)


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Writes one JSON object under a temporary name, then renames it."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Writes a text file under a temporary name, then renames it."""
    temporary = path.with_name(path.name + _TEMPORARY)
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
