"""ISHNE Holter, MFER, XLE, EDAN and Kardia files, by their public descriptions."""

from __future__ import annotations

import binascii
import json
import struct
from pathlib import Path

import numpy as np

from tests.unit.signal.formats.vendor_files.source import FAMILY, GIVEN, PATIENT_ID, PLACE, SERIAL, Source

_ISHNE_CODES = {"I": 5, "II": 6, "III": 7, "aVR": 8, "aVL": 9, "aVF": 10, "V1": 11, "V2": 12, "V3": 13, "V4": 14,
                "V5": 15, "V6": 16}  # fmt: skip
_MFER_CODES = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62, "aVL": 63,
               "aVF": 64}  # fmt: skip


def write_ishne(path: Path, source: Source, *, resolution_nv: int = 2500, is_crc_right: bool = True) -> Path:
    """An ISHNE Holter file (Badilini 1998) with a block of free text before the samples."""
    stored = source.stored(resolution_nv / 1000)
    num_leads, note = len(source.leads), FAMILY.encode() + b"\0"
    codes = [_ISHNE_CODES[lead] for lead in source.leads] + [-9] * (12 - num_leads)
    fixed = struct.pack("<iiiih", len(note), stored.shape[1], 522, 522 + len(note), 1)
    fixed += _padded(GIVEN, 40) + _padded(FAMILY, 40) + _padded(PATIENT_ID, 20)
    fixed += struct.pack("<hh3h3h3h3h", 2, 1, 3, 6, 1947, 2, 6, 2020, 2, 6, 2020, 9, 8, 7)
    fixed += struct.pack("<h12h12h12h", num_leads, *codes, *[1] * num_leads, *[-9] * (12 - num_leads),
                         *[resolution_nv] * num_leads, *[-9] * (12 - num_leads))  # fmt: skip
    fixed += struct.pack("<h", 0) + _padded(f"Mortara H12+ {SERIAL}", 40) + struct.pack("<h", source.rate_hz)
    fixed += _padded(PLACE, 80) + _padded(PLACE, 80) + bytes(88)
    assert len(fixed) == 512
    crc = binascii.crc_hqx(fixed + note, 0xFFFF) ^ (not is_crc_right)
    path.write_bytes(b"ISHNE1.0" + struct.pack("<H", crc) + fixed + note + stored.T.tobytes())
    return path


def write_mfer(path: Path, source: Source, *, uv_per_unit: float = 2.5) -> Path:
    """An MFER file (ISO 22077-1): big-endian, one sequence of one block a lead."""
    stored = source.stored(uv_per_unit)
    num_leads, num_samples = stored.shape
    body = _tlv(0x40, f"MFR {FAMILY}".ljust(32).encode())
    body += _tlv(0x01, b"\0") + _tlv(0x17, f"Nihon Kohden^ECG-2550^1.0^{SERIAL}".encode())
    body += _tlv(0x81, f"{FAMILY}^^{GIVEN}".encode()) + _tlv(0x82, PATIENT_ID.encode()) + _tlv(0x84, b"\x02")
    body += _tlv(0x83, struct.pack(">BHHBB", 72, 0, 1947, 6, 3)) + _tlv(
        0x85, struct.pack(">HBBBBB", 2020, 6, 2, 9, 8, 7)
    )
    body += _tlv(0x16, FAMILY.encode())
    body += _tlv(0x0B, struct.pack(">BbI", 1, -6, round(1e6 / source.rate_hz)))
    body += _tlv(0x0C, struct.pack(">BbH", 0, -7, round(10 * uv_per_unit)))
    body += _tlv(0x04, struct.pack(">I", num_samples)) + _tlv(0x05, bytes([num_leads])) + _tlv(0x06, b"\x01")
    for number, lead in enumerate(source.leads):
        body += bytes([0x3F, number, 3, 0x09, 1, _MFER_CODES[lead]])
    data = stored.astype(">i2").tobytes()
    path.write_bytes(body + b"\x1e\x84" + struct.pack(">I", len(data)) + data + b"\x80\0")
    return path


