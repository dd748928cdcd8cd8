"""What the demo's page tells: rows of a table, cases, searches, a curve, and where it all comes from."""

from __future__ import annotations

from dataclasses import dataclass

from ecg_text.record import Record


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A label's zero-shot AUROC with its 95 % interval, its positive records, and the AUROC of two other models.

    They are a random encoder, and the reference model that ships with the package.
    """

    label: str
    auroc: float
    low: float
    high: float
    support: int
    random: float
    reference: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One record, the similarity of each label to it, and what is known to be true of it."""

    record: Record
    similarities: tuple[tuple[str, float], ...]
    truth: tuple[str, ...]
    report: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchHit:
    """A record that a search found, and whether what was asked for is true of it."""

    record: Record
    similarity: float
    report: str
    is_relevant: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Search:
    """A sentence that was asked of an archive, the best hits first; base_rate is the share of relevant records."""

    query: str
    hits: tuple[SearchHit, ...]
    base_rate: float


@dataclass(frozen=True, kw_only=True, eq=False)
class DemoPage:
    """Everything that the page shows; an empty part is left out of it."""

    title: str
    summary: str
    overall: TableRow | None = None
    rows: tuple[TableRow, ...] = ()
    cases: tuple[Case, ...] = ()
    searches: tuple[Search, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()
