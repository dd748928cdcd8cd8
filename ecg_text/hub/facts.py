"""What a checkpoint tells of its making, as plain JSON values that name nobody's disk."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# The folders of an absolute path, at the start of a word or behind "=" or a quote, up to its last part.
_FOLDERS = re.compile(r"""(?<![^\s="'(\[,])(?:~[\w.-]*|[A-Za-z]:)?[/\\]\S*[/\\](?=\S)""")
# The same inside quotes, as a command has a path with spaces ('--out=/home/jane doe/run'), option and quote kept.
_QUOTED = re.compile(r"""(?<!\w)(['"])([\w.-]+=)?(?:~[\w.-]*|[A-Za-z]:)?[/\\](?:(?!\1).)*[/\\](?=(?!\1).)""")


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of any depth as JSON has them: a path is its last part, a number that is not finite is None."""
    return {str(name): _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain_facts(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return value.name
    if hasattr(value, "tolist"):  # a number or an array of NumPy or torch
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    return _FOLDERS.sub("", _QUOTED.sub(r"\1\2", str(value)))
