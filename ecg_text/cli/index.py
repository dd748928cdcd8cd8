"""ecg-text index: an archive made searchable, from a store or from a folder of recordings."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.asking import LEADS, MODEL_HELP, RATE_HZ, UNIT, ArrayFacts, load_model, model_of_index, whereabouts
from ecg_text.cli.common import print_json, progress, remark, say
from ecg_text.errors import DataError, EcgTextError

if TYPE_CHECKING:
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
    """Records ready for an index: their vectors, what is known of them, and (id -> path, reason) of those left out."""

    table: EmbeddingTable
    catalogue: pa.Table
    skipped: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@index_app.command()
def build(
    source: Path = typer.Argument(..., metavar="STORE|DIR", help=SOURCE_HELP),
    model: str = typer.Option(..., help=MODEL_HELP),
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
    from ecg_text.index.index import Index

    embedder = load_model(model)
    embedded = _embed(source, embedder, split, ArrayFacts.of(rate_hz, unit, leads))
    index = Index.build(embedded.table, embedded.catalogue, whereabouts(model))
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
    embedded = _embed(source, embedder, split, ArrayFacts.of(rate_hz, unit, leads))
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


def _embed(source: Path, embedder: Embedder, split: str | None, facts: ArrayFacts) -> Embedded:
    from ecg_text.data.store import HEADER

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


def _embed_folder(folder: Path, embedder: Embedder, facts: ArrayFacts) -> Embedded:
    catalogue = _arrays(folder) if facts.any else _recordings(folder)
    ids, vectors, skipped = [], [], {}
    files = list(zip(catalogue.column("record_id"), catalogue.column("path"), strict=True))
    with progress("embed") as advance:
        for number, (record_id, path) in enumerate(files, start=1):
            try:
                [vector] = embedder.embed_records([facts.read(folder / path)])
            except EcgTextError as error:
                skipped[record_id] = (path, str(error))
            else:
                ids.append(record_id)
                vectors.append(vector)
            advance(number, len(files))
    if not ids:
        raise DataError(f"none of the {len(files)} recordings in {folder} can be read; the first: {error_of(skipped)}")
    return Embedded(
        table=_table(ids, vectors, embedder), catalogue=catalogue.table.select(KEPT_COLUMNS), skipped=skipped
    )


def _recordings(folder: Path) -> Catalogue:
    from ecg_text.data.sources.folder import folder as folder_source

    return folder_source(folder)


def _arrays(folder: Path) -> Catalogue:
    from ecg_text.data.catalogue import Catalogue
    from ecg_text.signal.arrays import SUFFIXES
    from ecg_text.signal.read import find_records

    paths = [path.relative_to(folder) for path in find_records(folder, SUFFIXES)]
    if not paths:
        raise DataError(f"{folder} has no {', '.join(SUFFIXES)} file; give another folder")
    return Catalogue.from_columns(
        {"record_id": [path.with_suffix("").as_posix() for path in paths], "path": [path.as_posix() for path in paths]}
    )
