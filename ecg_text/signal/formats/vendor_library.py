"""Vendors' files by the library ecgdatakit: its record becomes our recording, and nothing else of it is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.channels import choose_leads, told_unit
from ecg_text.signal.formats.facts import Facts, Keep
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.formats.vendor_facts import facts
from ecg_text.signal.formats.vendor_guard import checked_rate, checked_size
from ecg_text.signal.units import mv_per_unit

# What the library warns of, in words that repeat nothing of the file. The first that matches is told.
_WARNINGS = (
    (r"CRC|checksum", "its checksum does not match"),
    (r"only the first is read|waveform ignored|not loaded", "it holds more series than the first, which is read"),
    (r"was not applied", "it states an offset of undocumented meaning, which is left out"),
    (r"default of 1000 Hz", "assume 1000 Hz, the standard's rate where a file gives none"),
    (r"third-party reader|worked out from|Wilson", "rate, scale and leads are not documented by the maker"),
    (r"undocumented|not publicly documented|reverse-engineered", "the format is not documented by its maker"),
    (r"without a gap", "its frames have gaps and are joined end to end"),
    (r"median|representative|repbeat", "its median beats are left out"),
    (r"Section 1 has a wrong tag length|length is \d+ in its header", "lengths in its header disagree"),
)
_REFUSED = re.compile(
    r"no waveform data, they are left out|missing sample|partial frame|is truncated|odd byte count|ecgraw.dat holds"
)
_FRANK_LEADS = {"X": "VX", "Y": "VY", "Z": "VZ"}
# Leads of one ECG may end a moment apart; the longer ones are cut.
_SHORTEST_TO_LONGEST = 0.9


@dataclass(frozen=True, kw_only=True)
class LibraryFormat:
    """A format that the library parses: its parser, the largest file, and a check before the library sees the file.

    told are lines of the trail that hold for every file of the format.
    """

    name: str
    module: str
    parser: str
    most_bytes: int
    check: Callable[[Path], None] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()


def open_with_library(path: Path, fmt: LibraryFormat, stated: Stated, keep: Keep) -> Recording:
    """The recording in a file. Raises SignalError, LeadError, or MissingPackageError where the library is absent."""
    if stated.rate_hz is not None:
        raise SignalError(f"{path}: a {fmt.name} file says its own rate_hz; leave that out")
    with refusing(path, f"the {fmt.name} file cannot be read") as warned:
        checked_size(path, fmt.name, fmt.most_bytes)
        parser = getattr(import_module(f"ecgdatakit.parsing.parsers.{fmt.module}"), fmt.parser)
        if fmt.check is not None:
            fmt.check(path)
        parsed = parser(**fmt.options).parse(path)
    told = _told(path, warned)
    if not parsed.leads:
        raise SignalError(f"{path}: the {fmt.name} file holds no rhythm strip, only median beats; give one that does")
    with refusing(path, f"the {fmt.name} file cannot be read"):
        units = [_unit(path, lead, stated) for lead in parsed.leads]
        choice = choose_leads(path, [_name(lead) for lead in parsed.leads], units, stated=stated.leads)
        rows = [parsed.leads[row] for row in choice.rows]
        samples, cut = _stack(path, rows, [units[row] for row in choice.rows])
        rate_hz = checked_rate(path, _rate(path, parsed, rows))
        kept = _facts(parsed, keep)
    return Recording(
        record_id=path.stem,
        format=fmt.name,
        rate_hz=rate_hz,
        leads=choice.leads,
        num_samples=samples.shape[1],
        load=lambda start, stop: samples[:, start:stop],
        facts=kept,
        trail=(f"read {fmt.name} {path.name}", *fmt.told, *told, *choice.told, *cut),
    )


def _told(path: Path, warned: list[str]) -> tuple[str, ...]:
    """Lines of the trail for the library's warnings. Raises SignalError for one that speaks of a cut file."""
    told = []
    for text in warned:
        if _REFUSED.search(text):
            raise SignalError(f"{path}: the file is cut, it holds fewer samples than its header says; get the original")
        known = (line for pattern, line in _WARNINGS if re.search(pattern, text, re.IGNORECASE))
        told.append(next(known, "the library warns of something unusual in the file"))
    return tuple(dict.fromkeys(told))


def _name(lead: Any) -> str:
    return _FRANK_LEADS.get(lead.label, lead.label)


def _unit(path: Path, lead: Any, stated: Stated) -> str:
    """The unit of a lead's samples once scaled; the caller states it for counts without one."""
    unit = str((lead.resolution_unit if lead.is_raw else lead.units) or lead.resolution_unit)
    if mv_per_unit(unit) is None and not unit and stated.unit is not None:
        return stated.unit
    if stated.unit is not None:
        raise SignalError(f"{path}: the file says its own unit, {told_unit(unit)}; leave that out")
    if not unit and not lead.adc_resolution_unit:
        raise SignalError(f"{path}: it does not say the unit of its samples; state what one count is (--unit)")
    return unit or str(lead.adc_resolution_unit)


def _stack(path: Path, leads: list[Any], units: list[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The leads as (C, T) float32 in mV, and a line of the trail where the longer ones were cut."""
    starts = {lead.annotations.get("start_sample", "1") for lead in leads}
    lengths = [len(lead.samples) for lead in leads]
    if len(starts) > 1 or min(lengths) < _SHORTEST_TO_LONGEST * max(lengths):
        raise SignalError(
            f"{path}: its leads are not simultaneous ({min(lengths)} to {max(lengths)} samples); "
            "export a file with all leads over the same time"
        )
    samples = np.empty((len(leads), min(lengths)), dtype=np.float32)
    for row, (lead, unit) in enumerate(zip(leads, units, strict=True)):
        values = np.asarray(lead.samples[: min(lengths)], dtype=np.float64)
        scaled = values * lead.resolution + lead.offset if lead.is_raw else values
        samples[row] = scaled * (mv_per_unit(unit) or np.nan)
    cut = (f"cut all leads to {min(lengths)} samples, the shortest",) if min(lengths) < max(lengths) else ()
    return samples, cut


def _rate(path: Path, parsed: Any, leads: list[Any]) -> float:
    """The rate that all leads share, exact where the library rounds it to whole numbers. Raises SignalError."""
    rates = {float(lead.sampling_rate) for lead in leads}
    if len(rates) != 1:
        listed = ", ".join(f"{rate:g}" for rate in sorted(rates))
        raise SignalError(f"{path}: its leads have different rates ({listed} Hz); export it with one rate")
    rounded = rates.pop()
    meta = parsed.raw_metadata
    interval_us = meta.get("rhythm_sample_interval_us")
    exact = (meta.get("rhythm_time") or {}).get("sampling_rate_exact"), *meta.get("sampling_rates", [])
    for rate in (1e6 / interval_us if interval_us else None, *exact):
        if rate is not None and round(rate) == rounded:
            return _clean(float(rate))
    return rounded


def _clean(rate_hz: float) -> float:
    """A rate without the last digits that a division left: 1 / 0.002 s is 500 Hz."""
    return round(rate_hz) if abs(rate_hz - round(rate_hz)) < 1e-6 else rate_hz


def _facts(parsed: Any, keep: Keep) -> Facts:
    patient, device = parsed.patient, parsed.recording.device
    return facts(
        keep,
        age=patient.age,
        sex=patient.sex,
        device=(str(device.manufacturer), str(device.model)),
        patient_id=str(patient.patient_id),
        statements=[f"{left} {right}" for left, right in parsed.interpretation.statements],
    )
