"""What is checked of a vendor's file, whoever parses it: its size, its rate, the dates of its person."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ecg_text.errors import SignalError

MIB = 2**20
_LEAST_RATE_HZ, _MOST_RATE_HZ = 1.0, 100_000.0


def checked_size(path: Path, name: str, most_bytes: int) -> int:
    """The size of a file in bytes. Raises SignalError where it is larger than a reader of this format can hold."""
    size = path.stat().st_size
    if size > most_bytes:
        raise SignalError(
            f"{path}: {size / MIB:.0f} MiB are too many for {name} (at most {most_bytes / MIB:.0f} MiB); "
            "cut it with the maker's software, or export EDF"
        )
    return size


def checked_rate(path: Path, rate_hz: float) -> float:
    """A sampling rate that an ECG can have. Raises SignalError for any other."""
    if not _LEAST_RATE_HZ <= rate_hz <= _MOST_RATE_HZ:
        raise SignalError(f"{path}: a rate of {rate_hz:g} Hz is no ECG's; get a file with 1 to 100000 samples a second")
    return rate_hz


def years_between(born: date, recorded: date) -> float | None:
    """Completed years of age on the day of the recording, or None where the dates are in the wrong order."""
    years = recorded.year - born.year - ((recorded.month, recorded.day) < (born.month, born.day))
    return float(years) if years >= 0 else None
