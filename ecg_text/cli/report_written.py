"""A report on disk: the figures, the tables, and last of all results.json, each whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ecg_text.cli.report_kept import Done, write_whole

if TYPE_CHECKING:
    from ecg_text.cli.report_also import Also
    from ecg_text.cli.report_wanted import Wanted
    from ecg_text.evaluation.result import Result
    from ecg_text.hub.results_file import Results

FACTS, TABLES, FIGURES = "facts.json", "tables.md", "figures"


def facts_document(wanted: Wanted) -> dict[str, Any]:
    """The facts of results.json: those in a file, and for what it does not tell, what is known of the data.

    Raises CheckpointError where they are not what a card can tell.
    """
    from ecg_text.hub.card_facts import facts_of
    from ecg_text.hub.known_data import data_set
    from ecg_text.hub.parts import read_json

    own = wanted.folder / FACTS
    path = wanted.facts or (own if own.is_file() else None)
    given = {} if path is None else read_json(path, dict)
    learned = str(wanted.embedder.provenance.get("source") or wanted.store.catalogue.source)
    sources = dict.fromkeys((learned, wanted.store.catalogue.source))
    licence = {"id": "unknown", "why": "No licence was stated."}
    facts = {"licence": licence, "datasets": [asdict(data_set(source)) for source in sources], **given}
    facts_of(facts)
    return facts


def write_report(
    wanted: Wanted, done: Mapping[str, Done], also: Also, facts: Mapping[str, Any], left_out: Mapping[str, str]
) -> Results:
    """Write everything into the folder, and return the results as they can be read there."""
    from ecg_text.data.replace import replaced_folder
    from ecg_text.hub.card_facts import facts_of
    from ecg_text.hub.card_sections import Told
    from ecg_text.hub.facts import plain_facts
    from ecg_text.hub.report_page import report_page
    from ecg_text.hub.results_file import FORMAT, RESULTS, results_of
    from ecg_text.plots.result_figures import figures_of

    given = list(facts.get("published") or ())
    told = [*also.beside(result for one in done.values() for result in one.results), *also.own]
    document = plain_facts(
        {
            "format": FORMAT,
            "results": [result.to_dict() for result in told],
            "facts": {**facts, "published": [*given, *(one for one in _published(told) if one not in given)]},
        }
    )
    results = results_of(document)
    drawn = figures_of(
        results.results, {name: table for one in done.values() for name, table in one.reliability.items()}
    )
    with replaced_folder(wanted.folder / FIGURES) as figures:
        for name, svg in (item for of_task in drawn.values() for item in of_task.items()):
            (figures / name).write_text(svg + "\n", encoding="utf-8")
    provenance = {"source": wanted.store.catalogue.source, **wanted.embedder.provenance}
    page = report_page(
        Told(provenance=provenance, results=results.results, facts=facts_of(results.facts)),
        {task: [f"{FIGURES}/{name}" for name in of_task] for task, of_task in drawn.items()},
        left_out,
    )
    write_whole(wanted.folder / TABLES, page)
    write_whole(wanted.folder / RESULTS, json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return results


def _published(results: Iterable[Result]) -> list[dict[str, Any]]:
    """The figures of other systems that stand beside one of these."""
    from ecg_text.hub.published import SOURCE, published_figures

    asked = {
        (one.task, str(one.provenance.get("prompt_set") or one.provenance.get("label_set") or ""), one.split, metric)
        for one in results
        if one.provenance.get("data_set") == SOURCE
        for metric in one.metrics
    }
    return [asdict(one) for one in published_figures() if (one.task, one.set, one.split, one.metric) in asked]
