"""ecg-text index: an archive made searchable, from a store or from a folder of recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.asking import (
    LEADS,
    MODEL_HELP,
    RATE_HZ,
    UNIT,
    FileFacts,
    load_model,
    model_of_index,
    pinned,
    whereabouts,
)
from ecg_text.cli.common import print_json, progress, remark, say
from ecg_text.csv_file import write_csv
from ecg_text.errors import DataError, EcgTextError
from ecg_text.hub.bundled import REFERENCE

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from ecg_text.data.catalogue import Catalogue
    from ecg_text.hub.embedding import Embedder
    from ecg_text.index.embeddings import EmbeddingTable
    from ecg_text.index.index import Index

KEPT_COLUMNS = ["record_id", "report", "path"]
SPLIT_HELP = "Only this split of a store: train, val or test."
SOURCE_HELP = "A store made by ecg-text prepare, or a folder of recordings."

index_app = typer.Typer(help="Make an archive searchable, add to it, see what is in it.", no_args_is_help=True)


@dataclass(frozen=True, eq=False, kw_only=True)
class Embedded:
    """Records ready for an index: their vectors, what is known of them, and (id -> path, reason) of those left out.

    doubtful: id -> what is wrong, of records that were embedded and should be looked at.
    """

    table: EmbeddingTable
    catalogue: pa.Table
    skipped: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)


@index_app.command()
def build(
    source: Path = typer.Argument(..., metavar="STORE|DIR", help=SOURCE_HELP),
    model: str = typer.Option(REFERENCE, help=MODEL_HELP),
    out: Path = typer.Option(..., help="The folder of the index."),
    split: str | None = typer.Option(None, help=SPLIT_HELP),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
) -> None:
    """Embed every record of a store or a folder, and make an index of them.

    Example: `ecg-text index build store --model run/model --out index`

    A recording that cannot be read is left out, and told in OUT.skipped.csv with the reason.
    """
    from ecg_text.index.folder import refuse_foreign
    from ecg_text.index.index import Index

    refuse_foreign(out)  # before an archive is embedded for it
    embedder = load_model(model)
    out.parent.mkdir(parents=True, exist_ok=True)
    embedded = _embed(source, embedder, split, FileFacts.of(rate_hz, unit, leads))
    index = Index.build(embedded.table, embedded.catalogue, whereabouts(pinned(embedder, model)))
    _left_out_file(out).unlink(missing_ok=True)
    _finish(index, out, embedded, as_json=as_json)


@index_app.command()
def add(
    index: Path = typer.Argument(..., help="An index made by ecg-text index build."),
    source: Path = typer.Argument(..., metavar="STORE|DIR", help=SOURCE_HELP),
    model: str | None = typer.Option(None, help="The index's model, where it is no longer where it was."),
    split: str | None = typer.Option(None, help=SPLIT_HELP),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
) -> None:
    """Add records to an index, all of them or none; a record that is in it already is refused.

    Example: `ecg-text index add index new_recordings`
    """
    from ecg_text.index.index import Index

    grown = Index.load(index)
    embedder = model_of_index(grown, model)
    embedded = _embed(source, embedder, split, FileFacts.of(rate_hz, unit, leads))
    grown.add(embedded.table, embedded.catalogue)
    _finish(grown, index, embedded, as_json=as_json)


@index_app.command()
def info(
    index: Path = typer.Argument(..., help="An index made by ecg-text index build."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Show how many records an index has, and which model made it.

    Example: `ecg-text index info index`
    """
    from ecg_text.index.index import Index

    _tell(Index.load(index), index, as_json=as_json)


def _embed(source: Path, embedder: Embedder, split: str | None, facts: FileFacts) -> Embedded:
    from ecg_text.data.store_header import HEADER

    if (source / HEADER).is_file():
        if facts.any:
            raise typer.BadParameter("--rate-hz, --unit and --leads are for array files; a store knows its own")
        return _embed_store(source, embedder, split)
    if split is not None:
        raise DataError(f"{source} is no store, only a store has splits; leave --split out, or prepare it first")
    return _embed_folder(source, embedder, facts)


