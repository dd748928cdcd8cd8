"""The named steps a recording goes through before a model sees it; each is a frozen value that can be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ecg_text.errors import ConfigError, SignalError
from ecg_text.leads import LIMB_LEADS, STANDARD_12, LeadState, limb_lead_weights, normalise_leads
from ecg_text.signal.draft import FLAT_MV, Draft
from ecg_text.signal.filters import anti_alias_filter, band_pass_filter, filter_both_ways


@dataclass(frozen=True)
class OrderLeads:
    """Puts the leads into one order; a missing limb lead is computed from two others where derive is set.

    A lead that is missing and not derivable becomes a row of zeros with state ABSENT. Leads of the recording that
    are not asked for are left out. Raises SignalError where no lead that is asked for carries a signal.
    """

    leads: tuple[str, ...] = STANDARD_12
    derive: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "leads", normalise_leads(self.leads))
        if not self.leads:
            raise ConfigError("OrderLeads has no leads; name at least one")
        if not isinstance(self.derive, bool):
            raise ConfigError(f"OrderLeads derive is {self.derive!r}; give true or false")

    def __call__(self, draft: Draft) -> Draft:
        """The draft with the rows of self.leads."""
        if draft.leads == self.leads and (draft.lead_state == LeadState.MEASURED).all():
            return draft
        rows = dict(zip(draft.leads, draft.signal, strict=True))
        states = dict(zip(draft.leads, draft.lead_state.tolist(), strict=True))
        alive = {lead: row for lead, row in rows.items() if states[lead] >= LeadState.DERIVED}
        signal = np.zeros((len(self.leads), draft.signal.shape[1]), dtype=draft.signal.dtype)
        state = np.full(len(self.leads), LeadState.ABSENT, dtype=np.uint8)
        for number, lead in enumerate(self.leads):
            if lead in rows:
                signal[number], state[number] = rows[lead], states[lead]
            elif self.derive and (derived := _derive(lead, alive)) is not None:
                signal[number], state[number] = derived, LeadState.DERIVED
        self._refuse_nothing_left(draft, state)
        return replace(
            draft, signal=signal, leads=self.leads, lead_state=state, trail=(*draft.trail, *self._told(draft, state))
        )

    def _refuse_nothing_left(self, draft: Draft, state: np.ndarray) -> None:
        if (state >= LeadState.DERIVED).any():
            return
        if (state == LeadState.ABSENT).all():
            raise SignalError(
                f"{draft.record_id}: it has leads {', '.join(draft.leads)}, none of {', '.join(self.leads)}; "
                "name its leads as these or record one of them"
            )
        raise SignalError(
            f"{draft.record_id}: flat record, every lead stays within {1000 * FLAT_MV:g} µV; "
            "check the unit, or leave the record out"
        )

    def _told(self, draft: Draft, state: np.ndarray) -> list[str]:
        told = [f"order leads {' '.join(self.leads)}"] if draft.leads != self.leads else []
        for which, verb in ((LeadState.DERIVED, "derive leads"), (LeadState.ABSENT, "absent leads")):
            names = [lead for lead, value in zip(self.leads, state, strict=True) if value == which]
            told += [f"{verb} {' '.join(names)}"] if names else []
        return told


def _derive(target: str, rows: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """A limb lead from the first two limb leads in the standard order, so that the file's order has no say."""
    limbs = [lead for lead in LIMB_LEADS if lead in rows]
    if target not in LIMB_LEADS or len(limbs) < 2:
        return None
    weights = limb_lead_weights(target, limbs[0], limbs[1])
    if weights is None:
        return None
    derived = weights[0] * rows[limbs[0]] + weights[1] * rows[limbs[1]]
    return derived if np.ptp(derived) >= FLAT_MV else None


