"""The vendors' formats: one reader each, told apart by content; the packages they need are loaded when one is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ecg_text.signal.formats.facts import Keep
from ecg_text.signal.formats.recording import Reader, Recording, Stated
from ecg_text.signal.formats.vendor_bombs import MOST_XML_BYTES, check_scp, check_sierra, check_xml
from ecg_text.signal.formats.vendor_dicom import open_dicom
from ecg_text.signal.formats.vendor_edf import open_edf
from ecg_text.signal.formats.vendor_guard import MIB
from ecg_text.signal.formats.vendor_ishne import open_ishne
from ecg_text.signal.formats.vendor_library import LibraryFormat, open_with_library
from ecg_text.signal.formats.vendor_sniff import (
    is_aecg,
    is_dicom,
    is_edan,
    is_edf,
    is_ishne,
    is_kardia,
    is_mfer,
    is_mortara,
    is_muse,
    is_scp,
    is_sierra,
    is_xle,
)

Recognises = Callable[[Path, bytes], bool]

_SCP = LibraryFormat(name="SCP-ECG", module="scp_ecg", parser="SCPECGParser", most_bytes=16 * MIB, check=check_scp)
_AECG = LibraryFormat(
    name="HL7 aECG", module="hl7_aecg", parser="HL7aECGParser", most_bytes=MOST_XML_BYTES, check=check_xml
)
_MUSE = LibraryFormat(
    name="GE MUSE XML", module="ge_muse_xml", parser="GEMuseXMLParser", most_bytes=MOST_XML_BYTES, check=check_xml
)
_SIERRA = LibraryFormat(
    name="Philips XML", module="sierra_xml", parser="SierraXMLParser", most_bytes=MOST_XML_BYTES, check=check_sierra
)
_MORTARA = LibraryFormat(
    name="Mortara XML", module="mortara_el250", parser="MortaraEL250Parser", most_bytes=2 * MIB, check=check_xml
)
_KARDIA = LibraryFormat(name="Kardia JSON", module="alivecor_kardia", parser="AliveCorKardiaParser", most_bytes=4 * MIB)
_EDAN = LibraryFormat(name="EDAN Holter", module="edan_arc", parser="EDANARCHolterParser", most_bytes=16 * MIB)
_MFER = LibraryFormat(name="MFER", module="mfer", parser="MFERParser", most_bytes=16 * MIB)
_XLE = LibraryFormat(
    name="XLE",
    module="xle",
    parser="XLEParser",
    most_bytes=8 * MIB,
    options={"wilson_correction": True},
    told=(
        "assume 1000 Hz and 0.9375 uV per unit, which the file does not say",
        "refer the chest leads to Wilson's terminal, V = CR - (I + II) / 3",
    ),
)


def _one(
    opened: Callable[[Path, Stated, Keep], Recording], path: Path, stated: Stated, keep: Keep
) -> Iterator[Recording]:
    """The recordings of a file that holds one."""
    return iter((opened(path, stated, keep),))


def _own(name: str, recognises: Recognises, opened: Callable[[Path, Stated, Keep], Recording]) -> Reader:
    opens = partial(_one, opened)
    return Reader(name=name, recognises=recognises, open=opens, says=("rate_hz", "unit"), may_say=("leads",))


def _library(recognises: Recognises, fmt: LibraryFormat) -> Reader:
    def opened(path: Path, stated: Stated, keep: Keep) -> Recording:
        return open_with_library(path, fmt, stated, keep)

    opens = partial(_one, opened)
    return Reader(name=fmt.name, recognises=recognises, open=opens, says=("rate_hz",), may_say=("unit", "leads"))


# In the order of sniffing: magic words first, the loosest marks last.
VENDOR_READERS: tuple[Reader, ...] = (
    _own("DICOM", is_dicom, open_dicom),
    _own("EDF", is_edf, open_edf),
    _own("ISHNE", is_ishne, open_ishne),
    _library(is_scp, _SCP),
    _library(is_sierra, _SIERRA),
    _library(is_muse, _MUSE),
    _library(is_aecg, _AECG),
    _library(is_mortara, _MORTARA),
    _library(is_kardia, _KARDIA),
    _library(is_xle, _XLE),
    _library(is_edan, _EDAN),
    _library(is_mfer, _MFER),
)