def _embed_store(folder: Path, embedder: Embedder, split: str | None) -> Embedded:
    import numpy as np

    from ecg_text.data.store import Store

    store = Store.open(folder)
    rows = np.arange(len(store)) if split is None else store.catalogue.where_split(split)
    if not len(rows):
        raise DataError(f"{folder} has no record in the split {split!r}; choose another split")
    with progress("embed") as advance:
        vectors = embedder.embed_store(store, rows, advance)
    known = store.catalogue.select(rows).table.select(KEPT_COLUMNS)
    return Embedded(table=_table(known.column("record_id").to_pylist(), list(vectors), embedder), catalogue=known)


def _embed_folder(folder: Path, embedder: Embedder, facts: FileFacts) -> Embedded:
    from ecg_text.data.sources.folder import folder as folder_source
    from ecg_text.signal.formats.walk import recording_of
    from ecg_text.signal.gate.passage import Passage

    catalogue = folder_source(folder, stated=facts.stated)
    ids, vectors, skipped, doubtful = [], [], {}, {}
    files = list(zip(catalogue.column("record_id"), catalogue.column("path"), strict=True))
    with progress("embed") as advance:
        for number, (record_id, path) in enumerate(files, start=1):
            try:
                passage = Passage(recording_of(folder, folder / path, facts.stated), embedder.preprocess)
                [vector] = embedder.embed_windows([passage], 1)
            except EcgTextError as error:
                skipped[record_id] = (path, str(error))
            else:
                ids.append(record_id)
                vectors.append(vector)
                if warnings := passage.examination.warnings:
                    doubtful[record_id] = "; ".join(found.message for found in warnings)
            advance(number, len(files))
    if not ids:
        raise DataError(
            f"none of the {len(files)} recordings in {folder} can be used; {next(iter(skipped.values()))[1]}"
        )
    return Embedded(
        table=_table(ids, vectors, embedder),
        catalogue=_known(catalogue, folder),
        skipped=skipped,
        doubtful=doubtful,
    )


def _known(catalogue: Catalogue, folder: Path) -> pa.Table:
    """What an index keeps of a folder's records, with paths that lead to them from anywhere."""
    import pyarrow as pa

    from ecg_text.index.places import place_of

    known = catalogue.table.select(KEPT_COLUMNS)
    paths = [place_of(folder / path) for path in catalogue.column("path")]
    return known.set_column(KEPT_COLUMNS.index("path"), known.schema.field("path"), pa.array(paths, pa.string()))


def _table(ids: Sequence[str], vectors: Sequence[np.ndarray], embedder: Embedder) -> EmbeddingTable:
    import numpy as np

    from ecg_text.index.embeddings import EmbeddingTable

    return EmbeddingTable(
        ids=tuple(ids), matrix=np.stack(vectors), model_revision=embedder.revision, fingerprint=embedder.fingerprint
    )


def _finish(index: Index, out: Path, embedded: Embedded, *, as_json: bool) -> None:
    """Save the index, list what was left out beside it, and tell of both."""
    index.save(out)
    if embedded.skipped:
        rows = ((record_id, path, reason) for record_id, (path, reason) in embedded.skipped.items())
        write_csv(_left_out_file(out), ("record_id", "path", "reason"), rows)
        remark(f"{len(embedded.skipped)} recordings were left out; {_left_out_file(out)} says why")
    if embedded.doubtful:
        record_id, doubt = next(iter(embedded.doubtful.items()))
        remark(f"warning: {len(embedded.doubtful)} recordings are doubtful; the first, {record_id}: {doubt}")
    counts = {"added": len(embedded.table), "skipped": len(embedded.skipped), "doubtful": len(embedded.doubtful)}
    _tell(index, out, as_json=as_json, **counts)


def _left_out_file(index: Path) -> Path:
    return index.with_name(index.name + ".skipped.csv")


def _tell(index: Index, folder: Path, *, as_json: bool, **counts: int) -> None:
    facts = {
        "index": str(folder),
        "num_records": len(index),
        "width": index.width,
        "model": index.model_name,
        "model_revision": index.model_revision,
        "preprocess_fingerprint": index.fingerprint,
        "has_reports": index.catalogue is not None and index.catalogue["report"].null_count < len(index),
        **counts,
    }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        say(f"{name.replace('_', ' '):<24}{value}")
