"""SCP-ECG files by EN 1064: sections 0, 1, 3, 6, and 2, 4, 5 where the samples are packed or beats are subtracted."""

from __future__ import annotations

import binascii
import struct
from pathlib import Path

import numpy as np

from tests.unit.signal.formats.vendor_files.source import FAMILY, GIVEN, PATIENT_ID, PLACE, SERIAL, Source

LEAD_CODES = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62, "aVL": 63,
              "aVF": 64}  # fmt: skip


def write_scp(
    path: Path,
    source: Source,
    *,
    avm_nv: int = 2500,
    differences: int = 0,
    huffman: bool = False,
    beats: tuple[np.ndarray, list[int], int] | None = None,
    is_crc_right: bool = True,
    last_sample: int | None = None,
) -> Path:
    """Writes one. beats are a reference beat (C, n) in units of the file, its places (sample numbers of its fiducial
    point, counted from 1) and the fiducial point within it (from 1): it is subtracted from the rhythm.
    """
    stored = source.stored(avm_nv / 1000).astype(np.int64)
    num_samples = last_sample or stored.shape[1]
    residual = stored.copy()
    sections = {1: _patient(), 3: _leads(source, num_samples, is_subtracted=beats is not None)}
    if huffman:
        sections[2] = struct.pack("<H", 19999)
    if beats is not None:
        beat, places, fiducial = beats
        zones = b""
        for place in places:
            first = place - fiducial  # from 0
            residual[:, first : first + beat.shape[1]] -= beat
            zones += struct.pack("<HIII", 0, first + 1, place, first + beat.shape[1])
        length_ms = round(1000 * beat.shape[1] / source.rate_hz)
        sections[4] = struct.pack("<HHH", length_ms, fiducial, len(places)) + zones + bytes(8 * len(places))
        sections[5] = _samples(beat, avm_nv, source.rate_hz, differences, huffman=huffman)
    sections[6] = _samples(residual, avm_nv, source.rate_hz, differences, huffman=huffman)
    path.write_bytes(_joined(sections, is_crc_right=is_crc_right))
    return path


def _tag(number: int, value: bytes) -> bytes:
    return struct.pack("<BH", number, len(value)) + value


def _patient() -> bytes:
    device = struct.pack("<HHHBB", 1, 2, 3, 0, 17) + b"AT-102" + bytes([20, 0xA0, 1, 0xC0, 1]) + bytes(16) + b"\0"
    device += b"prog\0" + SERIAL.encode() + b"\0soft\0impl\0" + PLACE.encode() + b"\0"
    texts = {0: FAMILY, 1: GIVEN, 2: PATIENT_ID, 3: FAMILY, 13: FAMILY, 16: PLACE, 18: PLACE, 20: FAMILY, 21: FAMILY}
    body = b"".join(_tag(number, text.encode() + b"\0") for number, text in texts.items())
    body += _tag(5, struct.pack("<HBB", 1947, 6, 3)) + _tag(8, b"\x02") + _tag(14, device)
    body += _tag(22, FAMILY.encode() + b"\0") + _tag(25, struct.pack("<HBB", 2020, 6, 2)) + _tag(26, bytes([9, 8, 7]))
    return body + _tag(30, FAMILY.encode() + b"\0") + _tag(255, b"")


def _leads(source: Source, num_samples: int, *, is_subtracted: bool) -> bytes:
    flags = 0x04 | len(source.leads) << 3 & 0xF8 | is_subtracted
    leads = b"".join(struct.pack("<IIB", 1, num_samples, LEAD_CODES[lead]) for lead in source.leads)
    return bytes([len(source.leads), flags]) + leads


def _samples(stored: np.ndarray, avm_nv: int, rate_hz: int, differences: int, *, huffman: bool) -> bytes:
    packed = []
    for row in stored:
        values = row.copy()
        if differences == 1:
            values[1:] = np.diff(row)
        if differences == 2:
            values[2:] = np.diff(row, 2)  # the first two are samples themselves
        packed.append(_huffman(values) if huffman else values.astype("<i2").tobytes())
    head = struct.pack("<HHBB", avm_nv, round(1e6 / rate_hz), differences, 0)
    return head + b"".join(struct.pack("<H", len(data)) for data in packed) + b"".join(packed)


def _huffman(values: np.ndarray) -> bytes:
    """The standard's default table: runs of ones for the size, then the sign; 8 or 16 plain bits for large ones."""
    bits = []
    for value in values.tolist():
        if value == 0:
            bits.append("0")
        elif abs(value) <= 8:
            bits.append("1" * abs(value) + "0" + ("1" if value < 0 else "0"))
        elif -128 <= value < 128:
            bits.append("1111111110" + f"{value & 0xFF:08b}")
        else:
            bits.append("1111111111" + f"{value & 0xFFFF:016b}")
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _section(number: int, body: bytes) -> bytes:
    body += b"\0" * (len(body) % 2)
    rest = struct.pack("<HIBB6x", number, 16 + len(body), 20, 20) + body
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def _joined(sections: dict[int, bytes], *, is_crc_right: bool) -> bytes:
    whole = {number: _section(number, body) for number, body in sorted(sections.items())}
    numbers = range(12)
    directory_length = 16 + 10 * len(numbers)
    at, pointers = 7 + directory_length, struct.pack("<HII", 0, directory_length, 7)
    for number in numbers[1:]:
        length = len(whole.get(number, b""))
        pointers += struct.pack("<HII", number, length, at if length else 0)
        at += length
    rest = _section(0, pointers) + b"".join(whole.values())
    rest = struct.pack("<I", 6 + len(rest)) + rest
    crc = binascii.crc_hqx(rest, 0xFFFF)
    return struct.pack("<H", crc if is_crc_right else crc ^ 1) + rest
