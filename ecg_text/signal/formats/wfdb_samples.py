"""The samples of a WFDB record in the units of its file: plain 16-bit files read fast, all others by wfdb."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.wfdb_header import PlainHeader

_INVALID_16 = -32768  # the stored value that means "no sample here"
_BYTES_PER_SAMPLE = {"8": 1.0, "80": 1.0, "16": 2.0, "61": 2.0, "160": 2.0, "24": 3.0, "32": 4.0, "212": 1.5}
# Old tools filled the last block of a file.
_BLOCK_BYTES = 512


@dataclass(frozen=True, eq=False, kw_only=True)
class Channels:
    """Samples (channels, T) in the units of the file."""

    samples: np.ndarray
    rate_hz: float
    names: tuple[str, ...]
    units: tuple[str, ...]


def read_plain(header: Path, plain: PlainHeader) -> Channels:
    """The samples as wfdb would read them, several times faster: archives hold hundreds of thousands of such files."""
    path = header.with_name(plain.file)
    num_channels = len(plain.channels)
    _check_size(path, plain.byte_offset, 2.0, num_channels, plain.num_samples)
    stored = np.fromfile(path, dtype="<i2", count=num_channels * plain.num_samples, offset=plain.byte_offset)
    stored = stored.reshape(plain.num_samples, num_channels).T
    samples = stored.astype(np.float64, order="C")
    samples -= np.array([[channel.baseline] for channel in plain.channels])
    samples /= np.array([[channel.gain] for channel in plain.channels])
    samples[stored == _INVALID_16] = np.nan
    return Channels(
        samples=samples,
        rate_hz=plain.rate_hz,
        names=tuple(channel.name for channel in plain.channels),
        units=tuple(channel.unit for channel in plain.channels),
    )


def read_with_wfdb(header: Path) -> Channels:
    """The samples of any record that wfdb knows. Raises SignalError where a file is missing, cut or damaged."""
    import wfdb

    name = str(header.with_suffix(""))
    try:
        described = wfdb.rdheader(name)
        _check_files(header, described)
        read = wfdb.rdrecord(name)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, OSError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SignalError(f"{header}: wfdb cannot read the record ({told}); get the original files") from error
    if read.p_signal is None or read.fs is None:
        raise SignalError(f"{header}: the record has no signals; give a header that describes an ECG")
    return Channels(
        samples=read.p_signal.T,
        rate_hz=float(read.fs),
        names=tuple(name or "" for name in read.sig_name),
        units=tuple(read.units),
    )


def _check_files(header: Path, described: Any) -> None:
    """Every signal file is there and as long as the header says; wfdb itself may read a cut file without a word."""
    if getattr(described, "file_name", None) is None or described.sig_len is None:
        return
    for file in sorted({file for file in described.file_name if file != "~"}):
        numbers = [number for number, name in enumerate(described.file_name) if name == file]
        size = _BYTES_PER_SAMPLE.get(described.fmt[numbers[0]], 0.0)
        per_frame = sum(described.samps_per_frame[number] or 1 for number in numbers)
        offset = described.byte_offset[numbers[0]] or 0
        _check_size(header.with_name(file), offset, size, per_frame, described.sig_len)


def _check_size(path: Path, offset: int, sample_bytes: float, num_channels: int, num_samples: int) -> None:
    try:
        size = path.stat().st_size
    except OSError:
        raise SignalError(f"{path}: the signal file is missing; put it beside its header") from None
    if sample_bytes == 0:
        return
    wanted = offset + int(sample_bytes * num_channels * num_samples)
    if wanted <= size < wanted + _BLOCK_BYTES:
        return
    other, rest = divmod(size - offset, int(sample_bytes * num_samples))
    as_leads = f", which is {other} leads" if rest == 0 and other > 0 else ""
    cut = "the signal file is cut" if size < wanted else "the signal file is too long"
    raise SignalError(
        f"{path}: {cut}: {size} bytes{as_leads}, but the header says {num_channels} leads of {num_samples} samples, "
        f"{wanted} bytes; get the original files"
    )
