"""Prepared signals on disk: Arrow files of 16-bit samples, read through the memory map without a copy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from ecg_text.errors import DataError

SAMPLE_TYPE = np.dtype("<i2")
LIMIT = 32767
RESOLUTION_MV = 0.001  # PTB-XL's own quantum; the range is then 32.767 mV either way
MAX_SHARD_BYTES = 256 * 2**20
SCHEMA = pa.schema(
    [
        ("record_id", pa.string()),
        ("signal", pa.binary()),  # (C, T) int16, little endian, in units of the resolution
        ("lead_state", pa.binary()),  # (C,) uint8 of LeadState
        ("num_valid", pa.int32()),
    ]
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Block:
    """Consecutive prepared records: samples (n, C, T) int16, lead_state (n, C) uint8, num_valid (n,) int32."""

    samples: np.ndarray
    lead_state: np.ndarray
    num_valid: np.ndarray

    def __len__(self) -> int:
        return len(self.samples)


def quantise(signal: np.ndarray, units_per_value: float) -> np.ndarray:
    """The nearest 16-bit samples: (C, T) float -> (C, T) int16, in units of the resolution.

    Raises DataError where a sample is beyond their range: no heart gives 32.767 mV, a mistaken unit does.
    """
    stored = np.rint(signal * units_per_value)
    peak = float(np.abs(stored).max(initial=0.0))
    if not peak <= LIMIT:
        raise DataError(
            f"its peak of {peak * RESOLUTION_MV:.6g} mV is beyond the {LIMIT * RESOLUTION_MV:g} mV of a store; "
            "is the unit right?"
        )
    return stored.astype(SAMPLE_TYPE)


@dataclass(eq=False)
class ShardWriter:
    """Writes blocks, in order, into signals-00000.arrow, signals-00001.arrow, ... of a folder; a context manager."""

    folder: Path
    counts: dict[str, int] = field(default_factory=dict)  # file name -> number of records
    _file: BinaryIO | None = None
    _writer: Any = None

    def write(self, record_ids: Sequence[str], block: Block) -> None:
        """Append one block; raises OSError where the disk is full."""
        if self._file is None or self._file.tell() >= MAX_SHARD_BYTES:
            self._close()
            self._start()
        columns = [
            pa.array(record_ids, type=pa.string()),
            _binary(block.samples),
            _binary(block.lead_state),
            pa.array(block.num_valid, type=pa.int32()),
        ]
        self._writer.write_table(pa.table(columns, schema=SCHEMA), writer_batch_size=len(block))
        self.counts[next(reversed(self.counts))] += len(block)

    def _start(self) -> None:
        from datasets import Features
        from datasets.arrow_writer import ArrowWriter

        name = f"signals-{len(self.counts):05d}.arrow"
        self.counts[name] = 0
        self._file = (self.folder / name).open("wb")
        self._writer = ArrowWriter(features=Features.from_arrow_schema(SCHEMA), stream=self._file)

    def _close(self) -> None:
        if self._file is not None:
            self._writer.finalize(close_stream=False)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._close()
        elif self._file is not None:
            self._file.close()


def read_shard(path: Path, shape: tuple[int, int], num_records: int) -> tuple[list[str], list[Block]]:
    """The record ids of a shard and its blocks, whose samples lie in the memory map: (n, C, T) each.

    Raises DataError where the file is missing, cut short or of another shape.
    """
    from datasets import Dataset

    if not path.is_file():
        raise DataError(f"{path} is missing; prepare the data again")
    try:
        table = Dataset.from_file(str(path)).data.table
        batches = [batch for batch in table.to_batches() if len(batch)]
        blocks = [_block(batch, shape) for batch in batches]
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged ({str(error).splitlines()[0]}); prepare the data again") from error
    if table.num_rows != num_records:
        raise DataError(f"{path} has {table.num_rows} records, the store says {num_records}; prepare the data again")
    return [record_id for batch in batches for record_id in batch.column("record_id").to_pylist()], blocks


def _block(batch: pa.RecordBatch, shape: tuple[int, int]) -> Block:
    return Block(
        samples=_rows(batch.column("signal"), SAMPLE_TYPE, shape),
        lead_state=_rows(batch.column("lead_state"), np.dtype(np.uint8), shape[:1]),
        num_valid=batch.column("num_valid").to_numpy(),
    )


def _binary(rows: np.ndarray) -> pa.Array:
    """One binary value for each row of a contiguous array, without a copy."""
    width = rows[0].nbytes
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(rows)
    return pa.Array.from_buffers(pa.binary(), len(rows), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _rows(values: pa.Array, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
    """The inverse of _binary; raises ValueError where the values are not all of one shape."""
    _, offsets_buffer, data = values.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[values.offset : values.offset + len(values) + 1]
    width = int(np.prod(shape)) * dtype.itemsize
    if (np.diff(offsets) != width).any():
        raise ValueError(f"its values are not all {width} bytes long")
    flat = np.frombuffer(data, dtype=dtype, count=len(values) * int(np.prod(shape)), offset=int(offsets[0]))
    return flat.reshape(len(values), *shape)
