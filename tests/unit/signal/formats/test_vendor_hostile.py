"""Files made to grow, to hang or to be believed: each is refused in one line, before its promise is allocated."""

from __future__ import annotations

import struct
import sys
import tracemalloc
import zlib
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import EcgTextError, MissingPackageError, SignalError
from ecg_text.signal.formats import vendor_dicom
from ecg_text.signal.formats.facts import NOTHING_MORE
from ecg_text.signal.formats.vendor import VENDOR_READERS
from ecg_text.signal.formats.vendor_guard import MIB
from tests.unit.signal.formats.test_vendor_formats import CASES, Case, each_format, open_one, written
from tests.unit.signal.formats.vendor_files import library_files, scp, xml_files
from tests.unit.signal.formats.vendor_files.source import EIGHT, smooth_source

pytestmark = pytest.mark.slow

BOMB = """<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>"""
OUTER = """<!DOCTYPE lolz [<!ENTITY lol SYSTEM "file:///etc/passwd">]>"""
ATTRIBUTES = f"""<!DOCTYPE lolz [<!ATTLIST a b CDATA "{"x" * 1000}">]>"""
ENCODINGS = {"HL7 aECG": "utf-8", "GE MUSE": "latin-1", "Philips": "utf-16", "Mortara": "utf-8"}
documents = pytest.mark.parametrize("name", ENCODINGS)


def refused(path: Path, match: str) -> None:
    """It is refused in 100 MiB, in one line."""
    tracemalloc.start()
    with pytest.raises(SignalError, match=match) as caught:
        open_one(path).record()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert peak < 100 * MIB


@documents
@pytest.mark.parametrize("doctype", [BOMB, OUTER, ATTRIBUTES])
def test_declared_entities_and_attributes_are_refused(name: str, doctype: str, tmp_path: Path) -> None:
    path, _ = written(CASES[name], tmp_path)
    text = path.read_text(encoding=ENCODINGS[name]).replace('<!DOCTYPE RestingECG SYSTEM "restecg.dtd">', "")
    at = text.index("?>") + 2
    path.write_text(text[:at] + doctype + text[at:], encoding=ENCODINGS[name])
    refused(path, "declares entities or attributes")


@documents
@pytest.mark.parametrize("stuffing", ["<a/>" * 500_000, "<a>" * 5_000 + "</a>" * 5_000])
def test_documents_of_too_many_or_too_deep_elements_are_refused(name: str, stuffing: str, tmp_path: Path) -> None:
    path, _ = written(CASES[name], tmp_path)
    text = path.read_text(encoding=ENCODINGS[name])
    at = text.rindex("</")
    path.write_text(text[:at] + stuffing + text[at:], encoding=ENCODINGS[name])
    refused(path, "elements, or nested deeper|MiB are too many")


@pytest.mark.parametrize("written_as", ["XLI", "&#88;LI", 'XLI" note=">'])
def test_packed_philips_samples_that_unpack_to_gigabytes_are_refused(written_as: str, tmp_path: Path) -> None:
    # Code 256 stands for itself and one byte more, then 257, ...: each code is a byte longer than the one before.
    codes = [0, *range(256, 1023), *[1022] * 400_000]
    bits = "".join(f"{code:010b}" for code in codes)
    bits += "1" * (-len(bits) % 8)
    packed = int(bits, 2).to_bytes(len(bits) // 8, "big")
    chunk = struct.pack("<ihh", len(packed), 0, 0) + packed
    path = xml_files.write_sierra(tmp_path / "a", smooth_source(), is_packed=True)
    text = path.read_text(encoding="utf-16")
    start = text.index(">", text.index("<parsedwaveforms")) + 1
    text = text[:start] + f"<![CDATA[{b64encode(chunk).decode()}]]>" + text[text.index("</parsed") :]
    path.write_text(text.replace('"XLI"', f'"{written_as}"'), encoding="utf-16")
    refused(path, "unpack to more than 4 MiB")


def test_a_deflated_dicom_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_dicom, "_MOST_BYTES", 4 * MIB)
    path = library_files.write_dicom(tmp_path / "a", smooth_source(), is_deflated=True)
    data = path.read_bytes()
    start = 144 + struct.unpack_from("<I", data, 140)[0]
    assert zlib.decompress(data[start:], -zlib.MAX_WBITS)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    path.write_bytes(data[:start] + packer.compress(bytes(64 * MIB)) + packer.flush())
    refused(path, "unpacks to more than 4 MiB")


@pytest.mark.parametrize("huffman", [False, True])
def test_scp_leads_of_a_thousand_million_samples_are_refused(tmp_path: Path, huffman: bool) -> None:
    path = scp.write_scp(tmp_path / "a", smooth_source(EIGHT), huffman=huffman, last_sample=1_000_000_000)
    refused(path, "1000000000 samples a lead")


def test_an_edf_of_a_thousand_million_records_is_refused(tmp_path: Path) -> None:
    path = library_files.write_edf(tmp_path / "a", smooth_source())
    data = bytearray(path.read_bytes())
    data[236:244] = b"99999999"
    path.write_bytes(data)
    refused(path, "the file is cut")


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (252, "9999"), (252, "0   "), (236, "-7      "), (244, "0       "), (244, "nan     "),
        (244, "1e-30   "), (236, "abc     "),
    ],
)  # fmt: skip
def test_edf_headers_that_make_no_sense(tmp_path: Path, at: int, text: str) -> None:
    path = library_files.write_edf(tmp_path / "a", smooth_source())
    data = bytearray(path.read_bytes())
    data[at : at + len(text)] = text.encode()
    path.write_bytes(data)
    refused(path, "EDF|cut|hold no ECG|is no ECG's")


@pytest.mark.parametrize("name", ["SCP-ECG", "DICOM", "GE MUSE"])
def test_a_recognised_file_says_what_to_install(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = written(CASES[name], tmp_path)
    for module in [module for module in sys.modules if module.split(".")[0] in ("ecgdatakit", "pydicom")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "ecgdatakit", None)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'ecg-text\[formats\]'"):
        open_one(path)


@each_format
def test_no_flipped_byte_raises_anything_but_our_error(case: Case, tmp_path: Path) -> None:
    path, _ = written(case, tmp_path)
    reader = next(reader for reader in VENDOR_READERS if reader.name == case.reader)
    data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    generator = np.random.default_rng(7)
    outcomes = set()
    for _ in range(25):
        damaged = data.copy()
        places = generator.integers(0, min(len(data), 4000), size=4)
        damaged[places] = generator.integers(0, 256, size=4)
        path.write_bytes(damaged.tobytes())
        try:
            next(iter(reader.open(path, case.stated, NOTHING_MORE))).record()
            outcomes.add("read")
        except EcgTextError as error:
            outcomes.add("refused in one line" if "\n" not in str(error) else "refused in many")
    assert outcomes <= {"read", "refused in one line"}


def test_a_tag_of_half_a_million_attributes_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    attributes = " ".join(f'a{number}="x"' for number in range(20_000))
    (tmp_path / "tag.xml").write_text(f"<RestingECG {attributes}></RestingECG>")
    refused(tmp_path / "tag.xml", "a tag of more than 65536 bytes")
