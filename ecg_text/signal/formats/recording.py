"""A recording that is open but not read: what its file says, and a way to any stretch of its samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.facts import Facts, Keep

# A record is held in memory twice while it is read: as the file's samples and as float32. This is a day of three
# leads at 250 Hz, 256 MiB; what is longer is read by window.
MOST_VALUES = 2**26


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What the caller states of a file that does not say it itself.

    Of a file among_others (a folder's, an archive's, a list's), it counts only as far as the file does not say it; a
    file given alone is refused where it says it, too.
    """

    rate_hz: float | None = None
    unit: str | None = None
    leads: tuple[str, ...] | None = None
    among_others: bool = False

    def __bool__(self) -> bool:
        return any(value is not None for value in (self.rate_hz, self.unit, self.leads))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is stated."""
        return tuple(name for name in ("rate_hz", "unit", "leads") if getattr(self, name) is not None)


NOTHING_STATED = Stated()


@dataclass(frozen=True, eq=False, kw_only=True)
class Recording:
    """One recording of a file: num_samples of each lead at rate_hz; load(start, stop) gives (C, stop - start) mV."""

    record_id: str
    format: str
    rate_hz: float
    leads: tuple[str, ...]
    num_samples: int
    load: Callable[[int, int], np.ndarray]
    facts: Facts = field(default_factory=Facts)
    trail: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.rate_hz

    def record(self) -> Record:
        """The whole of it. Raises SignalError where it is too long to be held in memory; read it by window then."""
        return self._cut(0, self.num_samples)

    def window(self, start_s: float, duration_s: float) -> Record:
        """The stretch from start_s on, duration_s long or up to the end. Raises SignalError where it is empty."""
        start, stop = self._span(start_s, duration_s)
        told = f"read {start / self.rate_hz:g}-{stop / self.rate_hz:g} s of {self.duration_s:g} s"
        return self._cut(start, stop, told)

    def windows(self, duration_s: float) -> Iterator[Record]:
        """The whole of it in stretches of duration_s, end to end; the last one may be shorter."""
        length = max(1, round(duration_s * self.rate_hz))
        for start in range(0, self.num_samples, length):
            yield self.window(start / self.rate_hz, duration_s)

    def stretch(self, start_s: float | None, duration_s: float | None) -> Recording:
        """The same recording from start_s on, duration_s long, still unread; itself where neither is given.

        Raises SignalError where nothing is left.
        """
        if start_s is None and duration_s is None:
            return self
        start, stop = self._span(start_s or 0.0, self.duration_s if duration_s is None else duration_s)
        told = f"keep {start / self.rate_hz:g}-{stop / self.rate_hz:g} s of {self.duration_s:g} s"
        return replace(
            self,
            num_samples=stop - start,
            load=lambda first, last: self.load(start + first, start + last),
            trail=(*self.trail, told),
        )

    def _span(self, start_s: float, duration_s: float) -> tuple[int, int]:
        start = max(0, round(start_s * self.rate_hz))
        stop = min(self.num_samples, start + round(duration_s * self.rate_hz))
        if start >= stop:
            length = f"{self.record_id}: it is {self.duration_s:g} s long"
            if start >= self.num_samples:
                raise SignalError(f"{length}, nothing is left from {start_s:g} s on; start earlier")
            raise SignalError(f"{length}, and no sample lies within {duration_s:g} s; read a longer stretch")
        return start, stop

    def _cut(self, start: int, stop: int, *told: str) -> Record:
        if len(self.leads) * (stop - start) > MOST_VALUES:
            raise SignalError(
                f"{self.record_id}: {len(self.leads)} leads of {stop - start} samples are too many at once; "
                "read a shorter window (start_s, duration_s)"
            )
        signal = self.load(start, stop)
        if not np.isfinite(signal).all():
            raise SignalError(self._where_the_gap_is(~np.isfinite(signal), start))
        return Record(
            signal=signal,
            rate_hz=self.rate_hz,
            leads=self.leads,
            record_id=self.record_id,
            patient_id=self.facts.patient_id,
            age=self.facts.age,
            sex=self.facts.sex,
            report=self.facts.report,
            labels=self.facts.labels,
            device=self.facts.device,
            trail=(*self.trail, *told),
        )

    def _where_the_gap_is(self, missing: np.ndarray, start: int) -> str:
        """What a stretch lacks: missing is (C, n), True where there is no sample; start is its place in the whole."""
        at = int(missing.any(axis=0).argmax())
        lead = self.leads[int(missing[:, at].argmax())]
        return (
            f"{self.record_id}: {int(missing.sum())} samples are missing (NaN, infinite or marked invalid), "
            f"the first in lead {lead} at {(start + at) / self.rate_hz:g} s; read another stretch (start_s, duration_s)"
        )


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One format: whether a file is of it, by its path and its first bytes, and the recordings that are in it.

    says names what each of its files says (of rate_hz, unit, leads), may_say what some of them leave out. open raises
    SignalError or LeadError for a file that is damaged or not an ECG; nothing else may leave it.
    """

    name: str
    recognises: Callable[[Path, bytes], bool]
    open: Callable[[Path, Stated, Keep], Iterator[Recording]]
    says: tuple[str, ...] = ()
    may_say: tuple[str, ...] = ()
