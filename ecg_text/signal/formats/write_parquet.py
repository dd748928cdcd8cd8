"""Records as one Parquet file: one row a record, samples as the integers or the floats that they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.formats.facts import coded_labels
from ecg_text.signal.formats.parquet import DTYPES, FLOAT32, INT16, INT32, MARK, VERSION
from ecg_text.whole_file import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_BYTES = 2**25


def write_parquet(
    records: Iterable[Record],
    path: str | Path,
    *,
    units_per_mv: float | Callable[[Record], float | None] | None = 1000.0,
    report: bool = False,
) -> int:
    """Writes records as they come, whole or not at all, and returns their number; memory stays flat.

    A row holds record_id, rate_hz, leads, samples (leads, T) in bytes, their dtype and units_per_mv, age, sex, coded
    labels, device, and the report where asked for; no patient id. Samples are rounded to 1 / units_per_mv millivolts,
    in 16 bits, or in 32 where a record needs them; they are float32 as they are where units_per_mv is None, or where
    even 32 bits do not suffice. A function gives units_per_mv record by record.
    """
    import pyarrow.parquet as pq

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    schema, count = _schema(), 0
    resolution = units_per_mv if callable(units_per_mv) else lambda _record: units_per_mv
    with whole_file(path) as draft, pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        rows: list[dict[str, Any]] = []
        size = 0
        for record in records:
            rows.append(_row(record, resolution(record), report=report))
            size, count = size + len(rows[-1]["samples"]), count + 1
            if size >= _GROUP_BYTES:
                writer.write_table(_table(rows, schema))
                rows, size = [], 0
        writer.write_table(_table(rows, schema))
    return count


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            ("record_id", pa.string()),
            ("rate_hz", pa.float64()),
            ("leads", pa.list_(pa.string())),
            ("dtype", pa.string()),
            ("units_per_mv", pa.float64()),
            ("samples", pa.large_binary()),
            ("age", pa.float64()),
            ("sex", pa.string()),
            ("labels", pa.list_(pa.string())),
            ("device", pa.string()),
            ("report", pa.string()),
        ],
        metadata={MARK: VERSION},
    )


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=schema)


def _row(record: Record, units_per_mv: float | None, *, report: bool) -> dict[str, Any]:
    kind = _dtype(record, units_per_mv)
    if units_per_mv is None or kind == FLOAT32:
        samples, units_per_mv = record.signal, 1.0
    else:
        samples = np.rint(record.signal.astype(np.float64) * units_per_mv)
    return {
        "record_id": _storable(record.record_id),
        "rate_hz": record.rate_hz,
        "leads": list(record.leads),
        "dtype": kind,
        "units_per_mv": units_per_mv,
        "samples": samples.astype(DTYPES[kind]).tobytes(),
        "age": record.age,
        "sex": record.sex,
        "labels": list(coded_labels(record.labels)),
        "device": record.device,
        "report": _storable(record.report) if report and record.report is not None else None,
    }


def _dtype(record: Record, units_per_mv: float | None) -> str:
    """The narrowest integers that hold every sample in these units, or float32."""
    if units_per_mv is None:
        return FLOAT32
    largest = float(np.abs(record.signal).max()) * units_per_mv
    return next((kind for kind in (INT16, INT32) if largest < np.iinfo(DTYPES[kind]).max), FLOAT32)


def _storable(text: str) -> str:
    """The text with question marks for bytes that are no text, as an old name of a file may hold them."""
    return text.encode("utf-8", "replace").decode("utf-8")
