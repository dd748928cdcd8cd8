"""Reports in words for synthetic records: one to four clinical sentences in varied phrasing, all of them true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.signal.synthetic.phrases import (
    AXIS_PHRASES,
    FINDING_PHRASES,
    NEGATIVE_PHRASES,
    RATE_PHRASES,
    RESPONSE_PHRASES,
    RHYTHM_PHRASES,
    SINUS_PHRASES,
    VENTRICULAR_PACING_WITHOUT_P,
)

_MAX_SENTENCES = 4
_FAST_BPM, _SLOW_BPM = 100.0, 60.0
_LEFT_AXIS_DEG, _RIGHT_AXIS_DEG = -30.0, 90.0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a report may speak of: the label, the mean rate, the frontal axis, whether P waves lead the beats."""

    label: str
    rate_bpm: float
    axis_deg: float
    has_p: bool


def write_report(facts: Facts, generator: np.random.Generator) -> str:
    """A report of one to four sentences: rhythm and rate, axis, findings, what is absent."""
    findings = FINDING_PHRASES.get(facts.label, ())
    rhythm = _rhythm(facts, generator)
    if findings and facts.label != "NORM" and generator.random() < 0.15:
        parts = [f"{rhythm} with {_lower_first(_pick(findings, generator))}"]
    else:
        parts = [rhythm] if not findings or generator.random() < 0.85 else []
        parts += [_pick(findings, generator)] if findings else []
        if len(parts) == 2 and generator.random() < 0.2:
            parts.reverse()
    if generator.random() < 0.5:
        parts.insert(min(1, len(parts)), _pick(AXIS_PHRASES[axis_class(facts.axis_deg)], generator))
    absent = [text for text, but_not in NEGATIVE_PHRASES if facts.label not in but_not]
    if absent and generator.random() < 0.45:
        parts.append(_pick(absent, generator))
    return " ".join(f"{part}." for part in parts[:_MAX_SENTENCES])


def axis_class(axis_deg: float) -> str:
    """normal from -30 to 90 degrees, left from there to -90, right from there to 180, extreme between."""
    if _LEFT_AXIS_DEG <= axis_deg <= _RIGHT_AXIS_DEG:
        return "normal"
    if axis_deg > _RIGHT_AXIS_DEG:
        return "right"
    return "left" if axis_deg >= -90 else "extreme"


def rate_class(rate_bpm: float) -> str:
    """slow below 60, fast above 100, else normal."""
    if rate_bpm < _SLOW_BPM:
        return "slow"
    return "fast" if rate_bpm > _FAST_BPM else "normal"


def _rhythm(facts: Facts, generator: np.random.Generator) -> str:
    phrases = RHYTHM_PHRASES.get(facts.label, SINUS_PHRASES)
    if facts.label == "PACE" and not facts.has_p:
        phrases = VENTRICULAR_PACING_WITHOUT_P
    text = _pick(phrases, generator)
    choice = generator.random()
    if choice < 0.45:
        return text + _pick(RATE_PHRASES, generator).format(rate=round(facts.rate_bpm))
    if facts.label in RESPONSE_PHRASES and choice < 0.85:
        return text + _pick(RESPONSE_PHRASES[facts.label][rate_class(facts.rate_bpm)], generator)
    return text


def _pick(phrases: Sequence[str], generator: np.random.Generator) -> str:
    return phrases[int(generator.integers(len(phrases)))]


def _lower_first(text: str) -> str:
    """The phrase as it reads inside a sentence; a word of capitals (ST, QT, Q) keeps them."""
    first, _, rest = text.partition(" ")
    kept = first if sum(letter.isupper() for letter in first) > 1 or len(first) == 1 else first.lower()
    return f"{kept} {rest}" if rest else kept
