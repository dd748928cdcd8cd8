"""Findings of the gate: what is doubtful about a recording, how much it matters, and the numbers it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

_UNITS = {"mv": "mV", "uv": "µV", "s": "s", "ms": "ms", "hz": "Hz", "bpm": "beats/min", "deg": "degrees"}


class Severity(IntEnum):
    """What a finding does to the verdict."""

    NOTE = 0  # worth knowing; the recording is accepted
    WARN = 1  # accepted with a warning: look before trusting a score
    REFUSE = 2  # no model should see it


VERDICTS = ("accept", "accept with warnings", "refuse")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found: a code such as "unit.too_large", a sentence, the leads it concerns, the numbers behind it."""

    code: str
    severity: Severity
    message: str
    leads: tuple[str, ...] = ()
    evidence: Mapping[str, float] = field(default_factory=dict)

    @property
    def measured(self) -> tuple[str, ...]:
        """The evidence in words, the ending of a name as its unit: {"hum_mv": 0.08} -> ("hum 0.08 mV",)."""
        return tuple(_measured(name, value) for name, value in self.evidence.items())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a machine."""
        return {
            "code": self.code,
            "severity": self.severity.name.lower(),
            "message": self.message,
            "leads": list(self.leads),
            "evidence": {name: float(value) for name, value in self.evidence.items()},
        }


def _measured(name: str, value: float) -> str:
    words = name.split("_")
    unit = _UNITS.get(words[-1], "") if len(words) > 1 else ""
    number = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{' '.join(words[:-1] if unit else words)} {number} {unit}".strip()


@dataclass(frozen=True)
class Examination:
    """All findings of one recording, the gravest first."""

    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", tuple(sorted(self.findings, key=lambda found: -found.severity)))

    @property
    def verdict(self) -> str:
        """ "accept", "accept with warnings" or "refuse": the gravest finding decides."""
        return VERDICTS[max((found.severity for found in self.findings), default=Severity.NOTE)]

    @property
    def refused(self) -> Finding | None:
        """The gravest finding where it refuses the recording, or None."""
        return self.findings[0] if self.findings and self.findings[0].severity == Severity.REFUSE else None

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that a person should look at before trusting a score."""
        return tuple(found for found in self.findings if found.severity == Severity.WARN)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, in their order."""
        return tuple(found.code for found in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a machine."""
        return {"verdict": self.verdict, "findings": [found.to_dict() for found in self.findings]}
