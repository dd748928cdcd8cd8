"""What a model answers of one ECG: for each label a similarity, and a probability only where one was fitted.

A similarity ranks. A probability, and a call at an operating point, hold for ECGs like those that they were fitted on:
an answer says which these were, and what about its own ECG is unlike them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ecg_text.hub.calibration import FittedOn
from ecg_text.leads import LeadState
from ecg_text.signal.gate.finding import Examination
from ecg_text.signal.preprocess import Prepared


@dataclass(frozen=True, kw_only=True)
class Call:
    """Whether a label's similarity reaches a threshold; sensitivity and specificity are the threshold's own.

    They are fractions, as reached on the records that it was fitted on.
    """

    called: bool
    threshold: float
    sensitivity: float
    specificity: float


@dataclass(frozen=True, kw_only=True)
class LabelAnswer:
    """One label asked of one ECG.

    probability is None where none was fitted, and no_probability then says why, in one line. calls has an entry for
    each operating point of POINTS (hub/calibrated_label.py), none where nothing was fitted. percentile is the per cent
    of known records that are less similar to the label, whether they bear it or not; None where none are known.
    """

    name: str
    title: str
    similarity: float
    probability: float | None
    no_probability: str | None
    percentile: float | None
    calls: Mapping[str, Call] = field(default_factory=dict)

    @property
    def percent(self) -> str:
        """The probability, no finer than some hundred records can tell it: "<1 %", "37 %"; "" for none."""
        if self.probability is None:
            return ""
        if self.probability < 0.01:
            return "<1 %"
        return ">99 %" if self.probability > 0.99 else f"{100 * self.probability:.0f} %"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked, of which model, and what its answers were fitted on.

    fitted_on is None where no label has a probability, and uncalibrated then says why, in one line. percentile_among
    says in words among which records a percentile is, None where there is none.
    """

    prompt_set: str
    prompt_version: int
    prompt_hash: str
    rule: str
    model_revision: str
    preprocess_fingerprint: str
    fitted_on: FittedOn | None
    uncalibrated: str | None
    percentile_among: str | None

    def to_dict(self) -> dict[str, Any]:
        """What the answers were fitted on, as JSON values."""
        return {
            "fitted_on": None if self.fitted_on is None else asdict(self.fitted_on),
            "not_calibrated": self.uncalibrated,
            "percentile_among": self.percentile_among,
        }


@dataclass(frozen=True, kw_only=True)
class EcgSeen:
    """What a model saw of one recording, and what the gate says of it.

    unseen_leads tells why each of the leads that it did not see is missing; the rest of its num_leads were there.
    """

    record_id: str
    examination: Examination
    num_leads: int
    unseen_leads: Mapping[str, str]
    num_windows: int
    is_padded: bool

    @classmethod
    def of(
        cls, record_id: str, examination: Examination, leads: Sequence[str], first: Prepared, num_windows: int
    ) -> EcgSeen:
        """Of a recording that became so many windows, the first of which is given."""
        return cls(
            record_id=record_id,
            examination=examination,
            num_leads=len(leads),
            unseen_leads=unseen_leads(leads, first),
            num_windows=num_windows,
            is_padded=first.num_valid < first.signal.shape[1],
        )

    @property
    def doubts(self) -> tuple[str, ...]:
        """In what the recording is unlike those that a calibration is fitted on, a line each."""
        found = []
        if warned := self.examination.warnings:
            found.append(f"the gate warns: {', '.join(dict.fromkeys(one.code for one in warned))}")
        if self.unseen_leads:
            states = dict.fromkeys(self.unseen_leads.values())
            told = "; ".join(f"{state} {self._unseen(state)}" for state in states)
            num_seen = self.num_leads - len(self.unseen_leads)
            found.append(f"{num_seen} leads were seen ({told}), fitted on {self.num_leads}")
        if self.num_windows > 1:
            found.append(f"the mean of {self.num_windows} windows, fitted on one each")
        elif self.is_padded:
            found.append("shorter than the window")
        return tuple(found)

    def _unseen(self, state: str) -> str:
        return " ".join(lead for lead, why in self.unseen_leads.items() if why == state)


@dataclass(frozen=True, kw_only=True)
class EcgAnswer:
    """The labels asked of one ECG, the most similar first, with all that they depend on."""

    question: Question
    seen: EcgSeen
    labels: tuple[LabelAnswer, ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why probabilities, calls and percentiles may not hold for this ECG, a line each; () where there are none."""
        return self.seen.doubts if self.question.percentile_among or self.question.fitted_on else ()

    def label(self, name: str) -> LabelAnswer:
        """The answer for the label of this name. Raises KeyError where it was not asked."""
        return {label.name: label for label in self.labels}[name]

    def chosen(self, names: Sequence[str], top: int | None = None) -> EcgAnswer:
        """The labels of these names only, and of these the first top, or all."""
        return replace(self, labels=tuple(label for label in self.labels if label.name in names)[:top])


def unseen_leads(leads: Sequence[str], window: Prepared) -> dict[str, str]:
    """The leads of a prepared window that carry no information, and why: {"V6": "absent"}."""
    states = zip(leads, window.lead_state, window.lead_mask, strict=True)
    return {lead: LeadState(state).name.lower() for lead, state, is_seen in states if not is_seen}
