"""The gate: everything that is doubtful about a recording, before any model sees it."""

from __future__ import annotations

from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import find_beats
from ecg_text.signal.beats.windows import median_beat
from ecg_text.signal.gate.amplitude import impossible_values, unit_findings
from ecg_text.signal.gate.finding import Examination, Finding, Severity
from ecg_text.signal.gate.flatness import alive_leads, clipped_findings, lead_findings
from ecg_text.signal.gate.identity import identity_findings
from ecg_text.signal.gate.measure import fine_enough, measure
from ecg_text.signal.gate.noise import no_beats_findings, noise_findings
from ecg_text.signal.gate.pacing import pacing_findings
from ecg_text.signal.gate.rate import rate_findings
from ecg_text.signal.gate.thresholds import limit
from ecg_text.signal.preprocess import Preprocess


def examine(record: Record, *, preprocess: Preprocess | None = None) -> Examination:
    """All findings about a record, the gravest first; with preprocess, also those that matter to a model of it.

    The record is judged as it is: give a window of a long one. Nothing is changed, and nothing is raised: what cannot
    be judged is either named by a finding or left out. Where a sample is beyond any amplifier, nothing else is judged
    but the length; where the unit is refused, nothing that depends on it.
    """
    impossible = impossible_values(record)
    if impossible:
        return Examination(findings=(*impossible, *_duration(record, preprocess)))
    measures = measure(record)
    alive = alive_leads(measures)
    found = [*_duration(record, preprocess), *lead_findings(record, measures, alive)]
    if not alive.any() or record.duration_s < limit("duration.refuse_below"):
        return Examination(findings=tuple(found))
    searched = fine_enough(record)
    beats = find_beats(searched)
    median = median_beat(searched, beats)
    unit = unit_findings(measures, median, alive)
    found += [*unit, *rate_findings(searched, beats, record.rate_hz), *no_beats_findings(record, beats)]
    if not any(one.severity == Severity.REFUSE for one in unit):
        found += clipped_findings(record, measures, alive)
        found += noise_findings(record, measures, alive)
        found += pacing_findings(record, alive)
        found += identity_findings(searched, beats, median)
    return Examination(findings=tuple(found))


def _duration(record: Record, preprocess: Preprocess | None) -> list[Finding]:
    duration_s = record.duration_s
    evidence = {"duration_s": duration_s, "rate_hz": record.rate_hz}
    if duration_s < limit("duration.refuse_below"):
        message = f"only {duration_s:.3g} s of signal; give at least {limit('duration.refuse_below'):g} s"
        return [Finding(code="duration.too_short", severity=Severity.REFUSE, message=message, evidence=evidence)]
    if preprocess is None:
        return []
    found = []
    window_s = preprocess.num_samples / preprocess.rate_hz
    if duration_s < window_s:
        message = (
            f"{duration_s:g} s is shorter than the {window_s:g} s a model sees: give a longer stretch if there is one"
        )
        short = duration_s < limit("duration.warn_below_share") * window_s
        severity = Severity.WARN if short else Severity.NOTE
        told = {**evidence, "window_s": window_s}
        found.append(Finding(code="duration.too_short", severity=severity, message=message, evidence=told))
    if record.rate_hz < preprocess.rate_hz:
        message = (
            f"{record.rate_hz:g} Hz is less than the model's {preprocess.rate_hz:g} Hz: fine detail is missing, "
            "trust its scores less"
        )
        told = {**evidence, "model_hz": preprocess.rate_hz}
        found.append(Finding(code="rate.too_low", severity=Severity.WARN, message=message, evidence=told))
    return found
