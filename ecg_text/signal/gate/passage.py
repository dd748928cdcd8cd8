"""The way through the gate: a recording becomes what a model sees, stretch by stretch, without what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.recording import Recording
from ecg_text.signal.gate.examine import examine
from ecg_text.signal.gate.finding import Examination, Finding, Severity
from ecg_text.signal.preprocess import Prepared, Preprocess

# A recording up to two minutes is judged as one; a longer one by the minute, so that an hour without an electrode does
# not condemn the day, and so that a day is never in memory at once.
LONGEST_WHOLE_S, STRETCH_S = 120.0, 60.0


def require_ecg(record: Record, preprocess: Preprocess | None = None) -> Examination:
    """What the gate says of a record that it lets through. Raises SignalError for one that it refuses."""
    examination = examine(record, preprocess=preprocess)
    refused = examination.refused
    if refused is not None:
        raise SignalError(f"{record.record_id}: {refused.message}")
    return examination


def stretches(recording: Recording) -> Iterator[Record]:
    """A short recording whole, a long one minute by minute."""
    if recording.duration_s <= LONGEST_WHOLE_S:
        yield recording.record()
    else:
        yield from recording.windows(STRETCH_S)


@dataclass(eq=False)
class Passage:
    """The prepared windows of all stretches of a recording that the gate accepts; iterate over it once.

    Afterwards, examination says what was found. Iterating raises SignalError where the gate refuses every stretch.
    """

    recording: Recording
    preprocess: Preprocess
    first: Prepared | None = None
    _examinations: list[Examination] = field(default_factory=list)

    def __iter__(self) -> Iterator[Prepared]:
        for record in stretches(self.recording):
            examination = examine(record, preprocess=self.preprocess)
            self._examinations.append(examination)
            if examination.refused is None:
                for window in self.preprocess.windows(record):
                    self.first = self.first or window
                    yield window
        if self.first is None:
            refused = self._examinations[0].refused
            told = refused.message if refused is not None else "it holds no window of signal"
            raise SignalError(f"{self.recording.record_id}: {told}")

    @property
    def first_window(self) -> Prepared:
        """The first window, once it has been taken. Raises SignalError before."""
        if self.first is None:
            raise SignalError(f"{self.recording.record_id}: no window has been taken yet; iterate first")
        return self.first

    @property
    def examination(self) -> Examination:
        """What was found in the stretches seen so far."""
        return merged(self._examinations)


def merged(examinations: Sequence[Examination]) -> Examination:
    """One examination of many stretches: each code once, at its gravest, with the number of stretches it is in.

    A stretch that is refused is left out of the recording, which is a warning of the whole unless all are refused.
    """
    if len(examinations) == 1:
        return examinations[0]
    all_refused = bool(examinations) and all(examination.refused is not None for examination in examinations)
    found: dict[str, list[Finding]] = {}
    for examination in examinations:
        for finding in {finding.code: finding for finding in reversed(examination.findings)}.values():
            found.setdefault(finding.code, []).append(finding)
    return Examination(tuple(_merged_finding(same, len(examinations), all_refused) for same in found.values()))


def _merged_finding(same: Sequence[Finding], num_stretches: int, all_refused: bool) -> Finding:
    gravest = max(same, key=lambda finding: finding.severity)
    severity = gravest.severity if all_refused else min(gravest.severity, Severity.WARN)
    return replace(
        gravest,
        severity=severity,
        leads=tuple(dict.fromkeys(lead for finding in same for lead in finding.leads)),
        message=f"{gravest.message} (in {len(same)} of {num_stretches} stretches)",
        evidence={**gravest.evidence, "stretches": len(same), "of_stretches": num_stretches},
    )
