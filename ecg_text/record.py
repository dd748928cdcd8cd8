"""A record: one ECG in millivolts with its rate, leads, what is known of it, and the trail of what was done to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ecg_text.errors import LeadError, SignalError
from ecg_text.leads import limb_lead_weights, normalise_leads

SEXES = ("female", "male")
OLDEST_TOLD = 90.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """One ECG: signal (C, T) in mV, float32, read-only, one row for each name in leads.

    The invariants are checked here, once: a two-dimensional finite signal, as many rows as leads,
    known and distinct lead names, a positive rate. An age above 90 becomes 90, which stands for "90 or more": higher
    ages are so rare that they point at a person (HIPAA's safe harbour). Raises SignalError or LeadError.
    """

    signal: np.ndarray
    rate_hz: float
    leads: tuple[str, ...]
    record_id: str = "record"
    patient_id: str | None = None
    age: float | None = None
    sex: str | None = None
    report: str | None = None
    labels: tuple[str, ...] = ()
    device: str | None = None
    trail: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
            signal = np.array(self.signal, dtype=np.float32, order="C")
        object.__setattr__(self, "leads", normalise_leads(self.leads))
        object.__setattr__(self, "signal", signal)
        object.__setattr__(self, "rate_hz", float(self.rate_hz))
        if signal.ndim != 2:
            raise SignalError(f"{self.record_id}: signal has shape {signal.shape}; give (leads, samples)")
        if len(signal) != len(self.leads):
            raise SignalError(
                f"{self.record_id}: {len(signal)} signal rows but {len(self.leads)} lead names; give one name a row"
            )
        if signal.shape[1] == 0 or len(signal) == 0:
            raise SignalError(f"{self.record_id}: the signal is empty (shape {signal.shape})")
        if not (np.isfinite(self.rate_hz) and self.rate_hz > 0):
            raise SignalError(f"{self.record_id}: rate_hz is {self.rate_hz}; give the samples per second of a lead")
        if not np.isfinite(signal).all():
            raise SignalError(self._where_not_finite())
        if self.sex is not None and self.sex not in SEXES:
            raise SignalError(f"{self.record_id}: sex is {self.sex!r}; give one of {SEXES} or None")
        if self.age is not None:
            if not self.age >= 0:
                raise SignalError(f"{self.record_id}: age is {self.age}; give years from 0 on, or None")
            object.__setattr__(self, "age", min(float(self.age), OLDEST_TOLD))
        signal.flags.writeable = False

    def _where_not_finite(self) -> str:
        bad = ~np.isfinite(self.signal)
        lead = self.leads[int(bad.any(axis=1).argmax())]
        return (
            f"{self.record_id}: {int(bad.sum())} samples are NaN or infinite (first in lead {lead}); "
            "repair or cut the gap before reading it as an ECG"
        )

    @property
    def num_samples(self) -> int:
        """Samples in each lead."""
        return int(self.signal.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.rate_hz

    def lead(self, name: str) -> np.ndarray:
        """The samples of one lead by its canonical name: (T,) in mV. Raises LeadError where it is absent."""
        try:
            return np.asarray(self.signal[self.leads.index(name)])
        except ValueError:
            raise LeadError(f"{self.record_id} has no lead {name}; it has {', '.join(self.leads)}") from None

    def select(self, names: Iterable[str]) -> Record:
        """The same record with these leads in this order. Raises LeadError where one is absent."""
        leads = normalise_leads(names)
        signal = np.stack([self.lead(name) for name in leads])
        return self.with_signal(signal, f"select leads {' '.join(leads)}", leads=leads)

    def derive(self, name: str) -> np.ndarray:
        """A limb lead from any two other limb leads, by Einthoven's and Goldberger's equations: (T,) in mV.

        Raises LeadError where fewer than two limb leads are there.
        """
        for i, first in enumerate(self.leads):
            for second in self.leads[i + 1 :]:
                weights = limb_lead_weights(name, first, second) if name not in (first, second) else None
                if weights is not None:
                    return np.asarray(weights[0] * self.lead(first) + weights[1] * self.lead(second), dtype=np.float32)
        raise LeadError(
            f"{self.record_id}: lead {name} cannot be derived from {', '.join(self.leads)}; two limb leads are needed"
        )

    def with_signal(
        self, signal: np.ndarray, step: str, *, rate_hz: float | None = None, leads: tuple[str, ...] | None = None
    ) -> Record:
        """The same record with another signal, and one more step on its trail."""
        return replace(
            self,
            signal=signal,
            rate_hz=self.rate_hz if rate_hz is None else rate_hz,
            leads=self.leads if leads is None else leads,
            trail=(*self.trail, step),
        )
