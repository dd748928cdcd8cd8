"""The facts of results.json that no evaluation tells: licences, data, all tries, published figures, energy, errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecg_text.errors import CheckpointError
from ecg_text.hub.json_values import built, listed, many, texts

IN_DOMAIN, CROSS = "in-domain", "cross-data-set"

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, kw_only=True)
class Licence:
    """The weights' licence: its identifier on the hub, its name and address where that is "other", and why this one."""

    id: str
    name: str = ""
    link: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set: source is its name in a store's catalogue, id that on the hub, use what it was used for.

    labels says who made its labels, of what, and who looked at them again.
    """

    source: str
    id: str
    name: str
    version: str
    licence: str
    link: str
    use: str
    labels: str = ""
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

    @property
    def kwh(self) -> float | None:
        """The energy that was drawn, None where that is not known."""
        return None if self.watts is None else self.watts * self.hours / 1000

    @property
    def kg_co2(self) -> float | None:
        """What it emitted, None where that is not known."""
        if self.kwh is None or self.grams_co2_per_kwh is None:
            return None
        return self.kwh * self.grams_co2_per_kwh / 1000


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All of them; licence and datasets must be told, each section of the card appears where its facts do.

    released is a year: a finer date looks like that of a patient to the scan before a push (text/identifiers.py).
    """

    licence: Licence
    datasets: tuple[DataSet, ...]
    title: str = ""
    summary: str = ""
    version: str = ""
    released: str = ""
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
    facts = built(
        Facts,
        "facts",
        document,
        licence=lambda at, value: built(Licence, at, value),
        datasets=many(lambda at, value: built(DataSet, at, value)),
        languages=texts,
        intended_use=texts,
        out_of_scope=texts,
        population=_table,
        preprocessing=texts,
        training=texts,
        tries=_table,
        protocol=texts,
        published=many(_published),
        errors=texts,
        limits=texts,
        compute=lambda at, value: built(Compute, at, value),
        reproduce=texts,
        statements=texts,
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
    one = built(Published, at, value)
    if one.setting not in (IN_DOMAIN, CROSS):
        raise CheckpointError(f"{at}.setting is {one.setting!r}; say {IN_DOMAIN} or {CROSS}")
    return one


def _table(at: str, value: object) -> Table:
    table = built(Table, at, value, columns=texts, rows=many(lambda at, row: tuple(listed(at, row))))
    for number, row in enumerate(table.rows, start=1):
        if len(row) != len(table.columns) or any(cell is None for cell in row):
            raise CheckpointError(f"{at}.rows: row {number} is not a value for each of {', '.join(table.columns)}")
    return table
