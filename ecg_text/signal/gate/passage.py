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
    if examination.refused is not None:
        raise SignalError(f"{record.record_id}: {examination.refused.message}")
    return examination


@dataclass(frozen=True, eq=False, kw_only=True)
class Stretch:
    """A part of a recording with what the gate says of it; record is None where its samples are invalid."""

    record: Record | None
    examination: Examination

    @property
    def accepted(self) -> Record | None:
        """The record where the gate lets it through."""
        return None if self.examination.refused is not None else self.record


def examined(recording: Recording, preprocess: Preprocess | None = None) -> Iterator[Stretch]:
    """A short recording whole, a long one minute by minute, each with its examination.

    Raises SignalError for a short recording that has invalid samples; of a long one, such a minute is refused alone.
    """
    if recording.duration_s <= LONGEST_WHOLE_S:
        record = recording.record()
        yield Stretch(record=record, examination=examine(record, preprocess=preprocess))
        return
    for start_s, duration_s in _minutes(recording.duration_s):
        try:
            record = recording.window(start_s, duration_s)
        except SignalError:
            yield Stretch(record=None, examination=Examination((_invalid(start_s),)))
        else:
            yield Stretch(record=record, examination=examine(record, preprocess=preprocess))


def _minutes(duration_s: float) -> list[tuple[float, float]]:
    """Start and length of each stretch; a rest of less than half a stretch goes with the one before it."""
    count = max(1, int(duration_s / STRETCH_S + 0.5))
    starts = [STRETCH_S * number for number in range(count)]
    return [(start, STRETCH_S) for start in starts[:-1]] + [(starts[-1], duration_s - starts[-1])]


def _invalid(start_s: float) -> Finding:
    return Finding(
        code="samples.invalid",
        severity=Severity.REFUSE,
        message="samples are missing or invalid: the stretch is left out",
        evidence={"start_s": start_s},
    )


@dataclass(eq=False)
class Passage:
    """The prepared windows of all stretches of a recording that the gate accepts; iterate over it once.

    Afterwards, examination says what was found. Iterating raises SignalError where the gate refuses every stretch.
    """

    recording: Recording
    preprocess: Preprocess
    first_record: Record | None = None  # the first stretch that could be read, accepted or not
    num_windows: int = 0
    _first_window: Prepared | None = None
    _examinations: list[Examination] = field(default_factory=list)

    def __iter__(self) -> Iterator[Prepared]:
        for stretch in examined(self.recording, self.preprocess):
            self._examinations.append(stretch.examination)
            self.first_record = self.first_record or stretch.record
            for window in [] if stretch.accepted is None else self.preprocess.windows(stretch.accepted):
                self._first_window = self._first_window or window
                self.num_windows += 1
                yield window
        if not self.num_windows:
            refused = self._examinations[0].refused
            told = refused.message if refused is not None else "it holds no window of signal"
            raise SignalError(f"{self.recording.record_id}: {told}")

    @property
    def first_window(self) -> Prepared:
        """The first window, once it has been taken. Raises SignalError before."""
        if self._first_window is None:
            raise SignalError(f"{self.recording.record_id}: no window has been taken yet; iterate first")
        return self._first_window

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
    """The gravest of them, for the leads of all; the sentence is that of its own stretch, and says so."""
    gravest = max(same, key=lambda finding: finding.severity)
    leads = tuple(dict.fromkeys(lead for finding in same for lead in finding.leads))
    others = " for all these leads together" if leads != gravest.leads else ""
    return replace(
        gravest,
        severity=gravest.severity if all_refused else min(gravest.severity, Severity.WARN),
        leads=leads,
        message=f"{gravest.message} (in {len(same)} of {num_stretches} stretches{others}; the gravest is told)",
        evidence={**gravest.evidence, "stretches": len(same), "of_stretches": num_stretches},
    )
