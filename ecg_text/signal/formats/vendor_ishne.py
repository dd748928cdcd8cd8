"""ISHNE Holter files: a header of 522 bytes, then 16-bit samples of all leads in turn, read by window.

Badilini, Ann Noninvasive Electrocardiol 3 (1998) 263.
"""

from __future__ import annotations

import binascii
import struct
from datetime import date
from pathlib import Path

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.channels import choose_leads
from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.formats.vendor_facts import facts
from ecg_text.signal.formats.vendor_guard import checked_rate, years_between
from ecg_text.signal.units import MV_PER_UNIT

_HEADER_BYTES = 522
_CHECKED_FROM = 10
_MOST_LEADS = 12
# The standard proposes this sample where a lead is at fault.
_FAULT = -32768
_LEADS = {
    2: "VX", 3: "VY", 4: "VZ", 5: "I", 6: "II", 7: "III", 8: "aVR", 9: "aVL", 10: "aVF",
    11: "V1", 12: "V2", 13: "V3", 14: "V4", 15: "V5", 16: "V6",
}  # fmt: skip
_SEXES = {1: "male", 2: "female"}


def open_ishne(path: Path, stated: Stated, keep: Keep) -> Recording:
    """The recording in an ISHNE Holter file, its samples unread; a sample marked as a fault comes back as NaN.

    Raises SignalError where the file is cut, its header contradicts itself or a lead has no scale, LeadError where a
    lead has no name and the caller states none.
    """
    with refusing(path, "the ISHNE file cannot be read"), path.open("rb") as file:
        if stated.rate_hz is not None or stated.unit is not None:
            raise SignalError(f"{path}: an ISHNE file says its own rate_hz and unit; leave that out")
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise SignalError(f"{path}: the file is cut within its header; get the original file")
        num_leads, rate = struct.unpack_from("<h", header, 156)[0], struct.unpack_from("<h", header, 272)[0]
        if not 1 <= num_leads <= _MOST_LEADS:
            raise SignalError(f"{path}: {num_leads} leads; an ISHNE file has 1 to {_MOST_LEADS}")
        data_at, num_samples = _extent(path, header, num_leads)
        told = _checksum(header, file.read(data_at - _HEADER_BYTES))
        codes = struct.unpack_from(f"<{num_leads}h", header, 158)
        names = [_LEADS.get(code, f"channel {number + 1}") for number, code in enumerate(codes)]
        choice = choose_leads(path, names, ["nV"] * num_leads, stated=stated.leads)
        resolution_nv = np.array(struct.unpack_from(f"<{num_leads}h", header, 206), dtype=np.float64)
        if resolution_nv.min() <= 0:
            raise SignalError(f"{path}: a lead has no resolution in its header; get the original file")
        rate_hz = checked_rate(path, float(rate))
        born, recorded = _date(header, 132), _date(header, 138)
        kept = facts(
            keep,
            age=years_between(born, recorded) if born and recorded else None,
            sex=_SEXES.get(struct.unpack_from("<h", header, 128)[0]),
            device=(_text(header, 232, 40),),
            patient_id=_text(header, 108, 20),
        )
    scale = resolution_nv[list(choice.rows)] * MV_PER_UNIT["nV"]

    def load(start: int, stop: int) -> np.ndarray:
        """Samples start to stop, (C, stop - start) in mV."""
        with refusing(path, "the ISHNE file cannot be read"):
            stored = np.fromfile(
                path, dtype="<i2", count=(stop - start) * num_leads, offset=data_at + 2 * start * num_leads
            )
            chosen = stored.reshape(stop - start, num_leads).T[list(choice.rows)]
            return np.where(chosen == _FAULT, np.nan, chosen * scale[:, None]).astype(np.float32)

    return Recording(
        record_id=path.stem,
        format="ISHNE",
        rate_hz=rate_hz,
        leads=choice.leads,
        num_samples=num_samples,
        load=load,
        facts=kept,
        trail=(f"read ISHNE {path.name}", *told, *choice.told),
    )


def _extent(path: Path, header: bytes, num_leads: int) -> tuple[int, int]:
    """The first byte of the samples, and the samples of a lead, by the size of the file and by the header."""
    variable, declared = struct.unpack_from("<ii", header, 10)
    data_at = _HEADER_BYTES + variable
    num_samples, rest = divmod(path.stat().st_size - data_at, 2 * num_leads)
    # Some writers count the samples of all leads together.
    wanted = declared // num_leads if declared == num_samples * num_leads else declared
    if variable < 0 or num_samples < 1 or rest or wanted > num_samples:
        raise SignalError(
            f"{path}: the file is cut: {max(num_samples, 0)} samples of {num_leads} leads are there, the header says "
            f"{wanted}; get the original file"
        )
    return data_at, wanted if wanted > 0 else num_samples


def _checksum(header: bytes, variable: bytes) -> list[str]:
    """A line of the trail where the checksum of the header does not match, in either order of its bytes."""
    stored = struct.unpack_from("<H", header, 8)[0]
    found = binascii.crc_hqx(header[_CHECKED_FROM:] + variable, 0xFFFF)
    is_right = stored in (0, found, (found & 0xFF) << 8 | found >> 8)
    return [] if is_right else ["its checksum does not match"]


def _text(header: bytes, at: int, length: int) -> str:
    return header[at : at + length].split(b"\0")[0].decode("latin-1").strip()


def _date(header: bytes, at: int) -> date | None:
    day, month, year = struct.unpack_from("<3h", header, at)
    try:
        return date(year, month, day)
    except ValueError:
        return None