@dataclass(frozen=True)
class Resample:
    """Brings the recording to a rate by polyphase filtering; its duration stays.

    Before filtering, the line through a lead's first and last sample is taken out and put back after, so that an
    offset does not ring at the ends.
    """

    rate_hz: float = 100.0

    def __post_init__(self) -> None:
        _normalise_positive(self, "rate_hz")

    def __call__(self, draft: Draft) -> Draft:
        """The draft at self.rate_hz."""
        if draft.rate_hz == self.rate_hz:
            return draft
        from scipy.signal import resample_poly

        ratio = Fraction(self.rate_hz / draft.rate_hz).limit_denominator(10_000)
        if ratio == 0:
            raise SignalError(f"{draft.record_id}: cannot resample from {draft.rate_hz:g} Hz to {self.rate_hz:g} Hz")
        signal = draft.signal
        if ratio != 1:
            up, down = ratio.numerator, ratio.denominator
            signal = resample_poly(signal, up, down, axis=1, window=anti_alias_filter(up, down), padtype="line")
        step = f"resample from {draft.rate_hz:g} Hz to {self.rate_hz:g} Hz"
        return replace(draft, signal=signal, rate_hz=self.rate_hz, trail=(*draft.trail, step))


@dataclass(frozen=True)
class BandPass:
    """Zero-phase Butterworth band-pass: the filter runs forwards, then backwards.

    Each end is first extended by its mirror image over one period of low_hz, or over the whole recording if that is
    shorter, so no recording is too short. Raises ConfigError where high_hz is not below half the sampling rate.
    """

    low_hz: float = 0.5
    high_hz: float = 40.0
    order: int = 2

    def __post_init__(self) -> None:
        _normalise_positive(self, "low_hz")
        _normalise_positive(self, "high_hz")
        if self.low_hz >= self.high_hz:
            raise ConfigError(f"BandPass from {self.low_hz:g} to {self.high_hz:g} Hz is empty; give low_hz < high_hz")
        if isinstance(self.order, bool) or not isinstance(self.order, int) or not 1 <= self.order <= 8:
            raise ConfigError(f"BandPass order is {self.order!r}; give a whole number from 1 to 8")

    def __call__(self, draft: Draft) -> Draft:
        """The draft without what lies outside the band."""
        if 2 * self.high_hz >= draft.rate_hz:
            raise ConfigError(
                f"BandPass high_hz is {self.high_hz:g} Hz but the rate is {draft.rate_hz:g} Hz, whose highest "
                f"frequency is {draft.rate_hz / 2:g} Hz; lower high_hz or resample to a higher rate"
            )
        sos, rest = band_pass_filter(self.low_hz, self.high_hz, self.order, draft.rate_hz)
        padding = min(draft.signal.shape[1] - 1, round(draft.rate_hz / self.low_hz))
        signal = filter_both_ways(draft.signal, sos, rest, padding)
        return replace(draft, signal=signal, trail=(*draft.trail, f"band-pass {self.low_hz:g}-{self.high_hz:g} Hz"))


@dataclass(frozen=True)
class Scale:
    """Divides by a fixed number of millivolts, so that low voltage stays low: value = mV / unit_mv."""

    unit_mv: float = 1.0

    def __post_init__(self) -> None:
        _normalise_positive(self, "unit_mv")

    def __call__(self, draft: Draft) -> Draft:
        """The draft in units of self.unit_mv."""
        if self.unit_mv == 1.0:
            return draft
        return replace(
            draft, signal=draft.signal / self.unit_mv, trail=(*draft.trail, f"scale to units of {self.unit_mv:g} mV")
        )


@dataclass(frozen=True)
class Window:
    """Cuts stretches of one length out of a recording; what is too short is filled with zeros at its end."""

    duration_s: float = 10.0

    def __post_init__(self) -> None:
        _normalise_positive(self, "duration_s")

    def num_samples(self, rate_hz: float) -> int:
        """Samples in one window."""
        return max(1, round(self.duration_s * rate_hz))

    def spans(self, num_samples: int, rate_hz: float) -> list[tuple[int, int]]:
        """Where each window starts and stops, end to end; a rest under half a window is left out unless alone."""
        length = self.num_samples(rate_hz)
        starts = range(0, num_samples, length)
        spans = [(start, min(start + length, num_samples)) for start in starts]
        if len(spans) > 1 and 2 * (spans[-1][1] - spans[-1][0]) < length:
            spans.pop()
        return spans


Step = OrderLeads | Resample | BandPass | Scale | Window


def _normalise_positive(step: object, field: str) -> None:
    """Makes a field a float, so that 100 and 100.0 are one value with one fingerprint."""
    value = getattr(step, field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ConfigError(f"{type(step).__name__} {field} is {value!r}; give a positive number")
    object.__setattr__(step, field, float(value))
