"""What a WFDB header says: its plain form parsed fast, and the few facts kept from its comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ecg_text.errors import SignalError
from ecg_text.signal.formats.facts import Facts, coded_labels, known_age, known_sex
from ecg_text.signal.formats.vendor_facts import device_class

# The longest headers of PhysioNet, of thousands of segments, have some 300 kB.
_MOST_BYTES = 4 * 2**20
_NUMBER = r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_ABSURD_NUMBER = re.compile(r"\d{301}")  # more than a float can hold; int() itself refuses 4,300
_RECORD_LINE = re.compile(
    rf"[^\s/]+(?P<segments>/\d+)?\s+(?P<num_signals>\d+)\s+{_NUMBER}(?:/{_NUMBER}(?:\(-?{_NUMBER}\))?)?"
    r"(?:\s+\d+(?:\s.*)?)?"
)
_SIGNAL_LINE = re.compile(rf"\S+\s+\d\S*(?:\s+(?P<gain>-?{_NUMBER})(?:\(-?\d+\))?(?:/\S+)?(?:\s.*)?)?")
_PLAIN_RECORD_LINE = re.compile(r"[^\s/]+\s+(\d+)\s+(\d+(?:\.\d+)?)\s+(\d+)(?:\s.*)?")
_PLAIN_SIGNAL_LINE = re.compile(
    r"(?P<file>(?!\.\.?\s)[^\s/\\~:\0]+)\s+16(?:\+(?P<offset>\d+))?\s+"
    r"(?P<gain>\d+(?:\.\d+)?)(?:\((?P<baseline>-?\d+)\))?/(?P<unit>\S+)\s+"
    r"\d+\s+(?P<adc_zero>-?\d+)\s+-?\d+\s+-?\d+\s+0\s+(?P<name>\S.*)"
)

_AGE = re.compile(r"(?:^|[\s<])age>?\s*:\s*(\d+(?:\.\d+)?)\b", re.IGNORECASE)
_SEX = re.compile(r"(?:^|[\s<])(?:sex|gender)>?\s*:\s*(female|male|f|m)\b", re.IGNORECASE)
_DIAGNOSES = re.compile(r"<?dx>?\s*:\s*(.*)", re.IGNORECASE)
_DEVICE = re.compile(r"device\s*:\s*(.*)", re.IGNORECASE)
_MIT_AGE_AND_SEX = re.compile(r"(-?\d+)\s+([FM])\b")


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


def read_header_lines(path: Path) -> tuple[list[str], list[str]]:
    """The header's own lines and its comments. Raises SignalError where it is missing, damaged or incomplete.

    The check is stricter than wfdb's, which takes its defaults (250 Hz, 200 units per mV) for what it cannot parse.
    """
    try:
        is_short = path.stat().st_size <= _MOST_BYTES
        text = path.read_bytes().decode("utf-8", errors="replace") if is_short else ""
    except FileNotFoundError:
        raise SignalError(f"{path}: there is no such header; a WFDB record needs its .hea file") from None
    except OSError as error:
        raise SignalError(f"{path}: the header cannot be read ({error.strerror}); give a readable .hea file") from error
    if not is_short:
        raise SignalError(f"{path}: the header is longer than {_MOST_BYTES} bytes; get the original header")
    stripped = [line.strip() for line in text.splitlines()]
    lines = [line for line in stripped if line and not line.startswith("#")]
    comments = [line.lstrip("#").strip() for line in stripped if line.startswith("#")]
    if any(_ABSURD_NUMBER.search(line) for line in lines):
        raise SignalError(f"{path}: the header is damaged, a number has more than 300 digits; get the original header")
    found = _RECORD_LINE.fullmatch(lines[0]) if lines else None
    if found is None:
        raise SignalError(f"{path}: the header is damaged in its first line; it must be 'name leads rate samples'")
    if found["segments"] is not None:
        if int(found["segments"][1:]) != len(lines) - 1:
            raise SignalError(
                f"{path}: the header announces {found['segments'][1:]} segments and lists {len(lines) - 1}; "
                "get the original header"
            )
        return lines, comments
    if len(lines) - 1 != int(found["num_signals"]):
        raise SignalError(
            f"{path}: the header announces {found['num_signals']} leads and describes {len(lines) - 1}; "
            "get the original header"
        )
    damaged = [number for number, line in enumerate(lines) if number and _SIGNAL_LINE.fullmatch(line) is None]
    if damaged:
        raise SignalError(
            f"{path}: the header is damaged where it describes lead {damaged[0]}; it must be 'file format gain ...'"
        )
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


def files_in_folder(path: Path, lines: list[str]) -> tuple[list[str], list[str]]:
    """The signal files and the segments that a header names, in their order; "~" stands for none.

    Raises SignalError for a name that leads out of the header's folder: a header may come from anywhere, and must
    never open a file that its owner did not put beside it.
    """
    found = _RECORD_LINE.fullmatch(lines[0])
    in_segments = found is not None and found["segments"] is not None
    names = sorted({line.split()[0] for line in lines[1:]} - {"~"})
    outside = [name for name in names if re.search(r"[/\\:\0]|^\.\.?$", name)]
    if outside:
        raise SignalError(f"{path}: it names a file outside its folder; put all files beside it")
    return ([], names) if in_segments else (names, [])


def segments_of(path: Path) -> list[str]:
    """The headers of the segments that a header names; none where it has no segments, or is damaged."""
    try:
        with path.open("rb") as file:
            lines = [
                line for line in file.read(4096).splitlines() if line.strip() and not line.lstrip().startswith(b"#")
            ]
        if not lines or b"/" not in lines[0].split()[0]:  # of thousands of headers, most are told by this alone
            return []
        names = files_in_folder(path, read_header_lines(path)[0])[1]
    except (OSError, SignalError):
        return []
    return [f"{name}.hea" for name in names]


def facts_from_comments(comments: Iterable[str]) -> Facts:
    """Age, sex, diagnosis codes and class of device in PhysioNet's spellings; what is not understood is None."""
    age: float | None = None
    sex: str | None = None
    labels: tuple[str, ...] = ()
    device: str | None = None
    for comment in comments:
        if found := _MIT_AGE_AND_SEX.match(comment):
            age, sex = age or float(found[1]), sex or found[2]
        if found := _AGE.search(comment):
            age = float(found[1])
        if found := _SEX.search(comment):
            sex = found[1]
        if found := _DIAGNOSES.match(comment):
            labels = coded_labels(found[1].split(","))
        if found := _DEVICE.match(comment):
            device = device_class(found[1])
    return Facts(age=known_age(age), sex=known_sex(sex), labels=labels, device=device)
