"""A Run as plain JSON values and back, strictly, and changed from the command line: a.b=c."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from ecg_text.errors import ConfigError

C = TypeVar("C")


def to_plain(item: Any) -> Any:
    """A dataclass tree as dicts, lists and numbers."""
    if is_dataclass(item):
        return {field.name: to_plain(getattr(item, field.name)) for field in fields(item)}
    if isinstance(item, tuple | list):
        return [to_plain(part) for part in item]
    return item


def from_plain(cls: type[C], table: Mapping[str, Any], where: str = "") -> C:
    """The dataclass tree of plain values. Raises ConfigError for an unknown name or a value of another type."""
    hints = get_type_hints(cls)
    known = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    if unknown := sorted(set(table) - set(known)):
        raise ConfigError(f"{where or cls.__name__} has no option {unknown[0]!r}; it has {', '.join(known)}")
    return cls(**{name: _value(hints[name], value, f"{where}.{name}".lstrip(".")) for name, value in table.items()})


def override(item: C, settings: Sequence[str]) -> C:
    """The same tree with settings such as "training.steps=200" applied; a value is JSON, or else a word."""
    table = to_plain(item)
    for setting in settings:
        path, separator, text = setting.partition("=")
        if not separator or not path:
            raise ConfigError(f"--set {setting!r} is no setting; write name=value, such as training.steps=200")
        *parents, name = path.strip().split(".")
        place = table
        for parent in parents:
            place = _inner(place, parent, path)
        if name not in place:
            meant = [found for found in _names(table) if found.split(".")[-1] == name]
            advice = f"is it {' or '.join(meant)}?" if meant else f"there are {', '.join(place)}"
            raise ConfigError(f"--set {path}: there is no {name!r}; {advice}")
        place[name] = _parsed(text)
    return from_plain(type(item), table)


def _names(table: Mapping[str, Any], group: str = "") -> Iterator[str]:
    """The dotted names of all settings."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _names(value, f"{group}{name}.")
        else:
            yield f"{group}{name}"


def _inner(place: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    inner = place.get(name)
    if not isinstance(inner, dict):
        groups = [key for key, value in place.items() if isinstance(value, dict)]
        raise ConfigError(f"--set {path}: there is no group {name!r}; there are {', '.join(groups) or 'none'}")
    return inner


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _value(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} is {value!r}; give a group of settings")
        return from_plain(hint, value, where)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if value is None else _value(next(part for part in inner if part is not NoneType), value, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where} is {value!r}; give a list, such as [1, 2]")
        kinds = [inner[0]] * len(value) if inner[-1] is ... else list(inner)
        if len(kinds) != len(value):
            raise ConfigError(f"{where} has {len(value)} values; give {len(kinds)}")
        return tuple(_value(kind, part, where) for kind, part in zip(kinds, value, strict=True))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where} is {value!r}; give a value of type {hint.__name__}")
    return value
