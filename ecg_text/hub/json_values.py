"""Values of a JSON file, read strictly: a CheckpointError names what is missing, unknown or of another kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from ecg_text.errors import CheckpointError

Built = TypeVar("Built")


def built(kind: type[Built], at: str, value: object, **parts: Callable[[str, Any], Any]) -> Built:
    """A frozen dataclass from a JSON object that has all needed fields, no other, and none of another kind.

    at is where in the file the object stands; parts make the fields that are neither texts nor numbers.
    """
    value = json_object(at, value)
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(value.keys() - known.keys()):
        raise CheckpointError(f"{at} has {unknown[0]!r}, which is not known; it may have {', '.join(known)}")
    for name, one in known.items():
        if one.default is MISSING and value.get(name) is None:
            raise CheckpointError(f"{at}.{name} is missing")
    given = {name: item for name, item in value.items() if item is not None}
    for name, item in given.items():
        wanted = str(known[name].type)
        if name not in parts and not (is_number(item) if wanted.startswith("float") else isinstance(item, str)):
            raise CheckpointError(
                f"{at}.{name} is {item!r}; it should be a {'number' if 'float' in wanted else 'text'}"
            )
    return kind(**{name: parts[name](f"{at}.{name}", item) if name in parts else item for name, item in given.items()})


def many(make: Callable[[str, Any], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    """What makes a tuple of a list, each item by make."""
    return lambda at, value: tuple(make(f"{at}[{number}]", item) for number, item in enumerate(listed(at, value)))


def texts(at: str, value: object) -> tuple[str, ...]:
    """A list of texts."""
    if not all(isinstance(item, str) for item in listed(at, value)):
        raise CheckpointError(f"{at} should be a list of texts")
    return tuple(listed(at, value))


def listed(at: str, value: object) -> list[Any]:
    """A list, of anything."""
    if not isinstance(value, list):
        raise CheckpointError(f"{at} should be a list and is {value!r}")
    return value


def json_object(at: str, value: object) -> dict[str, Any]:
    """A JSON object, of anything."""
    if not isinstance(value, Mapping):
        raise CheckpointError(f"{at} should be a JSON object and is {value!r}")
    return dict(value)


def is_number(value: object) -> bool:
    """Whether it is a finite number; JSON's true is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
