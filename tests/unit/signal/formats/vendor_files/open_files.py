"""The open formats: WFDB by wfdb, .mat by scipy, HDF5 by h5py, and tables by numpy and pyarrow."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.unit.signal.formats.vendor_files.source import Source

UNITS_PER_MV = 1000
_CODE15_SAMPLES = 4096


def write_wfdb(path: Path, source: Source, *, fmt: str = "16") -> Path:
    """A header and a signal file of one of WFDB's formats; 212 has 12 bits, so it holds steps of 5 uV."""
    import wfdb

    units_per_mv = 200 if fmt == "212" else UNITS_PER_MV
    num_leads = len(source.leads)
    wfdb.wrsamp(
        path.name,
        fs=source.rate_hz,
        units=["mV"] * num_leads,
        sig_name=list(source.leads),
        d_signal=np.rint(source.signal.T * units_per_mv).astype(np.int64),
        fmt=[fmt] * num_leads,
        adc_gain=[float(units_per_mv)] * num_leads,
        baseline=[0] * num_leads,
        write_dir=str(path.parent),
    )
    return path.with_suffix(".hea")


def write_challenge(path: Path, source: Source) -> Path:
    """The PhysioNet Challenge's pair: a WFDB header over a MATLAB 4 file, whose 24 bytes of header are skipped."""
    from scipy.io import savemat

    stored = source.stored(1000 / UNITS_PER_MV)
    savemat(path.with_suffix(".mat"), {"val": stored}, format="4")
    lines = [f"{path.name} {len(stored)} {source.rate_hz} {stored.shape[1]}"]
    lines += [
        f"{path.name}.mat 16+24 {UNITS_PER_MV}/mV 16 0 {row[0]} {int(row.sum(dtype=np.int16))} 0 {lead}"
        for lead, row in zip(source.leads, stored, strict=True)
    ]
    path.with_suffix(".hea").write_text("\n".join(lines) + "\n")
    return path.with_suffix(".hea")


def write_code15(path: Path, source: Source) -> Path:
    """CODE-15 %: tracings (exams, 4096, 12) at 400 Hz, zeros behind them, and the exams' numbers."""
    import h5py

    tracings = np.zeros((1, _CODE15_SAMPLES, len(source.leads)), dtype=np.float32)
    tracings[0, : source.signal.shape[1]] = source.signal.T[:_CODE15_SAMPLES]
    with h5py.File(path.with_suffix(".hdf5"), "w") as file:
        file["tracings"] = tracings
        file["exam_id"] = np.array([7])
    return path.with_suffix(".hdf5")


def write_sph(path: Path, source: Source) -> Path:
    """SPH: one array, half precision, mV at 500 Hz."""
    import h5py

    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file["ecg"] = source.signal.astype(np.float16)
    return path.with_suffix(".h5")


def write_npy(path: Path, source: Source) -> Path:
    """A bare array in mV."""
    np.save(path.with_suffix(".npy"), source.signal)
    return path.with_suffix(".npy")


def write_csv(path: Path, source: Source) -> Path:
    """A column a lead, named in the first row."""
    header = ",".join(source.leads)
    np.savetxt(path.with_suffix(".csv"), source.signal.T, delimiter=",", header=header, comments="", fmt="%.6f")
    return path.with_suffix(".csv")


def write_parquet(path: Path, source: Source) -> Path:
    """A column a lead, by pyarrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({lead: row.astype(np.float32) for lead, row in zip(source.leads, source.signal, strict=True)})
    pq.write_table(table, path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")
