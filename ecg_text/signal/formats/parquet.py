"""Parquet files: our own, one row a record (see write_parquet), and tables whose columns are named after leads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.bare import bare_recording
from ecg_text.signal.formats.channels import leads_in_file
from ecg_text.signal.formats.columns import understand, with_rate
from ecg_text.signal.formats.facts import Facts, Keep, coded_labels, known_age, known_sex
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Reader, Recording, Stated
from ecg_text.signal.formats.vendor_facts import device_class

MARK = b"ecg_text"  # the key of the file's metadata that says which version of our table it is
VERSION = b"1"
INT16 = "int16"
INT32 = "int32"
FLOAT32 = "float32"
DTYPES = {INT16: "<i2", INT32: "<i4", FLOAT32: "<f4"}
_MAGIC = b"PAR1"
_NUMBER_TYPES = frozenset(
    ("halffloat", "float", "double", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
)
_MOST_GROUP_BYTES = 2**29
_MOST_TABLE_VALUES = 2**25
_ROWS_AT_ONCE = 4


def recognises_parquet(_path: Path, head: bytes) -> bool:
    """Whether the first bytes are those of Parquet."""
    return head.startswith(_MAGIC)


def open_parquet(path: Path, stated: Stated, keep: Keep) -> Iterator[Recording]:
    """The recordings of a Parquet file: of ours, one for each row; of another's, the one whose leads are the columns.

    Raises SignalError for a damaged file, or one that declares more than can be held; of another's table, rate and
    unit are stated by the caller.
    """
    import pyarrow.parquet as pq

    with refusing(path, "the file cannot be read", "give a complete .parquet file"):
        file = pq.ParquetFile(path, memory_map=False)
    with file:
        metadata = file.schema_arrow.metadata or {}
        if metadata.get(MARK) == VERSION:
            yield from _ours(path, file, stated, keep)
            return
        if MARK in metadata:
            raise SignalError(f"{path}: it is of a newer version of ecg-text than this one; update ecg-text")
        yield _table(path, file, stated)


def _ours(path: Path, file: Any, stated: Stated, keep: Keep) -> Iterator[Recording]:
    if stated and not stated.among_others:
        raise SignalError(f"{path}: it says its own {', '.join(stated.names)}; leave that out")
    largest = max((file.metadata.row_group(n).total_byte_size for n in range(file.num_row_groups)), default=0)
    if largest > _MOST_GROUP_BYTES:
        raise SignalError(f"{path}: a group of rows of more than {_MOST_GROUP_BYTES} bytes; write smaller groups")
    batches = file.iter_batches(batch_size=_ROWS_AT_ONCE)
    while True:
        with refusing(path, "the rows cannot be read", "give a complete .parquet file"):
            batch = next(batches, None)
            rows = batch.to_pylist() if batch is not None else []
        if batch is None:
            return
        for row in rows:
            with refusing(path, "a row cannot be read", "give a complete .parquet file"):
                recording = _recording(path, row, keep)
            yield recording


def _recording(path: Path, row: Mapping[str, Any], keep: Keep) -> Recording:
    leads = leads_in_file(path, [str(name) for name in row["leads"]])
    rate_hz, stored = float(row["rate_hz"]), DTYPES[row["dtype"]]
    units_per_mv = float(row["units_per_mv"])
    samples = np.frombuffer(row["samples"], dtype=stored)
    if not leads or len(samples) % len(leads) or not (math.isfinite(units_per_mv) and units_per_mv > 0):
        raise SignalError(f"{path}: a row has {len(samples)} values of {len(leads)} leads; write it anew")
    samples = samples.reshape(len(leads), -1)
    return Recording(
        record_id=str(row["record_id"]),
        format="Parquet",
        rate_hz=rate_hz,
        leads=leads,
        num_samples=samples.shape[1],
        load=lambda start, stop: samples[:, start:stop].astype(np.float64) / units_per_mv,
        facts=Facts(
            age=known_age(row["age"]),
            sex=known_sex(row["sex"]),
            labels=coded_labels(row["labels"] or ()),
            device=device_class(row["device"] or ""),
            report=row["report"] if "report" in keep.names else None,
        ),
        trail=(f"read Parquet {path.name}",),
    )


def _table(path: Path, file: Any, stated: Stated) -> Recording:
    """A table of samples, one column a lead; what it holds is weighed before it is read."""
    names = file.schema_arrow.names
    if len(set(names)) != len(names):
        raise SignalError(f"{path}: two of its columns have the same name; name each lead once")
    numeric = [str(kind) in _NUMBER_TYPES for kind in file.schema_arrow.types]
    columns = understand(path, names, numeric, stated)
    if not columns.kept or file.metadata.num_rows * (len(columns.kept) + 1) > _MOST_TABLE_VALUES:
        held = f"{len(columns.kept)} columns of {file.metadata.num_rows} rows"
        raise SignalError(f"{path}: {held} for the leads; save one recording in it, a column a lead")
    times = () if columns.time is None else (columns.time,)
    with refusing(path, "the columns cannot be read", "give a complete .parquet file"):
        table = file.read(columns=[names[place] for place in (*columns.kept, *times)])
        arrays = [table.column(names[place]).to_numpy().astype(np.float64) for place in (*columns.kept, *times)]
    if times:
        columns = with_rate(path, columns, arrays.pop())
    array = np.stack(arrays, axis=1)
    return bare_recording(path, array, columns.stated, kind="Parquet", named_columns=True, remarks=columns.told)


PARQUET = Reader(name="Parquet", recognises=recognises_parquet, open=open_parquet)
