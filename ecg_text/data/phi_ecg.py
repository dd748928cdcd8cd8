"""Passages of recordings in binary formats: what their headers say of a person, and the texts between the samples."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ecg_text.data.phi_passage import Passage
from ecg_text.data.phi_strings import runs, string_passages

_BLOCK = 1 << 20  # bytes
_ISHNE_BYTES = 1 << 12
_SAMPLES = ("WaveformData", "PixelData", "FloatPixelData", "DoubleFloatPixelData", "OverlayData")
_UNSAID = frozenset(("X", "", "X X X X", "Startdate X X X X"))
_EDF_UNKNOWN_DAY = "01.01.85"  # what EDF+ and its anonymisers write for no date
# What an EDF header says of each signal in letters: name, length and place among the 256 bytes of one signal.
_EDF_TEXTS: tuple[tuple[str, int, int], ...] = (
    ("label", 16, 0), ("transducer", 80, 16), ("filters", 80, 136), ("reserved", 32, 224)
)  # fmt: skip
_MOST_EDF_SIGNALS = 1024
# SCP-ECG (EN 1064) section 1: tag -> what it holds.
_SCP_TAGS: Mapping[int, str] = MappingProxyType(
    {
        0: "last name",
        1: "first name",
        2: "patient id",
        3: "last name",
        20: "referring physician",
        21: "physician name",
        22: "technician",
        30: "free text",
        31: "order number",
    }
)
_SCP_DAYS: Mapping[int, str] = MappingProxyType({5: "date of birth", 25: "date"})
# ISHNE's fixed header (Badilini 1998): field -> place and length in bytes; its days are three int16.
_ISHNE: tuple[tuple[str, int, int], ...] = (("first name", 28, 40), ("last name", 68, 40), ("patient id", 108, 20))
_ISHNE_DAYS: tuple[tuple[str, int], ...] = (("date of birth", 132), ("date", 138))


def dicom_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """Every attribute of a DICOM file but samples and UIDs, those of its sequences too; texts alone without pydicom."""
    try:
        from pydicom import dcmread
    except ImportError:
        yield from string_passages(path, encoding)
        return
    for element in dcmread(path, stop_before_pixels=True, defer_size=_BLOCK).iterall():
        if element.VR in ("SQ", "UI", "TM") or element.value is None or element.keyword in _SAMPLES:
            continue
        name = element.keyword or str(element.tag)
        value: Any = element.value
        if isinstance(value, bytes):  # a private element of unknown kind (UN) may be any text
            yield from (Passage(text=text, place=name) for _, text in runs(value, encoding))
            continue
        for item in value if isinstance(value, list | tuple) or hasattr(value, "append") else (value,):
            key = "patient name" if element.VR == "PN" else "date" if element.VR in ("DA", "DT") else name
            if str(item).strip():
                yield Passage(text=str(item), place=name, key=key)


def edf_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """The patient, the recording and the day of an EDF or BDF header; the annotations of EDF+ as texts."""
    with path.open("rb") as file:
        head = file.read(256).decode("latin-1")
    patient, recording, day = head[8:88].strip(), head[88:168].strip(), head[168:176].strip()
    if patient not in _UNSAID:
        yield from _edf_patient(patient)
    if recording not in _UNSAID:
        yield Passage(text=recording.replace("_", " "), place="recording")
    if day not in ("", _EDF_UNKNOWN_DAY):
        yield Passage(text=day, place="start date", key="date")
    is_plus = head[192:196] in ("EDF+", "BDF+")
    yield Passage(text=head[192 + 5 * is_plus : 236].strip(), place="reserved")
    count = int(head[252:256]) if head[252:256].strip().isdecimal() else 0
    if not 0 < count <= _MOST_EDF_SIGNALS:
        yield from string_passages(path, encoding, first_byte=256)
        return
    yield from _edf_signals(path, count)
    if is_plus:
        yield from string_passages(path, encoding, first_byte=256 * (count + 1))


def _edf_signals(path: Path, count: int) -> Iterator[Passage]:
    """The texts of every signal's description: a laboratory may write into them what it likes."""
    with path.open("rb") as file:
        file.seek(256)
        head = file.read(256 * count).decode("latin-1")
    for name, length, place in _EDF_TEXTS:
        for number in range(count):
            start = place * count + number * length
            text = head[start : start + length].replace("\0", " ").strip()
            if text:
                yield Passage(text=text, place=f"signal {number + 1}, {name}")


def _edf_patient(patient: str) -> Iterator[Passage]:
    """EDF+ writes: code, sex, day of birth, name, then anything; plain EDF writes what it likes, most often a name."""
    words = patient.split()
    if len(words) < 4 or words[1] not in ("M", "F", "X"):
        yield Passage(text=patient.replace("_", " "), place="patient", key="patient name")
        return
    for key, word in zip(("patient id", "date of birth", "patient name"), (words[0], *words[2:4]), strict=True):
        yield Passage(text=word.replace("_", " "), place=f"patient, {key}", key=key)
    if len(words) > 4:
        yield Passage(text=" ".join(words[4:]).replace("_", " "), place="patient")


def scp_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """The tags of section 1 of an SCP-ECG file, which tell of the patient, and other texts in the file."""
    data = path.read_bytes()[:_BLOCK]
    place, end = _scp_section_1(data)
    while place + 3 <= end:
        tag, length = struct.unpack_from("<BH", data, place)
        value = data[place + 3 : min(place + 3 + length, end)]
        place += 3 + length
        if tag == 255:
            break
        if tag in _SCP_DAYS and len(value) >= 4:
            year, month, day = struct.unpack_from("<HBB", value)
            yield from _day(_SCP_DAYS[tag], year, month, day)
        elif tag in _SCP_TAGS:
            text = value.split(b"\0")[0].decode("utf-8", "replace").strip()
            if text:
                yield Passage(text=text, place=_SCP_TAGS[tag], key=_SCP_TAGS[tag])
    yield from string_passages(path, encoding)


def _scp_section_1(data: bytes) -> tuple[int, int]:
    """Where the tags of section 1 begin and end, by the pointers in section 0; (0, 0) where they lead nowhere."""
    for place in range(22, min(len(data) - 10, 22 + 10 * 12), 10):
        number, length, start = struct.unpack_from("<HII", data, place)
        if number == 1 and 0 < start <= len(data):
            return start - 1 + 16, min(start - 1 + length, len(data))
    return 0, 0


def ishne_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """Names, number and days of an ISHNE header, and its free text."""
    with path.open("rb") as file:
        head = file.read(_ISHNE_BYTES)
    for key, start, length in _ISHNE:
        text = head[start : start + length].split(b"\0")[0].decode("latin-1").strip()
        if text:
            yield Passage(text=text, place=key, key=key)
    for key, start in _ISHNE_DAYS:
        day, month, year = struct.unpack_from("<3h", head, start)
        yield from _day(key, year, month, day)
    length = min(max(struct.unpack_from("<i", head, 10)[0], 0), _ISHNE_BYTES)
    yield Passage(text=head[522 : 522 + length].decode(encoding, "replace"), place="free text")


def _day(key: str, year: int, month: int, day: int) -> Iterator[Passage]:
    if 1800 < year < 2200 and 1 <= month <= 12 and 1 <= day <= 31:
        yield Passage(text=f"{year:04d}{month:02d}{day:02d}", place=key, key=key)
