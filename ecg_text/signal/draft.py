"""Draft: an ECG between two preprocessing steps, with the state of each of its leads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg_text.leads import LeadState
from ecg_text.record import Record

FLAT_MV = 0.001  # a lead whose peak-to-peak amplitude stays below one microvolt carries no ECG


@dataclass(frozen=True, eq=False, kw_only=True)
class Draft:
    """A recording between two steps: signal (C, T), its rate and leads, the state of each lead (C,), and the trail."""

    signal: np.ndarray
    rate_hz: float
    leads: tuple[str, ...]
    lead_state: np.ndarray
    record_id: str
    trail: tuple[str, ...]

    @classmethod
    def of(cls, record: Record) -> Draft:
        """The draft a record starts as: constant leads are set to zero and told apart from measured ones."""
        flat = np.ptp(record.signal, axis=1) < FLAT_MV
        state = np.where(flat, LeadState.ZEROED, LeadState.MEASURED).astype(np.uint8)
        signal, trail = record.signal, record.trail
        if flat.any():
            signal = np.where(flat[:, None], np.float32(0), signal)
            names = " ".join(lead for lead, is_flat in zip(record.leads, flat, strict=True) if is_flat)
            trail = (*trail, f"zero constant leads {names}")
        return cls(
            signal=signal,
            rate_hz=record.rate_hz,
            leads=record.leads,
            lead_state=state,
            record_id=record.record_id,
            trail=trail,
        )
