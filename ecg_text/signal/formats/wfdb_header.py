"""What a WFDB header says: its plain form parsed fast, and the few facts kept from its comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ecg_text.errors import SignalError

_NUMBER = r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_RECORD_LINE = re.compile(
    rf"[^\s/]+(?P<segments>/\d+)?\s+(?P<num_signals>\d+)\s+{_NUMBER}(?:/{_NUMBER}(?:\(-?{_NUMBER}\))?)?"
    r"(?:\s+\d+(?:\s.*)?)?"
)
_SIGNAL_LINE = re.compile(rf"\S+\s+\d\S*(?:\s+(?P<gain>-?{_NUMBER})(?:\(-?\d+\))?(?:/\S+)?(?:\s.*)?)?")
_PLAIN_RECORD_LINE = re.compile(r"[^\s/]+\s+(\d+)\s+(\d+(?:\.\d+)?)\s+(\d+)(?:\s.*)?")
_PLAIN_SIGNAL_LINE = re.compile(
    r"(?P<file>[^\s/\\~]+)\s+16(?:\+(?P<offset>\d+))?\s+"
    r"(?P<gain>\d+(?:\.\d+)?)(?:\((?P<baseline>-?\d+)\))?/(?P<unit>\S+)\s+"
    r"\d+\s+(?P<adc_zero>-?\d+)\s+-?\d+\s+-?\d+\s+0\s+(?P<name>\S.*)"
)

_AGE = re.compile(r"(?:^|[\s<])age>?\s*:\s*(\d+(?:\.\d+)?)\b", re.IGNORECASE)
_SEX = re.compile(r"(?:^|[\s<])(?:sex|gender)>?\s*:\s*(female|male|f|m)\b", re.IGNORECASE)
_DIAGNOSES = re.compile(r"<?dx>?\s*:\s*(.*)", re.IGNORECASE)
_MIT_AGE_AND_SEX = re.compile(r"(-?\d+)\s+([FM])\b")
_OLDEST = 130.0


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One signal line of a header: millivolts are (stored - baseline) / gain, times the unit."""

    gain: float
    baseline: int
    unit: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PlainHeader:
    """The header of a single-segment record whose signals all lie in one file of 16-bit samples."""

    rate_hz: float
    num_samples: int
    file: str
    byte_offset: int
    channels: tuple[Channel, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is kept of a header's comments; names, dates and everything else stay behind."""

    age: float | None = None
    sex: str | None = None
    labels: tuple[str, ...] = ()


def read_header_lines(path: Path) -> tuple[list[str], list[str]]:
    """The header's own lines and its comments. Raises SignalError where it is missing, damaged or incomplete.

    The check is stricter than wfdb's, which takes its defaults (250 Hz, 200 units per mV) for what it cannot parse.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        raise SignalError(f"{path}: there is no such header; a WFDB record needs its .hea file") from None
    except OSError as error:
        raise SignalError(f"{path}: the header cannot be read ({error.strerror}); give a readable .hea file") from error
    stripped = [line.strip() for line in text.splitlines()]
    lines = [line for line in stripped if line and not line.startswith("#")]
    comments = [line.lstrip("#").strip() for line in stripped if line.startswith("#")]
    found = _RECORD_LINE.fullmatch(lines[0]) if lines else None
    if found is None:
        start = lines[0][:40] if lines else ""
        raise SignalError(
            f"{path}: the header is damaged, its first line is {start!r}; it must be 'name leads rate samples'"
        )
    if found["segments"] is not None:
        return lines, comments
    if len(lines) - 1 != int(found["num_signals"]):
        raise SignalError(
            f"{path}: the header announces {found['num_signals']} leads and describes {len(lines) - 1}; "
            "get the original header"
        )
    damaged = [line for line in lines[1:] if _SIGNAL_LINE.fullmatch(line) is None]
    if damaged:
        raise SignalError(f"{path}: the header is damaged at {damaged[0][:40]!r}; get the original header")
    return lines, comments


def is_uncalibrated(lines: list[str]) -> bool:
    """Whether a gain is missing or 0, where the format's default of 200 units per millivolt stands in."""
    if "/" in lines[0].split()[0]:  # the segments have headers of their own
        return False
    gains = [found["gain"] for line in lines[1:] if (found := _SIGNAL_LINE.fullmatch(line)) is not None]
    return any(gain is None or float(gain) == 0 for gain in gains)


def parse_plain_header(lines: list[str]) -> PlainHeader | None:
    """The header of a plain record, or None where only wfdb itself knows what to do with it."""
    found = _PLAIN_RECORD_LINE.fullmatch(lines[0])
    matches = [_PLAIN_SIGNAL_LINE.fullmatch(line) for line in lines[1:]]
    signals = [match for match in matches if match is not None]
    if found is None or not signals or len(signals) < len(matches):
        return None
    if len({(match["file"], match["offset"]) for match in signals}) > 1:
        return None
    if float(found[2]) == 0 or int(found[3]) == 0 or any(float(match["gain"]) == 0 for match in signals):
        return None
    return PlainHeader(
        rate_hz=float(found[2]),
        num_samples=int(found[3]),
        file=signals[0]["file"],
        byte_offset=int(signals[0]["offset"] or 0),
        channels=tuple(
            Channel(
                gain=float(match["gain"]),
                baseline=int(match["baseline"] or match["adc_zero"]),
                unit=match["unit"],
                name=match["name"],
            )
            for match in signals
        ),
    )


def facts_from_comments(comments: Iterable[str]) -> Facts:
    """Age, sex and diagnosis codes in the spellings of PhysioNet's databases; whatever is not understood is None."""
    age: float | None = None
    sex: str | None = None
    labels: tuple[str, ...] = ()
    for comment in comments:
        if found := _MIT_AGE_AND_SEX.match(comment):
            age, sex = age or float(found[1]), sex or found[2]
        if found := _AGE.search(comment):
            age = float(found[1])
        if found := _SEX.search(comment):
            sex = found[1]
        if found := _DIAGNOSES.match(comment):
            labels = tuple(code.strip() for code in found[1].split(",") if code.strip())
    return Facts(
        age=age if age is not None and 0 <= age <= _OLDEST else None,
        sex={"f": "female", "m": "male", None: None}[sex[0].lower() if sex else None],
        labels=labels,
    )
