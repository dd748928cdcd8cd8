"""Is the unit right? A heart makes about a millivolt: a thousand of it, or a thousandth, is a wrong unit."""

from __future__ import annotations

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.beats.windows import MedianBeat
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.measure import Measures, chosen_leads, told_leads, told_mv
from ecg_text.signal.gate.thresholds import limit


def impossible_values(record: Record) -> list[Finding]:
    """unit.too_large, where a sample is beyond what any amplifier gives: nothing else can be computed then."""
    most_mv = limit("unit.any_sample_above")
    highest, lowest = float(record.signal.max()), float(record.signal.min())
    if highest <= most_mv and lowest >= -most_mv:
        return []
    largest = np.maximum(record.signal.max(axis=1), -record.signal.min(axis=1))
    leads = chosen_leads(record, largest > most_mv)
    message = f"values up to {told_mv(max(highest, -lowest))} in {told_leads(leads)}: no amplifier gives these; "
    message += "give the unit or the gain, and cut out what stands for missing samples"
    evidence = {"largest_mv": max(highest, -lowest), "leads": float(len(leads))}
    return [Finding(code="unit.too_large", severity=Severity.REFUSE, message=message, leads=leads, evidence=evidence)]


def unit_findings(measures: Measures, median: MedianBeat | None, alive: np.ndarray) -> list[Finding]:
    """unit.too_large and unit.too_small, from the beats of the leads that are alive (C,) bool.

    The amplitude is that of the usual beat, and of a usual second where there is none; what must be absurd is the
    median over the leads, so that neither one loose electrode nor one isoelectric lead decides.
    """
    if not alive.any():
        return []
    second_mv = float(np.median(measures.beat_mv[alive]))
    beat_mv = second_mv if median is None else float(np.median(np.ptp(median.signal[alive], axis=1)))
    leads = int(alive.sum())
    evidence = {"beat_mv": beat_mv, "second_mv": second_mv, "leads": float(leads)}
    few = leads < limit("unit.few_leads")
    least = limit("unit.warn_below_few_leads" if few else "unit.warn_below")
    of_leads = f" in the median of {leads} leads" if leads > 1 else ""
    said = f"the usual beat measures {told_mv(beat_mv)} from peak to peak{of_leads}"
    if beat_mv > limit("unit.refuse_above"):
        advice = "no heart does so; give the unit (uV read as mV?) or the gain"
        return [
            Finding(code="unit.too_large", severity=Severity.REFUSE, message=f"{said}: {advice}", evidence=evidence)
        ]
    if beat_mv > limit("unit.warn_above"):
        advice = "hardly any heart does so; check the unit and the gain"
        return [Finding(code="unit.too_large", severity=Severity.WARN, message=f"{said}: {advice}", evidence=evidence)]
    if beat_mv < limit("unit.refuse_below"):
        advice = "no heart is so small; give the unit (V or mV read as uV?) or the gain"
        return [
            Finding(code="unit.too_small", severity=Severity.REFUSE, message=f"{said}: {advice}", evidence=evidence)
        ]
    if beat_mv < least:
        advice = "very low voltage, or a gain in the header that is too high; check the gain"
        return [Finding(code="unit.too_small", severity=Severity.WARN, message=f"{said}: {advice}", evidence=evidence)]
    return []
