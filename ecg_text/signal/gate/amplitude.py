"""Is the unit right? A heart makes about a millivolt: a thousand of it, or a thousandth, is a wrong unit."""

from __future__ import annotations

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.beats.windows import MedianBeat
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.measure import Measures, chosen_leads, told_leads, told_mv
from ecg_text.signal.gate.thresholds import limit

WRONG_UNIT = "unit or gain is wrong; state the unit where the file does not (--unit), or correct the file"


def impossible_values(record: Record) -> list[Finding]:
    """unit.too_large, where a sample is beyond what any amplifier gives: nothing else can be computed then."""
    most_mv = limit("unit.any_sample_above")
    highest, lowest = float(record.signal.max()), float(record.signal.min())
    if highest <= most_mv and lowest >= -most_mv:
        return []
    largest = np.maximum(record.signal.max(axis=1), -record.signal.min(axis=1))
    leads = chosen_leads(record, largest > most_mv)
    message = f"values up to {told_mv(max(highest, -lowest))} in {told_leads(leads)}: no amplifier gives these; "
    message += "correct the unit or gain, and cut out what stands for missing samples"
    evidence = {"largest_mv": max(highest, -lowest), "leads": float(len(leads))}
    return [Finding(code="unit.too_large", severity=Severity.REFUSE, message=message, leads=leads, evidence=evidence)]


def unit_findings(measures: Measures, median: MedianBeat | None, alive: np.ndarray) -> list[Finding]:
    """unit.too_large and unit.too_small, from the beats of the leads that are alive (C,) bool.

    The amplitude is that of the usual beat, and of a usual second where there is none; what must be absurd is the
    median over the leads, so that neither one loose electrode nor one isoelectric lead decides. Without a usual beat
    a small amplitude is only a warning: it may be that of asystole, in the right unit.
    """
    if not alive.any():
        return []
    second_mv = float(np.median(measures.beat_mv[alive]))
    beat_mv = None if median is None else float(np.median(np.ptp(median.signal[alive], axis=1)))
    told = second_mv if beat_mv is None else beat_mv
    judged = _judged(told, int(alive.sum()), has_beat=beat_mv is not None)
    if judged is None:
        return []
    code, severity, advice = judged
    leads = int(alive.sum())
    evidence = {"second_mv": second_mv, "leads": float(leads)}
    evidence |= {} if beat_mv is None else {"beat_mv": beat_mv}
    of_leads = f" (median of {leads} leads)" if leads > 1 else ""
    said = f"the usual {'second' if beat_mv is None else 'beat'} has {told_mv(told)} peak to peak{of_leads}"
    return [Finding(code=code, severity=severity, message=f"{said}: {advice}", evidence=evidence)]


def _judged(amplitude_mv: float, num_leads: int, *, has_beat: bool) -> tuple[str, Severity, str] | None:
    """Code, severity and advice for the amplitude of so many leads; None where it may be that of a heart."""
    least = limit("unit.warn_below_few_leads" if num_leads < limit("unit.few_leads") else "unit.warn_below")
    if amplitude_mv > limit("unit.refuse_above"):
        return "unit.too_large", Severity.REFUSE, WRONG_UNIT
    if amplitude_mv > limit("unit.warn_above"):
        return "unit.too_large", Severity.WARN, "hardly any heart does so; check the unit and the gain"
    if has_beat and amplitude_mv < limit("unit.refuse_below"):
        return "unit.too_small", Severity.REFUSE, WRONG_UNIT
    if amplitude_mv < least:
        cause = "very low voltage" if has_beat else "no steady heart beat"
        return "unit.too_small", Severity.WARN, f"{cause}, or a gain in the header that is too high; check the gain"
    return None
