"""What the names above the columns of a table say: which are leads, in which unit, and which one counts the time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ecg_text.errors import LeadError, SignalError
from ecg_text.leads import find_lead, normalise_leads
from ecg_text.signal.formats.channels import leads_in_file, told_channel
from ecg_text.signal.formats.recording import Stated
from ecg_text.signal.units import mv_per_unit

# 'I [mV]', 'I (uV)', 'II/mV', 'time_ms'.
_NAME_AND_UNIT = re.compile(r"(?P<name>.*?)\s*(?:\[(?P<a>[^\]]*)\]|\((?P<b>[^)]*)\)|[/_](?P<c>[^/_\s]+))\s*", re.DOTALL)
_LONGEST_NAME = 64
_TIMES = frozenset(("time", "t", "elapsed time", "elapsed_time"))
_COUNTS = frozenset(("", "sample", "index", "__index_level_0__"))
_SECONDS = MappingProxyType({"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6})
# A step of "time" up to this is in seconds: no ECG has fewer than 20 samples in one, or 20,000 in a millisecond.
_LONGEST_STEP_S = 0.05
_UNEVEN = 0.3  # of a step: a sample that is missing moves its neighbours by half a step or more, rounding by less
_FARTHEST_RATE = 0.01


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The places of the columns that are samples, what is known of them, and the place of the times among all.

    time_s is what one unit of the times is in seconds, or None where their name does not say it.
    """

    kept: tuple[int, ...]
    stated: Stated
    time: int | None = None
    time_s: float | None = None
    told: tuple[str, ...] = ()


def understand(path: Path, names: Sequence[str], numeric: Sequence[bool], stated: Stated) -> Columns:
    """What the names of the columns and the caller say together; only numeric columns can be samples or times.

    Where some columns are named after leads, they are the samples, and the rest is left out; where none is, all are,
    in the caller's order of leads. Raises LeadError where the caller's leads are not those of the columns or none are
    known, SignalError where units differ or contradict the caller's.
    """
    parts = [_parts(name) for name in names]
    times = [n for n, (base, _) in enumerate(parts) if base.lower() in _TIMES and numeric[n]]
    others = [n for n, (base, _) in enumerate(parts) if n not in times and base.lower() not in _COUNTS and numeric[n]]
    leads = [n for n in others if find_lead(parts[n][0]) is not None]
    kept = leads or others
    found = tuple(parts[n][0] for n in kept)
    if leads or stated.leads is None:
        known = leads_in_file(path, found) if found else None
        if known and stated.leads is not None and not stated.among_others and normalise_leads(stated.leads) != known:
            told = f"its columns name {', '.join(known)}, not {', '.join(normalise_leads(stated.leads))}"
            raise LeadError(f"{path}: {told}; give no leads")
        stated = replace(stated, leads=known)
    left_out = [told_channel(names[n], "") for n in range(len(names)) if parts[n][0].lower() not in _TIMES | _COUNTS
                and n not in kept]  # fmt: skip
    return Columns(
        kept=tuple(kept),
        stated=replace(stated, unit=_unit(path, [parts[n][1] for n in kept], stated)),
        time=times[0] if times else None,
        time_s=_SECONDS.get(parts[times[0]][1].lower()) if times else None,
        told=(f"leave out columns {', '.join(left_out)}",) if left_out else (),
    )


def with_rate(path: Path, columns: Columns, times: np.ndarray) -> Columns:
    """The columns with the rate that the times (T,) say, if they are even; it agrees to 1 % with a stated one.

    Raises SignalError where it does not, or where uneven times are all that says the rate.
    """
    stated = None if columns.stated.among_others else columns.stated.rate_hz
    step = float(times[-1] - times[0]) / (len(times) - 1) if len(times) > 2 else 0.0
    step_s = step * (columns.time_s or 1.0)
    if columns.time_s is None and not 0 < step_s <= _LONGEST_STEP_S:
        return columns  # sample numbers, or milliseconds: no telling
    if not np.isfinite(times).all() or not step_s > 0:
        far, rate_hz = np.inf, 0.0
    else:
        far = float(np.abs(times - times[0] - step * np.arange(len(times))).max()) / step
        rate_hz = _rounded(1 / step_s, far / (len(times) - 1))
    if stated is not None and not abs(rate_hz - stated) <= _FARTHEST_RATE * stated:
        raise SignalError(f"{path}: its times say {rate_hz:g} samples per second, not {stated:g}; give the right rate")
    if far > _UNEVEN and columns.stated.rate_hz is None:
        raise SignalError(f"{path}: its times are not even, a sample may be missing; fill the gap, or state --rate-hz")
    if far > _UNEVEN:
        return replace(columns, told=(*columns.told, "its times are not even, take the stated rate"))
    if stated is not None:
        return columns
    told = f"take {rate_hz:g} Hz from its column of times"
    return replace(columns, stated=replace(columns.stated, rate_hz=rate_hz), told=(*columns.told, told))


def _rounded(rate_hz: float, doubt: float) -> float:
    """The whole number beside a rate, where rounded times (by a share of doubt) cannot tell them apart."""
    whole = float(round(rate_hz))
    return whole if abs(rate_hz - whole) <= (2 * doubt + 1e-9) * rate_hz else rate_hz


def names_a_lead(name: str) -> bool:
    """Whether a column's name, without its unit, is a lead's."""
    return find_lead(_parts(name)[0]) is not None


def _parts(name: str) -> tuple[str, str]:
    """A column's name and its unit of voltage or time; without one, the whole name."""
    name = name.strip()
    match = _NAME_AND_UNIT.fullmatch(name) if len(name) <= _LONGEST_NAME else None
    unit = (match["a"] or match["b"] or match["c"] or "").strip() if match else ""
    if match is None or (mv_per_unit(unit) is None and unit.lower() not in _SECONDS):
        return name, ""
    return match["name"].strip(), unit


def _unit(path: Path, units: Sequence[str], stated: Stated) -> str | None:
    scales = {mv_per_unit(unit) for unit in units}
    if scales <= {None}:
        return stated.unit
    if len(scales) > 1:
        raise SignalError(f"{path}: its columns do not all name the same unit; give all of them in mV")
    own = next(unit for unit in units if mv_per_unit(unit) is not None)
    if stated.unit is not None and not stated.among_others and mv_per_unit(stated.unit) not in scales:
        raise SignalError(f"{path}: its columns say that they are in {own}, not in {stated.unit}; give no unit")
    return own
