"""Which leads carry nothing: absent, blanked, flat, flat for a while, clipped, or a copy of another."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ecg_text.leads import LIMB_LEADS, STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.measure import BLOCK_S, Measures, chosen_leads, told_leads
from ecg_text.signal.gate.thresholds import limit

_MOST_PAIRS = 3  # of equal leads that the sentence names


def alive_leads(measures: Measures) -> np.ndarray:
    """(C,) bool: the leads that move, in proportion to the others as well as in millivolts.

    A record in a unit a thousand times too large is small, not flat: its largest lead is the measure of the others.
    """
    ranges = measures.range_mv
    small = min(limit("lead.flat_below"), limit("lead.flat_below_share") * float(ranges.max()))
    return np.asarray((ranges > 0) & (ranges >= small))


def lead_findings(record: Record, measures: Measures, alive: np.ndarray) -> list[Finding]:
    """lead.missing, lead.all_flat, lead.zeroed, lead.flat, lead.partly_flat, lead.duplicate: in any unit."""
    found = _missing(record)
    if not alive.any():
        message = "every lead is constant: there is no ECG in it; look for the right channels, or leave it out"
        evidence = {"largest_range_mv": float(measures.range_mv.max()), "leads": float(len(record.leads))}
        refusal = Finding(
            code="lead.all_flat", severity=Severity.REFUSE, message=message, leads=record.leads, evidence=evidence
        )
        return [*found, refusal]
    found += _flat(record, measures, alive)
    found += _partly_flat(record, measures, alive)
    return found + _duplicate(record, alive)


def _missing(record: Record) -> list[Finding]:
    absent = tuple(lead for lead in STANDARD_12 if lead not in record.leads)
    if not absent:
        return []
    limbs = sum(lead in LIMB_LEADS for lead in record.leads)
    derivable = tuple(lead for lead in absent if lead in LIMB_LEADS and limbs >= 2)
    unknown = tuple(lead for lead in absent if lead not in derivable)
    message = f"{told_leads(absent)} {'is' if len(absent) == 1 else 'are'} not in the recording"
    if derivable:
        message += f"; {', '.join(derivable)} can be computed from the other limb leads"
    message += f"; what {'the others' if derivable else told_leads(unknown)} would show is unknown" if unknown else ""
    evidence = {"absent": float(len(absent)), "derivable": float(len(derivable))}
    return [Finding(code="lead.missing", severity=Severity.NOTE, message=message, leads=absent, evidence=evidence)]


def _flat(record: Record, measures: Measures, alive: np.ndarray) -> list[Finding]:
    zeroed = (measures.top == 0) & (measures.bottom == 0)
    found = []
    for code, which, said in (
        ("lead.zeroed", zeroed, "zero throughout: blanked, or never recorded"),
        ("lead.flat", ~alive & ~zeroed, "flat: an electrode was off, or the channel was not connected"),
    ):
        if which.any():
            leads = chosen_leads(record, which)
            verb, them = ("is", "it") if len(leads) == 1 else ("are", "them")
            message = f"{told_leads(leads)} {verb} {said}; do not read anything into {them}"
            evidence = {"largest_range_mv": float(measures.range_mv[which].max())}
            found.append(Finding(code=code, severity=Severity.WARN, message=message, leads=leads, evidence=evidence))
    return found


def _partly_flat(record: Record, measures: Measures, alive: np.ndarray) -> list[Finding]:
    still = measures.high == measures.low
    run = longest = np.zeros(len(still), dtype=np.int64)
    if still.any():
        for column in still.T:
            run = np.where(column, run + 1, 0)
            longest = np.maximum(longest, run)
    which = alive & (longest * BLOCK_S >= limit("lead.partly_flat_above"))
    if not which.any():
        return []
    leads, flat_s = chosen_leads(record, which), float(longest[which].max() * BLOCK_S)
    message = (
        f"{told_leads(leads)} {'stands' if len(leads) == 1 else 'stand'} still for {flat_s:g} s: an electrode was off "
        "for a while, or the file is padded; cut that stretch out"
    )
    evidence = {"longest_s": flat_s, "leads": float(len(leads))}
    return [Finding(code="lead.partly_flat", severity=Severity.WARN, message=message, leads=leads, evidence=evidence)]


def clipped_findings(record: Record, measures: Measures, alive: np.ndarray) -> list[Finding]:
    """lead.saturated, of the leads that are alive (C,) bool."""
    at_extreme_s = np.zeros(len(alive))
    for extreme in (measures.top, measures.bottom):
        far = np.flatnonzero(alive & (np.abs(extreme - measures.level) >= limit("lead.saturated_from")))
        samples = np.count_nonzero(record.signal[far] == extreme[far, None], axis=1)
        at_extreme_s[far] = np.maximum(at_extreme_s[far], samples / record.rate_hz)
    which = at_extreme_s >= limit("lead.saturated_above")
    if not which.any():
        return []
    leads, at_s = chosen_leads(record, which), float(at_extreme_s.max())
    message = (
        f"{told_leads(leads)} {'stays' if len(leads) == 1 else 'stay'} at one extreme for {at_s:.2g} s in all: the "
        "amplifier was at its end; do not measure amplitudes there"
    )
    evidence = {"at_extreme_s": at_s, "leads": float(len(leads))}
    return [Finding(code="lead.saturated", severity=Severity.WARN, message=message, leads=leads, evidence=evidence)]


def _duplicate(record: Record, alive: np.ndarray) -> list[Finding]:
    # A few samples far apart tell almost all leads from each other; only those alike there are compared in full.
    probe = record.signal[:, :: max(1, record.num_samples // 16)] + np.float32(0)  # -0 and 0 are equal
    alike: dict[bytes, list[int]] = {}
    for row in np.flatnonzero(alive).tolist():
        alike.setdefault(probe[row].tobytes(), []).append(row)
    pairs = [
        (record.leads[i], record.leads[j])
        for rows in alike.values()
        for i, j in combinations(rows, 2)
        if np.array_equal(record.signal[i], record.signal[j])
    ]
    if not pairs:
        return []
    told = ", ".join(f"{first} = {second}" for first, second in pairs[:_MOST_PAIRS])
    told += f" and {len(pairs) - _MOST_PAIRS} more" if len(pairs) > _MOST_PAIRS else ""
    leads = tuple(dict.fromkeys(lead for pair in pairs for lead in pair))
    message = f"leads are equal sample by sample ({told}): one channel was copied in place of another; check the export"
    evidence = {"pairs": float(len(pairs))}
    return [Finding(code="lead.duplicate", severity=Severity.WARN, message=message, leads=leads, evidence=evidence)]
