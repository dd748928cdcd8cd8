"""The samples of a WFDB record in the units of its file: plain 16-bit files read fast, all others by wfdb."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.guard import refusing, told_error
from ecg_text.signal.formats.paths import is_file
from ecg_text.signal.formats.wfdb_header import PlainHeader, files_in_folder, parse_plain_header, read_header_lines

_INVALID_16 = -32768  # the stored value that means "no sample here"
_BYTES_PER_SAMPLE = {
    "8": 1.0, "80": 1.0, "16": 2.0, "61": 2.0, "160": 2.0, "24": 3.0, "32": 4.0, "212": 1.5, "310": 4 / 3, "311": 4 / 3,
}  # fmt: skip
# Old tools filled the last block of a file.
_BLOCK_BYTES = 512


@dataclass(frozen=True, eq=False, kw_only=True)
class Signals:
    """The signals of a record: num_samples of each channel; load(start, stop, rows) gives (rows, n) in file units."""

    rate_hz: float
    num_samples: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    load: Callable[[int, int, tuple[int, ...]], np.ndarray]


def plain_signals(header: Path, plain: PlainHeader) -> Signals:
    """The signals as wfdb would read them, several times faster: archives hold hundreds of thousands of such files."""
    path, num_channels = header.with_name(plain.file), len(plain.channels)
    _check_there(header, path)
    _check_size(path, plain.byte_offset, 2.0, num_channels, plain.num_samples)

    def load(start: int, stop: int, rows: tuple[int, ...]) -> np.ndarray:
        offset = plain.byte_offset + 2 * num_channels * start
        try:
            stored = np.fromfile(path, dtype="<i2", count=num_channels * (stop - start), offset=offset)
            stored = stored.reshape(stop - start, num_channels).T
        except (OSError, ValueError) as error:
            raise SignalError(f"{path}: the signal file cannot be read ({told_error(error)}); get it again") from error
        if len(rows) < num_channels:
            stored = stored[list(rows)]
        samples = stored.astype(np.float64, order="C")
        samples -= np.array([[plain.channels[row].baseline] for row in rows])
        samples /= np.array([[plain.channels[row].gain] for row in rows])
        samples[stored == _INVALID_16] = np.nan
        return samples

    return Signals(
        rate_hz=plain.rate_hz,
        num_samples=plain.num_samples,
        names=tuple(channel.name for channel in plain.channels),
        units=tuple(channel.unit for channel in plain.channels),
        load=load,
    )


def other_signals(header: Path, lines: list[str]) -> Signals:
    """The signals of any record that wfdb knows. Raises SignalError where a file is missing, cut or damaged."""
    _check_names(header, lines)
    import wfdb

    name = str(header.with_suffix(""))
    with refusing(header, "wfdb cannot read the record", "get the original files"):
        described = wfdb.rdheader(name)
        num_samples = _num_samples(header, described)
        if num_samples < 1:
            raise SignalError(f"{header}: the record has no signals; give a header that describes an ECG")
        first = wfdb.rdrecord(name, sampfrom=0, sampto=1)

    def load(start: int, stop: int, rows: tuple[int, ...]) -> np.ndarray:
        with refusing(header, "wfdb cannot read the record", "get the original files"):
            read = wfdb.rdrecord(name, sampfrom=start, sampto=stop)
            if list(read.sig_name) != list(first.sig_name) or len(read.p_signal) != stop - start:
                raise SignalError(f"{header}: its segments do not fit together; get the original files")
            return np.asarray(read.p_signal[:, list(rows)].T)

    if first.p_signal is None or not first.fs:
        raise SignalError(f"{header}: the record has no signals; give a header that describes an ECG")
    return Signals(
        rate_hz=float(first.fs),
        num_samples=num_samples,
        names=tuple(name or "" for name in first.sig_name),
        units=tuple(unit or "" for unit in first.units),
        load=load,
    )


def _check_names(header: Path, lines: list[str]) -> None:
    """No file out of the header's folder is named, by it or by the headers of its segments, and none is cut."""
    for number, segment in enumerate(files_in_folder(header, lines)[1], start=1):
        path = header.with_name(f"{segment}.hea")
        if not is_file(path) and not _is_named_after(header, segment):
            raise SignalError(f"{header}: the header of a segment is missing; put all files beside it")
        inner = read_header_lines(path)[0]
        if files_in_folder(path, inner)[1]:
            raise SignalError(f"{header}: its segment {number} is in segments again; get the original files")
        _check_segment(path, inner)
    if header.suffix != ".hea":
        raise SignalError(f"{header}: wfdb reads this record by a lower-case .hea only; name it {header.stem}.hea")


