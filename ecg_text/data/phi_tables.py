"""Passages of Parquet and Arrow tables and of the header of safetensors; numbers and samples are left unread."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ecg_text.data.phi_passage import Passage
from ecg_text.text.identifier_keys import kind_of_key

_ROWS = 1024
_MOST_HEADER = 64 * 2**20  # bytes
# Collections whose patient ids are public: their publisher drew them for the release.
_PUBLIC_IDS = ("ptbxl", "mimic-iv-ecg")


def parquet_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """The texts, dates and named numbers of a Parquet file, batch by batch, and its metadata."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        yield from _metadata(schema, encoding)
        columns = _columns(schema)
        public = _has_public_ids(path)
        if columns:
            yield from _cells(file.iter_batches(batch_size=_ROWS, columns=columns), public)


def arrow_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """The same of an Arrow file or stream, through the memory map."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        if is_file:
            reader = pa.ipc.open_file(source)
            batches: Iterable[Any] = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            reader = pa.ipc.open_stream(source)
            batches = reader
        yield from _metadata(reader.schema, encoding)
        columns = _columns(reader.schema)
        yield from _cells((batch.select(columns) for batch in batches), _has_public_ids(path))


def safetensors_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """The metadata of a safetensors file: the texts of its header; names of weights and weights are no texts."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _MOST_HEADER:
            raise ValueError("its header is longer than a header can be")
        header = json.loads(file.read(length).decode(encoding))
    for name, value in (header.get("__metadata__") or {}).items():
        yield Passage(text=str(value), place=f"metadata, {name}", key=str(name))


def _columns(schema: Any) -> list[str]:
    """The columns that may tell of a person: texts, lists of texts, dates, and numbers whose name says so."""
    import pyarrow.types as kinds

    def is_told(name: str, kind: Any) -> bool:
        if kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_dictionary(kind):
            return is_told(name, kind.value_type)
        if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_date(kind) or kinds.is_timestamp(kind):
            return True
        return (kinds.is_integer(kind) or kinds.is_floating(kind)) and kind_of_key(name) is not None

    return [field.name for field in schema if is_told(field.name, field.type)]


def _cells(batches: Iterable[Any], has_public_ids: bool) -> Iterator[Passage]:
    row = 0
    for batch in batches:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            key = "" if has_public_ids and name == "patient_id" else name
            for number, value in enumerate(column.to_pylist(), start=row + 1):
                for item in value if isinstance(value, list) else (value,):
                    if item is not None and item != "":
                        text = f"{item:.15g}" if isinstance(item, float) else str(item)
                        yield Passage(text=text, place=f"{name}, row {number}", key=key)
        row += batch.num_rows


def _metadata(schema: Any, encoding: str) -> Iterator[Passage]:
    for name, value in (schema.metadata or {}).items():
        if name != b"ARROW:schema":
            key = name.decode(encoding, "replace")
            yield Passage(text=value.decode(encoding, "replace"), place=f"metadata, {key}", key=key)


def _has_public_ids(path: Path) -> bool:
    """Whether a table is the catalogue of a store whose source drew its patient ids for publication."""
    header = path.with_name("store.json")
    try:
        return header.is_file() and json.loads(header.read_text(encoding="utf-8")).get("source") in _PUBLIC_IDS
    except (OSError, ValueError, AttributeError):
        return False
