"""The facts of results.json that no evaluation tells: licences, data, all tries, published figures, energy, errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar

from ecg_text.errors import CheckpointError

IN_DOMAIN, CROSS = "in-domain", "cross-data-set"

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
Built = TypeVar("Built")


@dataclass(frozen=True, kw_only=True)
class Licence:
    """The weights' licence: its identifier on the hub, its name and address where that is "other", and why this one."""

    id: str
    name: str = ""
    link: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set: source is its name in a store's catalogue, id that on the hub, use what it was used for."""

    source: str
    id: str
    name: str
    version: str
    licence: str
    link: str
    use: str
    citation: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table told as it is: its columns, its rows, and a sentence below."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A figure of another system, as a fraction, that stands beside ours of the same task, set, split and metric."""

    system: str
    task: str
    set: str
    split: str
    metric: str
    value: float
    setting: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Compute:
    """What the training took: on what, how many hours, how many watts were drawn, grams of CO2 per kWh there."""

    hardware: str
    hours: float
    watts: float | None = None
    grams_co2_per_kwh: float | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All of them; licence and datasets must be told, each section of the card appears where its facts do."""

    licence: Licence
    datasets: tuple[DataSet, ...]
    title: str = ""
    summary: str = ""
    developer: str = ""
    contact: str = ""
    languages: tuple[str, ...] = ("en",)
    base_model: str = ""
    intended_use: tuple[str, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    population: Table | None = None
    preprocessing: tuple[str, ...] = ()
    training: tuple[str, ...] = ()
    tries: Table | None = None
    protocol: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()
    errors: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    compute: Compute | None = None
    reproduce: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    citation: str = ""

    def data_set(self, source: str) -> DataSet:
        """The data set of this source. Raises CheckpointError where the facts do not tell of it."""
        for one in self.datasets:
            if one.source == source:
                return one
        raise CheckpointError(f"results.json has figures on {source!r}, but facts.datasets does not tell of it")


def facts_of(document: Mapping[str, Any]) -> Facts:
    """The facts from plain JSON values. Raises CheckpointError that names what is missing, unknown or impossible."""
    facts = _built(
        Facts,
        "facts",
        document,
        licence=lambda at, value: _built(Licence, at, value),
        datasets=_many(lambda at, value: _built(DataSet, at, value)),
        languages=_texts,
        intended_use=_texts,
        out_of_scope=_texts,
        population=_table,
        preprocessing=_texts,
        training=_texts,
        tries=_table,
        protocol=_texts,
        published=_many(_published),
        errors=_texts,
        limits=_texts,
        compute=lambda at, value: _built(Compute, at, value),
        reproduce=_texts,
        statements=_texts,
    )
    if not facts.datasets:
        raise CheckpointError("facts.datasets is empty; tell what the model learned from")
    if wrong := [one.id for one in facts.datasets if not _HUB_ID.fullmatch(one.id)]:
        raise CheckpointError(f"facts.datasets has the id {wrong[0]!r}; give one as the hub's are, such as org/name")
    if wrong := [one for one in facts.languages if not _LANGUAGE.fullmatch(one)]:
        raise CheckpointError(f"facts.languages has {wrong[0]!r}; give ISO 639 codes, such as en")
    if facts.licence.id == "other" and not (facts.licence.name and facts.licence.link):
        raise CheckpointError("facts.licence is other; give its name and its link")
    return facts


def _published(at: str, value: object) -> Published:
    one = _built(Published, at, value)
    if one.setting not in (IN_DOMAIN, CROSS):
        raise CheckpointError(f"{at}.setting is {one.setting!r}; say {IN_DOMAIN} or {CROSS}")
    return one


def _table(at: str, value: object) -> Table:
    table = _built(Table, at, value, columns=_texts, rows=_many(lambda at, row: tuple(_list(at, row))))
    for number, row in enumerate(table.rows, start=1):
        if len(row) != len(table.columns) or any(cell is None for cell in row):
            raise CheckpointError(f"{at}.rows: row {number} is not a value for each of {', '.join(table.columns)}")
    return table


def _built(kind: type[Built], at: str, value: object, **parts: Callable[[str, Any], Any]) -> Built:
    """A frozen dataclass from a JSON object that has all needed fields, no other, and none of another kind."""
    if not isinstance(value, Mapping):
        raise CheckpointError(f"{at} should be a JSON object and is {value!r}")
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(value.keys() - known.keys()):
        raise CheckpointError(f"{at} has {unknown[0]!r}, which no card tells; it may have {', '.join(known)}")
    for name, one in known.items():
        if one.default is MISSING and value.get(name) is None:
            raise CheckpointError(f"{at}.{name} is missing")
    given = {name: item for name, item in value.items() if item is not None}
    for name, item in given.items():
        wanted = str(known[name].type)
        if name not in parts and not (_is_number(item) if wanted.startswith("float") else isinstance(item, str)):
            raise CheckpointError(
                f"{at}.{name} is {item!r}; it should be a {'number' if 'float' in wanted else 'text'}"
            )
    return kind(**{name: parts[name](f"{at}.{name}", item) if name in parts else item for name, item in given.items()})


def _many(make: Callable[[str, Any], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    return lambda at, value: tuple(make(f"{at}[{number}]", item) for number, item in enumerate(_list(at, value)))


def _texts(at: str, value: object) -> tuple[str, ...]:
    if not all(isinstance(item, str) for item in _list(at, value)):
        raise CheckpointError(f"{at} should be a list of texts")
    return tuple(_list(at, value))


def _list(at: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise CheckpointError(f"{at} should be a list and is {value!r}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