def write_kardia(path: Path, source: Source, *, resolution_nv: int = 500) -> Path:
    """A recording of the Kardia API."""
    names = {"I": "leadI", "II": "leadII", "III": "leadIII", "aVR": "AVR", "aVL": "AVL", "aVF": "AVF"}
    stored = source.stored(resolution_nv / 1000)
    document = {
        "id": SERIAL, "patientID": PATIENT_ID, "recordedAt": "2020-06-02T09:08:07Z", "note": FAMILY,
        "algorithmDetermination": "normal", "duration": 1000 * stored.shape[1] / source.rate_hz,
        "deviceInfo": {"hardwareType": f"KardiaMobile 6L {SERIAL}", "serialNumber": SERIAL}, "tags": [FAMILY, PLACE],
        "data": {"raw": {
            "frequency": source.rate_hz, "mainsFrequency": 50, "amplitudeResolution": resolution_nv,
            "numLeads": len(source.leads),
            "samples": {names[lead]: row.tolist() for lead, row in zip(source.leads, stored, strict=True)},
        }},
    }  # fmt: skip
    path.write_text(json.dumps(document))
    return path


def write_xle(path: Path, source: Source) -> Path:
    """An XLE file: words swapped in the header, chest leads against the right arm, 15/16 uV a unit."""
    header = bytearray(0x40000)
    for label, at, value in (
        ("Given name:", 2673, GIVEN), ("Family name:", 2712, FAMILY), ("ID:", 2761, PATIENT_ID),
        ("Birth Date:", 2793, "03.06.47"), ("Sex:", 2840, "F"), ("History:", 2876, FAMILY), ("Comment:", 2916, PLACE),
    ):  # fmt: skip
        text = (label + value).encode() + b"\0"
        header[at : at + len(text)] = text
    header[0::2], header[1::2] = header[1::2], header[0::2]
    signal = source.signal.copy()
    signal[2:] += (signal[0] + signal[1]) / 3
    stored = np.rint(signal * 1000 / (15 / 16)).astype("<i2")
    path.write_bytes(bytes(header) + stored.T.tobytes())
    return path


def write_edan_archive(path: Path, source: Source) -> Path:
    """An EDAN archive: the two files of a recording, each behind its name."""
    header = write_edan(path.parent, source)
    samples = header.with_name("ecgraw.dat")
    packed = b"".join(file.name.encode() + bytes(5) + file.read_bytes() for file in (header, samples))
    for file in (header, samples):
        file.unlink()
    path.with_suffix(".arc").write_bytes(packed)
    return path.with_suffix(".arc")


def write_edan(folder: Path, source: Source, *, uv_per_unit: float = 1.0) -> Path:
    """An EDAN Holter recording: patient.hea beside ecgraw.dat, whose unit the format does not say."""
    header = bytearray(3672)
    seconds = round(source.signal.shape[1] / source.rate_hz)
    struct.pack_into("<IIB", header, 4, 1_591_088_887, 1_591_088_887 + seconds, len(source.leads))
    struct.pack_into("<h", header, 32, source.rate_hz)
    texts = {
        108: PATIENT_ID,
        140: FAMILY,
        1960: PLACE,
        2304: SERIAL,
        2637: f"{GIVEN} {FAMILY}",
        2700: FAMILY,
        2956: PLACE,
    }
    texts |= {1796 + 8 * number: lead for number, lead in enumerate(source.leads)}
    for at, text in texts.items():
        header[at : at + len(text)] = text.encode()
    (folder / "patient.hea").write_bytes(header)
    (folder / "ecgraw.dat").write_bytes((source.stored(uv_per_unit).T.astype(np.int32) + 16384).astype("<u2").tobytes())
    return folder / "patient.hea"


def _padded(text: str, length: int) -> bytes:
    return text.encode().ljust(length, b"\0")


def _tlv(tag: int, value: bytes) -> bytes:
    return bytes([tag, len(value)]) + value
