"""The gate's findings as every verb tells them: severity, sentence, and the numbers behind it."""

from __future__ import annotations

from types import MappingProxyType

from ecg_text.cli.common import say
from ecg_text.signal.gate.finding import Examination, Severity

_WORDS = MappingProxyType({Severity.NOTE: "note", Severity.WARN: "warning", Severity.REFUSE: "refused"})


def finding_lines(examination: Examination) -> list[tuple[str, str]]:
    """(what, words) for the verdict and each finding, the gravest first."""
    lines = [("gate", examination.verdict)]
    for found in examination.findings:
        leads = f"{' '.join(found.leads)}: " if found.leads else ""
        numbers = f" [{', '.join(found.measured)}]" if found.evidence else ""
        lines.append((_WORDS[found.severity], f"{leads}{found.message}{numbers}"))
    return lines


def warn_of(examination: Examination, prefix: str = "") -> None:
    """Tell what the gate warns of, a line each; nothing where it accepts without a warning."""
    for severity, words in finding_lines(examination):
        if severity == _WORDS[Severity.WARN]:
            say(f"warning: {prefix}{words}")
