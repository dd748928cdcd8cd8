"""Search of an archive: a FAISS index of unit vectors that knows its records and refuses another model's query.

Axes: n records, Q queries, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg_text.errors import ConfigError, DataError
from ecg_text.index.embeddings import EmbeddingTable, check_unit_rows, require_same_model
from ecg_text.index.faiss_threads import faiss_threads
from ecg_text.index.folder import Parts, read_folder, write_folder

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One found record: its cosine with the query, and its report and path where the index has a catalogue."""

    record_id: str
    similarity: float
    report: str | None = None
    path: str | None = None


class Index:
    """An exact index of embedded records, in memory, with or without their catalogue.

    Every vector is compared (FAISS IndexFlatIP over unit vectors), so what is found is what is nearest. The catalogue,
    an Arrow table with a record_id column and any of report and path, is kept in the order of the ids.
    """

    def __init__(self, parts: Parts) -> None:
        self._flat = parts.flat
        self._ids = list(parts.ids)
        self._catalogue = parts.catalogue
        self.model_revision = parts.model_revision
        self.fingerprint = parts.fingerprint
        self.model_name = parts.model_name

    @classmethod
    def build(cls, table: EmbeddingTable, catalogue: pa.Table | None = None, model_name: str = "") -> Index:
        """An index of these embeddings, which remembers where their model was loaded from.

        Raises DataError where there is no embedding, or the catalogue lacks one of the ids.
        """
        import faiss

        if not len(table):
            raise DataError("an empty table makes no index; embed at least one record")
        flat = faiss.IndexFlatIP(table.width)
        flat.add(table.matrix)
        return cls(
            Parts(
                flat=flat,
                ids=table.ids,
                model_revision=table.model_revision,
                fingerprint=table.fingerprint,
                model_name=model_name,
                catalogue=None if catalogue is None else _rows_of(catalogue, table.ids),
            )
        )

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the records, in the order of their rows."""
        return tuple(self._ids)

    @property
    def width(self) -> int:
        """D, the length of each vector."""
        return int(self._flat.d)

    @property
    def catalogue(self) -> pa.Table | None:
        """What is known of the records, a row for each id in the same order, or None."""
        return self._catalogue

    @property
    def table(self) -> EmbeddingTable:
        """The embeddings in the index, as a copy."""
        return EmbeddingTable(
            ids=self.ids,
            matrix=self._flat.reconstruct_n(0, len(self)),
            model_revision=self.model_revision,
            fingerprint=self.fingerprint,
        )

    def add(self, table: EmbeddingTable, catalogue: pa.Table | None = None) -> None:
        """Add records, all of them or none; an index with a catalogue needs the new records' rows of it too.

        Raises FingerprintError for another model's table, DataError for another width or an id that is there already.
        """
        require_same_model((self.model_revision, self.fingerprint), (table.model_revision, table.fingerprint))
        if table.width != self.width:
            raise DataError(f"the table has width {table.width}, the index {self.width}; embed with one model")
        if repeated := set(self._ids).intersection(table.ids):
            name = next(name for name in table.ids if name in repeated)
            raise DataError(f"{len(repeated)} records are in the index already, as {name!r}; leave them out")
        self._catalogue = self._extended_catalogue(table.ids, catalogue)
        self._flat.add(table.matrix)
        self._ids.extend(table.ids)

    def _extended_catalogue(self, ids: Sequence[str], catalogue: pa.Table | None) -> pa.Table | None:
        import pyarrow as pa

        if (self._catalogue is None) != (catalogue is None):
            raise DataError(
                "the index has no catalogue; add records without one"
                if self._catalogue is None
                else "the index has a catalogue; give the new records' rows of it too"
            )
        if self._catalogue is None or catalogue is None:
            return None
        if self._catalogue.schema.names != catalogue.schema.names:
            raise DataError(
                f"the new catalogue has the columns {', '.join(catalogue.schema.names)}, "
                f"the index {', '.join(self._catalogue.schema.names)}"
            )
        try:
            rows = _rows_of(catalogue, ids).cast(self._catalogue.schema)
            return pa.concat_tables([self._catalogue, rows]).combine_chunks()
        except pa.ArrowException as error:
            raise DataError(f"the new catalogue does not fit the index's: {error}") from None

    def search(self, vectors: np.ndarray, k: int, model_revision: str, fingerprint: str) -> list[list[Hit]]:
        """The k nearest records to each query, best first: unit (Q, D) -> Q lists of min(k, n) hits.

        Equal similarities come in the order of the rows. Raises FingerprintError where the queries come from another
        model or preprocessing, DataError where they are no unit (Q, D), ConfigError where k is below 1.
        """
        require_same_model((self.model_revision, self.fingerprint), (model_revision, fingerprint))
        if k < 1:
            raise ConfigError(f"k is {k}; ask for at least 1 record")
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self.width:
            raise DataError(f"queries have shape {vectors.shape}; give (queries, {self.width})")
        check_unit_rows(vectors, "query")
        with faiss_threads():
            similarities, rows = self._flat.search(vectors, min(k, len(self)))
        return [self._hits(*found) for found in zip(similarities, rows, strict=True)]

    def _hits(self, similarities: np.ndarray, rows: np.ndarray) -> list[Hit]:
        order = np.lexsort((rows, -similarities))
        rows = rows[order]
        reports, paths = self._details("report", rows), self._details("path", rows)
        found = zip(np.clip(similarities[order], -1.0, 1.0).tolist(), rows.tolist(), reports, paths, strict=True)
        return [
            Hit(record_id=self._ids[row], similarity=similarity, report=report, path=path)
            for similarity, row, report, path in found
        ]

    def _details(self, column: str, rows: np.ndarray) -> list[str | None]:
        if self._catalogue is None or column not in self._catalogue.schema.names:
            return [None] * len(rows)
        values: list[str | None] = self._catalogue.column(column).take(rows).to_pylist()
        return values

    def save(self, folder: Path | str) -> Path:
        """Write the index to a folder, whole or not at all, replacing an index that was there; return its path.

        Raises DataError where the folder exists and is no index.
        """
        return write_folder(Path(folder), self._flat, self.table, self._catalogue, self.model_name)

    @classmethod
    def load(cls, folder: Path | str) -> Index:
        """Read an index that save wrote. Raises CheckpointError where it is absent, incomplete or damaged."""
        return cls(read_folder(Path(folder)))


def combine(text_vector: np.ndarray, ecg_vector: np.ndarray, weight: float) -> np.ndarray:
    """One query made of a text and an ECG: unit (D,), unit (D,), weight of the ECG in 0..1 -> unit (D,) float32.

    It ranks records by (1 - weight) times the similarity with the text plus weight times that with the ECG.
    Raises ConfigError for a weight outside 0..1, DataError for other vectors or where the two cancel out.
    """
    if not 0.0 <= weight <= 1.0:
        raise ConfigError(f"weight is {weight}; give 0 (the text alone) to 1 (the ECG alone)")
    text, ecg = np.asarray(text_vector, np.float64), np.asarray(ecg_vector, np.float64)
    if text.ndim != 1 or text.shape != ecg.shape:
        raise DataError(f"the text vector has shape {text.shape}, the ECG vector {ecg.shape}; give two of (D,)")
    check_unit_rows(np.stack([text, ecg]), "text or ECG vector")
    mixed = (1.0 - weight) * text + weight * ecg
    length = float(np.linalg.norm(mixed))
    if length < 1e-6:
        raise DataError("the text and the ECG vector cancel out; choose another weight")
    return np.asarray(mixed / length, dtype=np.float32)


def _rows_of(catalogue: pa.Table, ids: Sequence[str]) -> pa.Table:
    """The catalogue's rows of these ids, in their order. Raises DataError where it has no such column or record."""
    if "record_id" not in catalogue.schema.names:
        raise DataError(f"the catalogue has the columns {', '.join(catalogue.schema.names)}; record_id is needed")
    row_of = {name: row for row, name in enumerate(catalogue.column("record_id").to_pylist())}
    if absent := [name for name in ids if name not in row_of]:
        raise DataError(f"the catalogue lacks {len(absent)} of the records, as {absent[0]!r}; give their rows too")
    return catalogue.take([row_of[name] for name in ids]).combine_chunks()
