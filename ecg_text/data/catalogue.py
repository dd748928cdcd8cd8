"""A catalogue: one row for each record of a collection, with everything that is known of it but its signal."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ecg_text.errors import DataError
from ecg_text.record import SEXES
from ecg_text.whole_file import whole_file

SPLITS = ("train", "val", "test", "")

SCHEMA = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("patient_id", pa.string()),
        pa.field("path", pa.string(), nullable=False),  # relative to the collection's folder
        pa.field("age", pa.float32()),  # years
        pa.field("sex", pa.string()),
        pa.field("report", pa.string()),  # cleaned
        pa.field("raw_report", pa.string()),
        pa.field("labels", pa.list_(pa.string()), nullable=False),
        pa.field("likelihoods", pa.list_(pa.float32()), nullable=False),  # one for each label, in per cent, or none
        pa.field("split", pa.string(), nullable=False),
        pa.field("fold", pa.int32()),
        pa.field("site", pa.string()),
        pa.field("device", pa.string()),
        pa.field("verdict", pa.string()),  # the gate's: accept, or accept with warnings; null where it was not asked
        pa.field("findings", pa.list_(pa.string()), nullable=False),  # the gate's codes, the gravest first
        pa.field("evidence", pa.string()),  # the findings with their numbers, as JSON
    ]
)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """A checked table of records in SCHEMA, the name of its source, and notes a person should read.

    Raises DataError for another schema, a repeated record id, an unknown split or sex, or likelihoods that do not
    go with the labels.
    """

    table: pa.Table
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.table.schema.names != SCHEMA.names:
            raise DataError(f"the catalogue has columns {self.table.schema.names}; it needs {SCHEMA.names}")
        _check_nothing_missing(self.table)
        object.__setattr__(self, "table", self.table.cast(SCHEMA).combine_chunks())
        _check_record_ids(self.table)
        _check_values(self.table, "split", SPLITS)
        _check_values(self.table, "sex", SEXES)
        _check_likelihoods(self.table)

    @classmethod
    def from_columns(
        cls, columns: Mapping[str, Sequence[Any]], *, source: str = "", notes: Sequence[str] = ()
    ) -> Catalogue:
        """A catalogue from columns of equal length; columns left out are unknown (or empty) for every record."""
        unknown = sorted(columns.keys() - set(SCHEMA.names))
        if unknown:
            raise DataError(f"a catalogue has no column {', '.join(unknown)}; it has {', '.join(SCHEMA.names)}")
        num = len(columns["record_id"])
        absent: dict[str, Any] = {"labels": [], "likelihoods": [], "findings": [], "split": ""}
        arrays = [
            pa.array(columns.get(field.name, [absent.get(field.name)] * num), type=field.type) for field in SCHEMA
        ]
        return cls(pa.table(arrays, schema=SCHEMA), source, tuple(notes))

    @classmethod
    def read(cls, path: Path, *, source: str = "", notes: Sequence[str] = ()) -> Catalogue:
        """The catalogue in a Parquet file. Raises DataError where there is none."""
        try:
            return cls(pq.read_table(path), source, tuple(notes))
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(
                f"{path} is no readable catalogue ({_first_line(error)}); prepare the data again"
            ) from error

    @property
    def annotation_hash(self) -> str:
        """16 hexadecimal digits that change when a report or a label changes, or the order of the records."""
        digest = hashlib.sha256()
        columns = [self.column(name) for name in ("record_id", "report", "labels")]
        for row in zip(*columns, strict=True):
            digest.update(json.dumps(row).encode() + b"\n")
        return digest.hexdigest()[:16]

    def write(self, path: Path) -> None:
        """Write the table as Parquet, under a temporary name first."""
        with whole_file(path) as draft:
            pq.write_table(self.table, draft, compression="zstd")

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> list[Any]:
        """The values of one column, in row order. Raises DataError for an unknown column."""
        if name not in SCHEMA.names:
            raise DataError(f"a catalogue has no column {name!r}; it has {', '.join(SCHEMA.names)}")
        return list(self.table.column(name).to_pylist())

    def select(self, rows: Sequence[int] | np.ndarray) -> Catalogue:
        """These rows, in this order, as a catalogue."""
        return Catalogue(self.table.take(pa.array(np.asarray(rows, dtype=np.int64))), self.source, self.notes)

    def with_columns(self, columns: Mapping[str, Sequence[Any]]) -> Catalogue:
        """The same rows with other values in these columns."""
        table = self.table
        for name, values in columns.items():
            place = table.schema.get_field_index(name)
            table = table.set_column(place, SCHEMA.field(name), pa.array(values, type=SCHEMA.field(name).type))
        return replace(self, table=table)

    def rows(self, rows: Sequence[int] | np.ndarray) -> dict[str, list[Any]]:
        """The values of every column at these rows, in this order."""
        return dict(self.table.take(pa.array(np.asarray(rows, dtype=np.int64))).to_pydict())

    def where_split(self, split: str) -> np.ndarray:
        """The row numbers of a split: int64, ascending. Raises DataError for a split that cannot be."""
        if split not in SPLITS:
            raise DataError(f"no split {split!r}; choose one of {', '.join(name for name in SPLITS if name)}")
        return np.flatnonzero(pc.equal(self.table.column("split"), split).to_numpy()).astype(np.int64)

    def label_matrix(self, codes: Sequence[Sequence[str]]) -> np.ndarray:
        """Whether each record has any of the k-th label's codes: K lists of codes -> (N, K) bool."""
        lists = self.table.column("labels").combine_chunks()
        owner = pc.list_parent_indices(lists).to_numpy()
        encoded = pc.list_flatten(lists).dictionary_encode()
        means = np.array([[code in label for label in codes] for code in encoded.dictionary.to_pylist()], dtype=bool)
        matrix = np.zeros((len(self), len(codes)), dtype=bool)
        if means.size:
            entry, label = np.nonzero(means[encoded.indices.to_numpy()])
            matrix[owner[entry], label] = True
        return matrix


def _check_nothing_missing(table: pa.Table) -> None:
    for field in SCHEMA:
        if not field.nullable and table.column(field.name).null_count:
            row = pc.index(table.column(field.name).is_null(), True).as_py()
            raise DataError(f"row {row} of the catalogue has no {field.name}; give one for each record")


def _check_record_ids(table: pa.Table) -> None:
    ids = table.column("record_id")
    if pc.count_distinct(ids).as_py() != len(ids):
        record_id, times = Counter(ids.to_pylist()).most_common(1)[0]
        raise DataError(f"record id {record_id!r} is given {times} times; give each record its own id")


def _check_values(table: pa.Table, column: str, known: tuple[str, ...]) -> None:
    found = pc.unique(table.column(column).drop_null()).to_pylist()
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise DataError(f"{column} is {unknown[0]!r}; give one of {', '.join(repr(name) for name in known)}")


def _check_likelihoods(table: pa.Table) -> None:
    labels = pc.list_value_length(table.column("labels")).to_numpy()
    likelihoods = pc.list_value_length(table.column("likelihoods")).to_numpy()
    wrong = np.flatnonzero((likelihoods != 0) & (likelihoods != labels))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"record {table.column('record_id')[row].as_py()!r} has {labels[row]} labels but {likelihoods[row]} "
            "likelihoods; give one for each label, or none"
        )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
