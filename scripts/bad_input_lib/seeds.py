"""Good files of every format, made by the formats' own libraries: what is damaged afterwards."""

from __future__ import annotations

import functools
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.synthetic.synthesise import synthesise

RATE_HZ = 250.0
UNITS_PER_MV = 1000


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A good file (or several that belong together): names and bytes, the one to be read, and whether it is text."""

    files: dict[str, bytes]
    entry: str
    is_text: bool = False


@functools.cache
def good_record() -> Record:
    """Ten seconds of a synthetic twelve-lead ECG."""
    generator = np.random.default_rng(12)
    return synthesise("sinus rhythm", generator, rate_hz=RATE_HZ, duration_s=10.0, record_id="good").record


def _stored() -> np.ndarray:
    """The good record as (12, T) whole microvolts."""
    return np.rint(good_record().signal * UNITS_PER_MV).astype(np.int16)


def _written(write: Callable[[Path], object]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        write(Path(name))
        return {str(path.relative_to(name)): path.read_bytes() for path in Path(name).rglob("*") if path.is_file()}


def wfdb_of_format(fmt: str) -> Seed:
    """A header and a signal file by wfdb.wrsamp in one of its storage formats."""
    import wfdb

    record = good_record()
    halved = _stored() // (2 if fmt in ("16", "24", "32", "212") else 64)

    def write(folder: Path) -> None:
        wfdb.wrsamp(
            "good", fs=RATE_HZ, units=["mV"] * 12, sig_name=list(record.leads), d_signal=halved.T.astype(np.int64),
            fmt=[fmt] * 12, adc_gain=[500.0] * 12, baseline=[0] * 12, comments=["Age: 61", "Sex: Male"],
            write_dir=str(folder),
        )  # fmt: skip

    return Seed(files=_written(write), entry="good.hea")


def wfdb_segments() -> Seed:
    """A record of two segments and a gap, with a layout header, as in MIMIC's waveforms."""
    one = wfdb_of_format("16").files
    header = one["good.hea"].decode()
    files = {}
    for name in ("s1", "s2"):
        files[f"{name}.hea"] = header.replace("good", name).encode()
        files[f"{name}.dat"] = one["good.dat"]
    layout = header.replace("good.dat", "~").replace("good", "layout").replace(" 2500", " 0").encode()
    files["layout.hea"] = layout
    files["good.hea"] = b"good/4 12 250 5500\nlayout 0\ns1 2500\n~ 500\ns2 2500\n"
    return Seed(files=files, entry="good.hea")


def challenge_mat() -> Seed:
    """A header and a MATLAB 4 file with a head of 24 bytes, as in the PhysioNet Challenges."""
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, {"val": _stored()}, format="4")
    lines = [f"good 12 {RATE_HZ:g} {good_record().num_samples}"]
    lines += [
        f"good.mat 16+24 1000/mV 16 0 {row[0]} 0 0 {lead}"
        for row, lead in zip(_stored(), good_record().leads, strict=True)
    ]
    head = "\n".join([*lines, "#Age: 61", "#Sex: Male", "#Dx: 426783006", ""])
    return Seed(files={"good.hea": head.encode(), "good.mat": stream.getvalue()}, entry="good.hea")


def bare_mat(version: str, compressed: bool = False) -> Seed:
    """A MATLAB file of version 4 or 5 without a header beside it."""
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, {"val": _stored()}, format=version, do_compression=compressed)
    return Seed(files={"good.mat": undated_mat(stream.getvalue())}, entry="good.mat")


def undated_mat(content: bytes) -> bytes:
    """A MATLAB 5 file without the time at which it was written, so that a seed stands for the same files every day."""
    is_5 = content.startswith(b"MATLAB 5.0")
    return b"MATLAB 5.0 MAT-file".ljust(116) + content[116:] if is_5 else content


def npy(version: tuple[int, int]) -> Seed:
    """A NumPy file of one of the three versions of its header."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, _stored().astype(np.float32) / UNITS_PER_MV, version=version)
    return Seed(files={"good.npy": stream.getvalue()}, entry="good.npy")


def npz() -> Seed:
    """A compressed NumPy archive."""
    stream = io.BytesIO()
    np.savez_compressed(stream, val=_stored())
    return Seed(files={"good.npz": stream.getvalue()}, entry="good.npz")


def csv() -> Seed:
    """Comma-separated millivolts with the leads' names in the first row."""
    stream = io.StringIO()
    np.savetxt(
        stream,
        good_record().signal.T[:1250],
        fmt="%.3f",
        delimiter=",",
        comments="",
        header=",".join(good_record().leads),
    )
    return Seed(files={"good.csv": stream.getvalue().encode()}, entry="good.csv", is_text=True)


def parquet_columns() -> Seed:
    """A foreign table with one column of millivolts for each lead."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    table = pa.table(dict(zip(good_record().leads, good_record().signal, strict=True)))
    pq.write_table(table, stream)
    return Seed(files={"good.parquet": stream.getvalue()}, entry="good.parquet")


def parquet_ours() -> Seed:
    """Records of our own in a Parquet file."""
    from ecg_text.signal.formats.write_parquet import write_parquet

    return Seed(
        files=_written(lambda folder: write_parquet([good_record()], folder / "good.parquet")), entry="good.parquet"
    )


def hdf5_code15(compression: str | None) -> Seed:
    """The layout of CODE-15: tracings (N, 4096, 12) at 400 Hz in units of 0.1 mV and exam_id (N,)."""
    import h5py

    def write(folder: Path) -> None:
        with h5py.File(folder / "good.hdf5", "w") as file:
            tracings = np.zeros((3, 4096, 12), np.float32)
            tracings[:, 798:3298] = good_record().signal.T
            file.create_dataset("tracings", data=tracings, compression=compression)
            file.create_dataset("exam_id", data=np.array([11, 12, 13]))

    return Seed(files=_written(write), entry="good.hdf5")


def hdf5_sph() -> Seed:
    """The layout of SPH: one dataset ecg (12, T) of float16 at 500 Hz."""
    import h5py

    def write(folder: Path) -> None:
        with h5py.File(folder / "good.h5", "w") as file:
            file.create_dataset("ecg", data=good_record().signal.astype(np.float16), compression="gzip")

    return Seed(files=_written(write), entry="good.h5")


OPEN_SEEDS: MappingProxyType[str, Callable[[], Seed]] = MappingProxyType(
    {
        "wfdb 16": functools.partial(wfdb_of_format, "16"),
        "wfdb 212": functools.partial(wfdb_of_format, "212"),
        "wfdb 24": functools.partial(wfdb_of_format, "24"),
        "wfdb 32": functools.partial(wfdb_of_format, "32"),
        "wfdb 80": functools.partial(wfdb_of_format, "80"),
        "wfdb flac": functools.partial(wfdb_of_format, "516"),
        "wfdb segments": wfdb_segments,
        "challenge mat": challenge_mat,
        "mat 4": functools.partial(bare_mat, "4"),
        "mat 5": functools.partial(bare_mat, "5"),
        "mat 5 compressed": functools.partial(bare_mat, "5", compressed=True),
        "npy 1": functools.partial(npy, (1, 0)),
        "npy 2": functools.partial(npy, (2, 0)),
        "npz": npz,
        "csv": csv,
        "parquet columns": parquet_columns,
        "parquet ours": parquet_ours,
        "hdf5 code-15": functools.partial(hdf5_code15, None),
        "hdf5 code-15 gzip": functools.partial(hdf5_code15, "gzip"),
        "hdf5 sph": hdf5_sph,
    }
)
