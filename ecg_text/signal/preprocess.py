"""Preprocess: the written-down way from a recording to what a model sees, with a fingerprint that travels with both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from ecg_text.errors import ConfigError, SignalError
from ecg_text.leads import LeadState
from ecg_text.record import Record
from ecg_text.signal.draft import Draft
from ecg_text.signal.steps import BandPass, OrderLeads, Resample, Scale, Step, Window

# Counts the meanings of the steps: raise it when a step, written down the same, would compute something else.
VERSION = 1
MIN_DURATION_S = 1.0

STEPS: Mapping[str, type[Step]] = MappingProxyType(
    {"order_leads": OrderLeads, "resample": Resample, "band_pass": BandPass, "scale": Scale, "window": Window}
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Prepared:
    """What a model sees of one record.

    signal (C, T) float32 with absent, zeroed and padded values exactly 0; lead_state (C,) uint8 of LeadState;
    num_valid samples come from the recording, the rest of T is padding at the end.
    """

    signal: np.ndarray
    lead_state: np.ndarray
    num_valid: int
    trail: tuple[str, ...]

    @property
    def lead_mask(self) -> np.ndarray:
        """(C,) bool: the leads that carry information."""
        return np.asarray(self.lead_state >= LeadState.DERIVED)

    @property
    def time_mask(self) -> np.ndarray:
        """(T,) bool: the samples that come from the recording."""
        return np.arange(self.signal.shape[1]) < self.num_valid


@dataclass(frozen=True)
class Preprocess:
    """A frozen list of steps: one OrderLeads, one Resample, at most one Scale, any BandPass; a Window at the end."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        for kind, most in ((OrderLeads, 1), (Resample, 1), (Window, 1), (Scale, None)):
            count = sum(isinstance(step, kind) for step in self.steps)
            if count > 1 or (most == 1 and count == 0):
                raise ConfigError(f"a Preprocess has {count} {kind.__name__} steps; give one")
        if not isinstance(self.steps[-1], Window):
            raise ConfigError(f"the last step of a Preprocess is {type(self.steps[-1]).__name__}; let it be Window")

    def __call__(self, record: Record) -> Prepared:
        """The first window of a record. Raises SignalError where it is too short, flat, or has none of the leads."""
        draft = self._draft(record)
        return self._cut(draft, self._window.spans(draft.signal.shape[1], draft.rate_hz)[:1])[0]

    def windows(self, record: Record) -> list[Prepared]:
        """All windows of a record, in order and not overlapping; a rest shorter than half a window is left out.

        A recording shorter than one window gives one. The filter runs over the whole recording, before the cut.
        """
        draft = self._draft(record)
        return self._cut(draft, self._window.spans(draft.signal.shape[1], draft.rate_hz))

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits: the SHA-256 of the canonical JSON of to_dict()."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def rate_hz(self) -> float:
        """Samples per second of what a model sees."""
        return next(step.rate_hz for step in self.steps if isinstance(step, Resample))

    @property
    def leads(self) -> tuple[str, ...]:
        """The names of the rows of what a model sees."""
        return next(step.leads for step in self.steps if isinstance(step, OrderLeads))

    @property
    def num_samples(self) -> int:
        """Samples in each window."""
        return self._window.num_samples(self.rate_hz)

    @property
    def unit_mv(self) -> float:
        """Millivolts that a value of one stands for."""
        return next((step.unit_mv for step in self.steps if isinstance(step, Scale)), 1.0)

    def to_dict(self) -> dict[str, Any]:
        """The steps as JSON-ready values."""
        names = {kind: name for name, kind in STEPS.items()}
        steps = [{"step": names[type(step)], **_plain(asdict(step))} for step in self.steps]
        return {"version": VERSION, "steps": steps}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> Preprocess:
        """The preprocessing that to_dict wrote. Raises ConfigError for an unknown version, step or key."""
        _refuse_other_keys("preprocessing", written, ("version", "steps"))
        if written["version"] != VERSION:
            raise ConfigError(
                f"preprocessing version is {written['version']!r}, this ecg_text knows {VERSION}; "
                "use the ecg_text version that wrote it"
            )
        if not isinstance(written["steps"], list | tuple):
            raise ConfigError(f"preprocessing steps are a {type(written['steps']).__name__}; give a list")
        return cls(tuple(_step_from_dict(step) for step in written["steps"]))

    @property
    def _window(self) -> Window:
        return next(step for step in self.steps if isinstance(step, Window))

    def _draft(self, record: Record) -> Draft:
        if record.duration_s < MIN_DURATION_S:
            raise SignalError(
                f"{record.record_id}: {record.duration_s:.3g} s of signal ({record.num_samples} samples at "
                f"{record.rate_hz:g} Hz); at least {MIN_DURATION_S:g} s are needed"
            )
        draft = Draft.of(record)
        for step in self.steps:
            draft = draft if isinstance(step, Window) else step(draft)
        return draft

    def _cut(self, draft: Draft, spans: list[tuple[int, int]]) -> list[Prepared]:
        length = self._window.num_samples(draft.rate_hz)
        alive = draft.lead_state >= LeadState.DERIVED
        cuts = []
        for start, stop in spans:
            signal = np.zeros((len(draft.leads), length), dtype=np.float32)
            signal[alive, : stop - start] = draft.signal[alive, start:stop]
            told = f"window {start / draft.rate_hz:g}-{stop / draft.rate_hz:g} s"
            if stop - start < length:
                told += f", padded to {length / draft.rate_hz:g} s"
            cuts.append(
                Prepared(signal=signal, lead_state=draft.lead_state, num_valid=stop - start, trail=(*draft.trail, told))
            )
        return cuts


def standard_preprocess(rate_hz: float = 100.0, duration_s: float = 10.0) -> Preprocess:
    """Twelve leads in the standard order, one rate, 0.5 to 40 Hz, in millivolts, one length."""
    return Preprocess(
        (OrderLeads(), Resample(rate_hz), BandPass(), Scale(), Window(duration_s)),
    )


def _step_from_dict(written: Mapping[str, Any]) -> Step:
    if not isinstance(written, Mapping) or written.get("step") not in STEPS:
        raise ConfigError(f"unknown preprocessing step {written!r}; known steps are {', '.join(STEPS)}")
    kind = STEPS[written["step"]]
    names = tuple(field.name for field in fields(kind))
    _refuse_other_keys(f"step {written['step']}", written, ("step", *names))
    if "leads" in names and not isinstance(written["leads"], list | tuple):
        raise ConfigError(f"step {written['step']} leads are {written['leads']!r}; give a list of lead names")
    return kind(**{name: written[name] for name in names})


def _refuse_other_keys(what: str, written: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if not isinstance(written, Mapping) or set(written) != set(known):
        got = ", ".join(map(str, written)) if isinstance(written, Mapping) else repr(written)
        raise ConfigError(f"{what} has keys {got}; it must have exactly {', '.join(known)}")


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
