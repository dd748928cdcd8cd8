"""Good files of the formats that hospitals use, by the writers of the tests: pydicom, edfio, and the specifications."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scripts.bad_input_lib.seeds import Seed
from tests.unit.signal.formats.vendor_files import binary_files, library_files, scp, xml_files
from tests.unit.signal.formats.vendor_files.source import EIGHT, Source, smooth_source

_SECONDS = 4


def by_writer(
    write: Callable[..., Path],
    name: str,
    *,
    leads: tuple[str, ...] = EIGHT,
    rate_hz: int = 500,
    is_text: bool = False,
    **options: Any,
) -> Seed:
    """The files that a writer makes, some seconds long; what it writes to is a path of this name, or its folder."""
    source = smooth_source(leads, num_samples=_SECONDS * rate_hz, rate_hz=rate_hz)
    with tempfile.TemporaryDirectory() as folder:
        entry = write(Path(folder, name), source, **options)
        files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    return Seed(files=files, entry=entry.name, is_text=is_text)


def _edan(path: Path, source: Source) -> Path:
    return binary_files.write_edan(path.parent, source)


def _implicit_dicom(path: Path, source: Source) -> Path:
    """The same object in the transfer syntax that names no types."""
    import pydicom

    whole = pydicom.dcmread(library_files.write_dicom(path, source))
    whole.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    whole.save_as(path, implicit_vr=True, little_endian=True)
    return path


_seed = functools.partial
CLINICAL_SEEDS: MappingProxyType[str, Callable[[], Seed]] = MappingProxyType(
    {
        "dicom": _seed(by_writer, library_files.write_dicom, "good.dcm"),
        "dicom implicit": _seed(by_writer, _implicit_dicom, "good.dcm"),
        "dicom deflated": _seed(by_writer, library_files.write_dicom, "good.dcm", is_deflated=True),
        "edf": _seed(by_writer, library_files.write_edf, "good.edf", is_plus=False),
        "edf plus": _seed(by_writer, library_files.write_edf, "good.edf"),
        "bdf": _seed(by_writer, library_files.write_edf, "good.bdf", bits=24),
        "scp": _seed(by_writer, scp.write_scp, "good.scp"),
        "scp huffman": _seed(by_writer, scp.write_scp, "good.scp", huffman=True, differences=2),
        "aecg": _seed(by_writer, xml_files.write_aecg, "good.xml"),
        "muse": _seed(by_writer, xml_files.write_muse, "good.xml"),
        "philips": _seed(by_writer, xml_files.write_sierra, "good.xml"),
        "philips packed": _seed(by_writer, xml_files.write_sierra, "good.xml", is_packed=True),
        "mortara": _seed(by_writer, xml_files.write_mortara, "good.xml"),
        "ishne": _seed(by_writer, binary_files.write_ishne, "good.ecg"),
        "mfer": _seed(by_writer, binary_files.write_mfer, "good.mwf"),
        "kardia": _seed(
            by_writer, binary_files.write_kardia, "good.json", leads=("I", "II", "III", "aVR", "aVL", "aVF")
        ),
        "xle": _seed(by_writer, binary_files.write_xle, "good.xle", rate_hz=1000),
        "edan": _seed(by_writer, _edan, "good", leads=("I", "II", "V1"), rate_hz=250),
    }
)