def _check_segment(path: Path, lines: list[str]) -> None:
    """Its signal files are there and whole; a day of segments has thousands, so wfdb reads only the odd headers."""
    plain = parse_plain_header(lines)
    if plain is not None:
        _check_there(path, path.with_name(plain.file))
        _check_size(path.with_name(plain.file), plain.byte_offset, 2.0, len(plain.channels), plain.num_samples)
        return
    import wfdb

    with refusing(path, "wfdb cannot read the header", "get the original files"):
        described = wfdb.rdheader(str(path.with_suffix("")))
        if described.sig_len:  # the header of a layout has no samples
            _num_samples(path, described)


def _num_samples(header: Path, described: Any) -> int:
    """Samples of each channel, after a look at every signal file: wfdb itself may read a cut one without a word."""
    if hasattr(described, "seg_name"):
        total = sum(described.seg_len)
        if described.sig_len not in (None, total):
            raise SignalError(
                f"{header}: segments of {total} samples, {described.sig_len} announced; get the originals"
            )
        return int(total)
    num_samples = described.sig_len
    for file in sorted({file for file in described.file_name or () if file != "~"}):
        numbers = [number for number, name in enumerate(described.file_name) if name == file]
        sample_bytes = _BYTES_PER_SAMPLE.get(described.fmt[numbers[0]], 0.0)
        per_frame = sum(described.samps_per_frame[number] or 1 for number in numbers)
        offset, path = described.byte_offset[numbers[0]] or 0, header.with_name(file)
        _check_there(header, path)
        if num_samples is None and sample_bytes:
            num_samples = int((path.stat().st_size - offset) / (sample_bytes * per_frame))
        if num_samples is not None:
            _check_size(path, offset, sample_bytes, per_frame, num_samples)
    return int(num_samples or 0)


def _check_there(header: Path, path: Path) -> None:
    """A signal file is there. A name that only a header gives is free text, and is not repeated."""
    if not is_file(path):
        told = path if _is_named_after(header, path.name) else header
        raise SignalError(f"{told}: the signal file is missing; put it beside its header")


def _is_named_after(header: Path, name: str) -> bool:
    """Whether a name is the header's own with at most a number behind it, so that it tells nothing more."""
    return re.fullmatch(r"([_-]?\d{1,4})?(\.(dat|mat|hea))?", name.removeprefix(header.stem), re.IGNORECASE) is not None


def _check_size(path: Path, offset: int, sample_bytes: float, num_channels: int, num_samples: int) -> None:
    size = path.stat().st_size
    if sample_bytes == 0:
        return
    wanted = offset + int(sample_bytes * num_channels * num_samples)
    if wanted <= size < wanted + _BLOCK_BYTES:
        return
    other, rest = divmod(size - offset, int(sample_bytes * num_samples) or 1)
    as_leads = f", which is {other} leads" if rest == 0 and other > 0 else ""
    cut = "the signal file is cut" if size < wanted else "the signal file is too long"
    raise SignalError(
        f"{path}: {cut}: {size} bytes{as_leads}, but the header says {num_channels} leads of {num_samples} samples, "
        f"{wanted} bytes; get the original files"
    )
