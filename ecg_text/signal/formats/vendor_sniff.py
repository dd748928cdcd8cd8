"""Which vendor's format a file is of, from its first bytes: the marks that the standards and the makers prescribe."""

from __future__ import annotations

import re
import struct
from pathlib import Path

_ISHNE = b"ISHNE1.0"
_BDF = b"\xffBIOSEMI"
_EDF = b"0       "
_NEUTRAL_HOLTER = b"##NEUTRAL HOLTER RECORDING##"
_SCP_SECTION_BYTES, _SCP_POINTER_BYTES = 16, 10
_XLE_LABELS = ((b"Given name:", 2673), (b"Family name:", 2712), (b"Birth Date:", 2793))
# The tags of MFER, and those of a fixed length that a sampled signal cannot do without.
_MFER_TAGS = frozenset((*range(0x01, 0x10), 0x11, 0x12, 0x15, 0x16, 0x17, 0x1E, 0x3F, *range(0x40, 0x47), 0x67))
_MFER_LAST_TAGS = frozenset(range(0x80, 0x89))
_MFER_FIXED = {0x01: (1, 1), 0x02: (3, 3), 0x0A: (0, 1), 0x04: (0, 4), 0x05: (0, 4), 0x06: (0, 4), 0x0B: (0, 6)}
_MFER_NEEDED = frozenset((0x04, 0x05, 0x06, 0x0B))
_EDAN_RATES_HZ = frozenset((100, 128, 200, 250, 256, 500, 1000))


def is_dicom(_path: Path, head: bytes) -> bool:
    """DICOM PS3.10: 128 bytes, then DICM."""
    return head[128:132] == b"DICM"


def is_edf(_path: Path, head: bytes) -> bool:
    """EDF and BDF: the version, and a number of signals at byte 252."""
    is_version = head.startswith((_EDF, _BDF))
    return is_version and len(head) >= 256 and re.fullmatch(rb" *\d+ *", head[252:256]) is not None


def is_ishne(_path: Path, head: bytes) -> bool:
    """ISHNE Holter: its magic word."""
    return head.startswith(_ISHNE)


def is_scp(_path: Path, head: bytes) -> bool:
    """SCP-ECG (EN 1064): section 0 at byte 7, whose first pointer is to itself."""
    if len(head) < 32:
        return False
    (section, length), (first, index) = struct.unpack_from("<HI", head, 8), struct.unpack_from("<H4xI", head, 22)
    return (
        section == first == 0
        and index == 7
        and length >= 26
        and (length - _SCP_SECTION_BYTES) % _SCP_POINTER_BYTES == 0
    )


def is_aecg(_path: Path, head: bytes) -> bool:
    """HL7 aECG: the root element AnnotatedECG."""
    return re.search(r"<([\w.-]+:)?AnnotatedECG\b", _text(head)) is not None


def is_muse(_path: Path, head: bytes) -> bool:
    """GE MUSE: the root element RestingECG."""
    return re.search(r"<RestingECG[\s>]|<MuseInfo\b", _text(head), re.IGNORECASE) is not None


def is_sierra(_path: Path, head: bytes) -> bool:
    """Philips: the root element restingecgdata."""
    return "<restingecgdata" in _text(head)


def is_mortara(_path: Path, head: bytes) -> bool:
    """Mortara ELI: the root element ECG, and a word of its own."""
    text = _text(head)
    marks = r"ACQUISITION_TIME|<TYPICAL_CYCLE|<CHANNEL|<DEMOGRAPHIC_FIELDS|<SUBJECT|MORTARA|WELCH ALLYN|ELI LINK"
    return re.search(r"<ECG[\s>/]", text) is not None and re.search(marks, text, re.IGNORECASE) is not None


def is_kardia(_path: Path, head: bytes) -> bool:
    """AliveCor Kardia: a JSON object with two of its keys."""
    text = _text(head).lstrip("\ufeff\u00ef\u00bb\u00bf \t\r\n")
    keys = set(re.findall(r'"(recordedAt|algorithmDetermination|patientID|amplitudeResolution|data12L)"', text))
    return text.startswith("{") and "recordedAt" in keys and len(keys) > 1


def is_edan(path: Path, head: bytes) -> bool:
    """EDAN Holter: the archive's signature, or a binary patient.hea with a count of channels, a rate and two times."""
    if head[4:].startswith(_NEUTRAL_HOLTER):
        return True
    is_archive = path.suffix.lower() == ".arc"
    if len(head) < 64 or not (is_archive or path.name.lower() == "patient.hea"):
        return False
    if is_archive and b"patient.hea" in head:
        return True
    start, end, channels = struct.unpack_from("<IIB", head, 4)
    return channels in (3, 12) and struct.unpack_from("<h", head, 32)[0] in _EDAN_RATES_HZ and 0 < start < end


def is_xle(_path: Path, head: bytes) -> bool:
    """XLE: the labels of its header, the two bytes of every word swapped."""
    swapped = bytearray(head[: len(head) // 2 * 2])
    swapped[0::2], swapped[1::2] = swapped[1::2], swapped[0::2]
    return all(swapped[at : at + len(label)] == label for label, at in _XLE_LABELS)


def is_mfer(_path: Path, head: bytes) -> bool:
    """MFER (ISO 22077): its preamble, or a chain of three of its definitions among which the layout of the samples."""
    if head[:1] == b"\x40" and head[2:6] == b"MFR ":
        return True
    at = 0
    seen: list[int] = []
    while at + 1 < len(head) and len(seen) < 64:
        tag, length = head[at], head[at + 1]
        if tag == 0:
            at += 1
            continue
        least, most = _MFER_FIXED.get(tag, (0, 127))
        if tag not in _MFER_TAGS | _MFER_LAST_TAGS or (length <= 127 and not least <= length <= most):
            return False
        seen.append(tag)
        if tag in (0x1E, 0x3F) or length > 127:
            break
        at += 2 + length
    return len(seen) > 2 and not _MFER_NEEDED.isdisjoint(seen)


def _text(head: bytes) -> str:
    """The first bytes as text: UTF-16 where they start so, else Latin-1."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="ignore")
    if head[:2] in (b"<\0", b"\0<"):
        return head.decode("utf-16-le" if head[:1] == b"<" else "utf-16-be", errors="ignore")
    return head.decode("latin-1")
