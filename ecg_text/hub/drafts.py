"""What a draft of a report is, and what it says of itself.

Where a model looks and what its words rest on are two things. The tokens that it reads have themselves read the whole
ECG, so attention tells where it looked, and little of what was decisive; an ECG told without a lead tells that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DRAFT_USE = "a draft for research use only, not a medical device; a clinician must read the ECG"


@dataclass(frozen=True, kw_only=True)
class DraftSentence:
    """One sentence of a draft, its mean log-probability per word piece (natural logarithm), and what it comes from.

    beats: the attention paid to each beat, in the order of Draft.beats_s; elsewhere is what falls on none, and all sum
    to 1. leads: for each lead that is there, by how much the log-probability falls when that lead is masked and the
    words stay the same; below 0, the sentence is likelier without it.
    """

    text: str
    log_probability: float
    beats: tuple[float, ...]
    elsewhere: float
    leads: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a model writes of an ECG: a draft for research, not a finding.

    beats_s are the R-peaks in the window that it read, in seconds. notes say what a reader must know: that the draft
    was broken off at the longest length, that one window of a long recording was read.
    """

    text: str
    sentences: tuple[DraftSentence, ...]
    beats_s: tuple[float, ...]
    notes: tuple[str, ...] = ()
    use: str = DRAFT_USE

    def __str__(self) -> str:
        return f"{self.text}\n({self.use})"
