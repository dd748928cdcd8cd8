"""ecg-text search: the records of an index that are most like a sentence, an ECG, or both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ecg_text.cli.asking import (
    LEADS,
    RATE_HZ,
    RECORD_ID,
    RULE_HELP,
    UNIT,
    FileFacts,
    Rule,
    model_of_index,
    pinned,
    tell_reading,
)
from ecg_text.cli.common import RESEARCH_USE, excerpt, print_json, print_table, say, say_research_use
from ecg_text.cli.gate import warn_of

if TYPE_CHECKING:
    import numpy as np

    from ecg_text.hub.embedding import Embedder
    from ecg_text.index.index import Hit
    from ecg_text.signal.gate.passage import Passage

EXCERPT = 70


def search(
    index: Path = typer.Argument(..., help="An index made by ecg-text index build."),
    text: str | None = typer.Argument(None, help="What to look for, in words."),
    ecg: str | None = typer.Option(None, help="A recording; what is found is like it."),
    weight: float = typer.Option(0.5, min=0.0, max=1.0, help="With text and ECG: 0 is the text alone, 1 the ECG."),
    k: int = typer.Option(10, "-k", min=1, help="How many records to find."),
    model: str | None = typer.Option(None, help="The index's model, where it is no longer where it was."),
    rule: Rule = typer.Option("contrast", help=RULE_HELP + " cosine suits a whole report."),
    opposite: list[str] = typer.Option([], help="What the text is measured against; normality by default."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    record_id: str | None = RECORD_ID,
) -> None:
    """Search an archive by a sentence, by an ECG, or by both.

    Example: `ecg-text search index "atrial fibrillation with rapid ventricular response" -k 10`

    The query is put into the space by the model that made the index; another model's query is refused.
    """
    if text is None and ecg is None:
        raise typer.BadParameter('give a text, as in: ecg-text search INDEX "atrial fibrillation"; or --ecg FILE')
    from ecg_text.index.index import Index
    from ecg_text.signal.gate.passage import Passage

    found = Index.load(index)
    embedder = model_of_index(found, model)
    facts = FileFacts.of(rate_hz, unit, leads, record_id)
    passage = None if ecg is None else Passage(facts.open(ecg), embedder.preprocess)
    read = [] if text is None else tell_reading(embedder, [text, *dict.fromkeys(opposite)])
    query = _query(embedder, text, opposite, rule, passage, weight)
    [hits] = found.search(query[None, :], k, embedder.revision, embedder.fingerprint)
    if as_json:
        print_json(
            {
                "index": str(index),
                "num_records": len(found),
                "model": pinned(embedder, model or found.model_name),
                "model_revision": found.model_revision,
                "preprocess_fingerprint": found.fingerprint,
                "query": _asked(embedder, text, opposite, rule, ecg, weight),
                "read": read,
                "gate": None if passage is None else passage.examination.to_dict(),
                "hits": [_plain(rank, hit) for rank, hit in enumerate(hits, start=1)],
                "research_use": RESEARCH_USE,
            }
        )
        return
    if passage is not None:
        warn_of(passage.examination, f"{ecg}: ")
    rows = [
        (str(rank), hit.record_id, f"{hit.similarity:+.3f}", excerpt(hit.report or "", EXCERPT), hit.path or "")
        for rank, hit in enumerate(hits, start=1)
    ]
    print_table(("rank", "record", "similarity", "report", "path"), rows, right=("rank", "similarity"))
    say(f"{len(hits)} of {len(found)} records, model {' '.join(filter(None, (embedder.origin, embedder.revision)))}")
    say_research_use()


def _asked(
    embedder: Embedder, text: str | None, opposite: Sequence[str], rule: str, ecg: str | None, weight: float
) -> dict[str, Any]:
    """What was asked, for the JSON: opposites are what the text was measured against, if anything."""
    from ecg_text.text.prompt_files import text_prompt_set

    return {
        "text": text,
        "opposites": () if text is None else embedder.opposites(text_prompt_set([text], opposite), rule)[text],
        "ecg": ecg,
        "weight": weight if text and ecg else None,
        "rule": rule if text else None,
    }


def _query(
    embedder: Embedder,
    text: str | None,
    opposite: Sequence[str],
    rule: str,
    passage: Passage | None,
    weight: float,
) -> np.ndarray:
    """One unit vector of what is asked: (D,)."""
    from ecg_text.index.index import combine
    from ecg_text.text.prompt_files import text_prompt_set

    by_text = by_ecg = None
    if text is not None:
        by_text = embedder.weights(text_prompt_set([text], opposite), rule)[0]
    if passage is not None:
        by_ecg = embedder.embed_windows([passage], 1)[0]
    if by_text is not None and by_ecg is not None:
        return combine(by_text, by_ecg, weight)
    [query] = [vector for vector in (by_text, by_ecg) if vector is not None]
    return query


def _plain(rank: int, hit: Hit) -> dict[str, Any]:
    return {
        "rank": rank,
        "record_id": hit.record_id,
        "similarity": hit.similarity,
        "report": hit.report,
        "path": hit.path,
    }
