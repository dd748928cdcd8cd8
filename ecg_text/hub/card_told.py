"""What a model card with results is written from: the provenance of the weights, the results, and the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecg_text.hub.card_facts import Facts
from ecg_text.hub.card_tables import class_tables, figure_table, setting_of
from ecg_text.hub.results_file import CardResult


@dataclass(frozen=True, kw_only=True)
class Told:
    """All that the sections of a card are written from."""

    provenance: Mapping[str, Any]
    results: tuple[CardResult, ...]
    facts: Facts

    @property
    def trained_on(self) -> str:
        """The source of the training data."""
        return str(self.provenance["source"])

    @property
    def settings(self) -> set[str]:
        """Whether the results were taken in-domain, cross-data-set, or both."""
        return {setting for one in self.results if (setting := setting_of(one, self.trained_on))}

    def by_task(self) -> dict[str, list[CardResult]]:
        """The results of each task."""
        tasks: dict[str, list[CardResult]] = {}
        for result in self.results:
            tasks.setdefault(result.task, []).append(result)
        return tasks

    def figures(self, results: Sequence[CardResult]) -> str:
        """The tables of results of one task."""
        tables = (figure_table(results, self.facts, self.trained_on), class_tables(results))
        return "\n\n".join(filter(None, tables))
