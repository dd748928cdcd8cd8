"""An array without facts becomes a recording once the caller has stated its rate, unit and leads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.leads import normalise_leads
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.units import mv_per_unit

# What else an array may hold, by the kind of its type: the names of its fields are free text.
_KINDS = MappingProxyType(
    {"c": "complex numbers", "b": "truth values", "U": "texts", "S": "texts", "O": "objects", "V": "records"}
)


def bare_recording(
    path: Path,
    array: Any,
    stated: Stated,
    *,
    kind: str,
    named_columns: bool = False,
    remarks: Sequence[str] = (),
) -> Recording:
    """The recording of an array (leads, samples) or (samples, leads), told apart by the number of leads.

    array has a shape and is sliced when a stretch is loaded: a numpy array, a map of a file, an HDF5 data set.
    With named_columns, each column is a lead. Raises SignalError for a missing statement or a shape that fits both
    ways or neither, LeadError for an unknown lead.
    """
    names = None if stated.leads is None else normalise_leads(stated.leads)
    facts = (("rate_hz", stated.rate_hz), ("unit", stated.unit), ("leads", names))
    missing = [name for name, value in facts if value is None]
    if missing or stated.rate_hz is None or stated.unit is None or names is None:
        options = " ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise SignalError(
            f"{path}: a {kind} file does not say its {', '.join(missing)}; state it when reading ({options})"
        )
    scale = scale_of(path, stated.unit)
    if not (math.isfinite(stated.rate_hz) and stated.rate_hz > 0):
        raise SignalError(f"{path}: rate_hz is {stated.rate_hz:g}; give the samples per second of a lead")
    axis = _lead_axis(path, tuple(array.shape), len(names), named_columns=named_columns)

    def load(start: int, stop: int) -> np.ndarray:
        with refusing(path, "the samples cannot be read"):
            if axis is None:
                block = np.asarray(array[start:stop])[None, :]
            else:
                block = np.asarray(array[:, start:stop] if axis == 0 else array[start:stop]).astype(np.float64)
            return (block.T if axis == 1 else block) * scale

    return Recording(
        record_id=path.stem,
        format=kind,
        rate_hz=float(stated.rate_hz),
        leads=names,
        num_samples=int(array.shape[0 if axis is None else 1 - axis]),
        load=load,
        trail=(f"read {kind} {path.name} in {stated.unit}", *remarks),
    )


def scale_of(path: Path, unit: str) -> float:
    """Millivolts in one of the stated unit. Raises SignalError where it is no voltage."""
    scale = mv_per_unit(unit)
    if scale is None:
        raise SignalError(f"{path}: unknown unit {unit!r}; give mV, uV or V")
    return scale


def check_numbers(path: Path, dtype: np.dtype) -> None:
    """Raises SignalError for an array of words, complex numbers or objects."""
    if dtype.kind not in "iuf":
        raise SignalError(f"{path}: an array of {_KINDS.get(dtype.kind, 'other things')}; save real numbers")


def _lead_axis(path: Path, shape: tuple[int, ...], num_leads: int, *, named_columns: bool) -> int | None:
    """The axis of the leads; None where the array is one plain row of numbers."""
    if len(shape) == 1 and num_leads == 1:
        return None
    if len(shape) != 2 or num_leads not in shape or (named_columns and shape[1] != num_leads):
        raise SignalError(f"{path}: an array of shape {shape} does not hold {num_leads} leads; name each lead")
    if named_columns:
        return 1
    if shape == (num_leads, num_leads):
        raise SignalError(
            f"{path}: an array of shape {shape} may be read both ways with {num_leads} leads; "
            "save it with another number of samples"
        )
    return 0 if shape[0] == num_leads else 1
