"""Bare arrays as recordings: .npy, .csv and .mat files, which do not say their rate, unit or leads."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ecg_text.errors import LeadError, SignalError
from ecg_text.leads import find_lead, normalise_leads
from ecg_text.record import Record
from ecg_text.signal.units import mv_per_unit

SUFFIXES = (".npy", ".csv", ".mat")
_TIME_COLUMNS = ("", "time", "time_s", "time_ms", "t", "sample", "index")


def read_array(
    path: str | Path,
    *,
    rate_hz: float | None = None,
    unit: str | None = None,
    leads: Iterable[str] | None = None,
) -> Record:
    """The record in a .npy, .csv or bare .mat file: samples of the stated rate and unit, of the leads named in order.

    The array is (leads, samples) or (samples, leads), told apart by the number of leads. A csv file may name its
    leads in a first row. Raises SignalError for a missing statement, an unreadable file or a shape that fits both
    ways or neither, LeadError where the named leads are not those of the csv's first row.
    """
    path = Path(path)
    array, columns = _READERS[path.suffix.lower()](path) if path.suffix.lower() in _READERS else (None, ())
    if array is None:
        raise SignalError(f"{path}: {path.suffix or 'no'} suffix; give a {', '.join(SUFFIXES)} file")
    names = _lead_names(path, columns, leads)
    missing = [name for name, value in (("rate_hz", rate_hz), ("unit", unit), ("leads", names)) if value is None]
    if missing or rate_hz is None or unit is None or names is None:
        raise SignalError(
            f"{path}: a {path.suffix} file does not say its {', '.join(missing)}; "
            "state it when reading (--rate-hz --unit --leads)"
        )
    scale = mv_per_unit(unit)
    if scale is None:
        raise SignalError(f"{path}: unknown unit {unit!r}; give mV, uV or V")
    return Record(
        signal=_leads_first(path, array, len(names), named_columns=bool(columns)) * scale,
        rate_hz=rate_hz,
        leads=names,
        record_id=path.stem,
        trail=(f"read {path.suffix[1:]} {path.name} in {unit}",),
    )


def _lead_names(path: Path, columns: tuple[str, ...], leads: Iterable[str] | None) -> tuple[str, ...] | None:
    """The caller's lead names, or the columns'; both must agree where the columns are named after leads."""
    if leads is None:
        return normalise_leads(columns) if columns else None
    named = normalise_leads(leads)
    known = tuple(find_lead(column) for column in columns)
    if columns and None not in known and known != named:
        raise LeadError(f"{path}: its first row names {', '.join(columns)}, not {', '.join(named)}; give no leads")
    return named


def _leads_first(path: Path, array: np.ndarray, num_leads: int, *, named_columns: bool) -> np.ndarray:
    """The array as (leads, samples)."""
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2 or num_leads not in array.shape:
        raise SignalError(f"{path}: an array of shape {array.shape} does not hold {num_leads} leads; name each lead")
    if named_columns:
        return array.T
    if array.shape == (num_leads, num_leads):
        raise SignalError(
            f"{path}: an array of shape {array.shape} may be read both ways with {num_leads} leads; "
            "save it with another number of samples"
        )
    return array if array.shape[0] == num_leads else array.T


def _read_npy(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error
    return _numbers(path, array), ()


def _read_csv(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """The numbers, and the names of the columns where a first row has them; a column of times is left out."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        first = lines[0] if lines else ""
        delimiter = next((mark for mark in ("\t", ";", ",") if mark in first), ",")
        names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
        has_names = not all(_is_number(name) for name in names)
        if len(lines) <= has_names:
            raise ValueError("it has no numbers")
        array = np.loadtxt(lines[has_names:], delimiter=delimiter, ndmin=2, comments=None)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not has_names:
        return array, ()
    if array.shape[1] != len(names):
        raise SignalError(f"{path}: {len(names)} names above {array.shape[1]} columns; give one name a column")
    kept = [number for number, name in enumerate(names) if name.lower() not in _TIME_COLUMNS]
    return array[:, kept], tuple(names[number] for number in kept)


def _read_mat(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        variables = loadmat(path)
    except NotImplementedError as error:
        raise SignalError(f"{path}: MATLAB 7.3 files are not read; save it with the option -v7") from error
    except (OSError, ValueError, TypeError, MatReadError) as error:
        raise _unreadable(path, error) from error
    arrays = {name: value for name, value in variables.items() if not name.startswith("__")}
    if "val" not in arrays and len(arrays) != 1:
        raise SignalError(f"{path}: it holds {', '.join(arrays) or 'nothing'}; save one array, or name it val")
    return _numbers(path, np.asarray(arrays["val"] if "val" in arrays else next(iter(arrays.values())))), ()


_READERS = {".npy": _read_npy, ".csv": _read_csv, ".mat": _read_mat}


def _numbers(path: Path, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "iuf":
        raise SignalError(f"{path}: an array of type {array.dtype}; save real numbers")
    return array.astype(np.float64)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _unreadable(path: Path, error: Exception) -> SignalError:
    told = str(error).splitlines()[0] if str(error) else type(error).__name__
    return SignalError(f"{path}: the file cannot be read ({told}); give a complete {path.suffix} file")
