"""Figures of other systems, from the packaged table: they stand in a column of their own, never in one with ours.

Each row says where it was published and how it was come by; a figure that nobody has checked says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from importlib import resources

from ecg_text.errors import CheckpointError
from ecg_text.hub.card_facts import CROSS, IN_DOMAIN, Published

TABLE = "published.tsv"
# Whose test split the figures are of.
SOURCE = "ptbxl"


def published_figures() -> tuple[Published, ...]:
    """Every row of the packaged table."""
    return parse_figures((resources.files("ecg_text.hub") / TABLE).read_text(encoding="utf-8").splitlines())


def parse_figures(lines: Iterable[str]) -> tuple[Published, ...]:
    """Figures from lines of columns between tabs, in the order of the fields of Published; "#" begins a remark.

    Raises CheckpointError for a line of other columns, a value that is no fraction, or a setting that is none.
    """
    names = [field.name for field in fields(Published)]
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) != len(names):
                raise CheckpointError(f"{TABLE}, line {number} has {len(cells)} columns; give {', '.join(names)}")
            found.append(_figure(number, dict(zip(names, cells, strict=True))))
    return tuple(found)


def _figure(number: int, cells: dict[str, str]) -> Published:
    try:
        value = float(cells.pop("value"))
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1 or cells["setting"] not in (IN_DOMAIN, CROSS) or not cells["source"]:
        raise CheckpointError(f"{TABLE}, line {number}: give a value from 0 to 1, {IN_DOMAIN} or {CROSS}, and a source")
    return Published(
        system=cells["system"],
        task=cells["task"],
        set=cells["set"],
        split=cells["split"],
        metric=cells["metric"],
        value=value,
        setting=cells["setting"],
        source=cells["source"],
    )
