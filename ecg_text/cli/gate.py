"""The gate's findings as every verb tells them: severity, sentence, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ecg_text.cli.common import say

if TYPE_CHECKING:
    from ecg_text.signal.gate.finding import Examination


def finding_lines(examination: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, words) for the verdict and each finding of an examination's plain values."""
    lines = [("gate", str(examination["verdict"]))]
    for found in examination["findings"]:
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in found["evidence"].items())
        severity = {"note": "note", "warn": "warning", "refuse": "refused"}[found["severity"]]
        leads = f"{' '.join(found['leads'])}: " if found["leads"] else ""
        lines.append((severity, f"{leads}{found['message']}" + (f" [{numbers}]" if numbers else "")))
    return lines


def warn_of(examination: Examination, prefix: str = "") -> None:
    """Tell what the gate warns of, a line each; nothing where it accepts without a warning."""
    for severity, words in finding_lines(examination.to_dict()):
        if severity == "warning":
            say(f"warning: {prefix}{words}")
