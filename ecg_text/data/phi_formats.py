"""How the scan for identifiers reads a file, told by its first bytes, else by its name; and what it cannot read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from ecg_text.data.phi_ecg import dicom_passages, edf_passages, ishne_passages, scp_passages
from ecg_text.data.phi_passage import Passage
from ecg_text.data.phi_strings import string_passages
from ecg_text.data.phi_tables import arrow_passages, parquet_passages, safetensors_passages
from ecg_text.data.phi_text import csv_passages, json_lines_passages, json_passages, markup_passages, text_passages

HEAD_BYTES = 1 << 16

Passages = Callable[[Path, str], Iterator[Passage]]

READERS: Mapping[str, Passages] = MappingProxyType(
    {
        "text": text_passages,
        "JSON": json_passages,
        "JSON lines": json_lines_passages,
        "CSV": csv_passages,
        "XML or HTML": markup_passages,
        "Parquet": parquet_passages,
        "Arrow": arrow_passages,
        "safetensors": safetensors_passages,
        "DICOM": dicom_passages,
        "EDF": edf_passages,
        "SCP-ECG": scp_passages,
        "ISHNE": ishne_passages,
        "binary": string_passages,
    }
)
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PAR1", "Parquet"),
    (0, b"ARROW1", "Arrow"),
    (128, b"DICM", "DICOM"),
    (0, b"0       ", "EDF"),
    (0, b"\xffBIOSEMI", "EDF"),
    (16, b"SCPECG", "SCP-ECG"),
    (0, b"ISHNE1.0", "ISHNE"),
)
_UNREAD_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "an archive; unpack it and scan the folder"),
    (0, b"\x1f\x8b", "an archive; unpack it and scan the folder"),
    (0, b"BZh", "an archive; unpack it and scan the folder"),
    (0, b"\xfd7zXZ", "an archive; unpack it and scan the folder"),
    (0, b"7z\xbc\xaf", "an archive; unpack it and scan the folder"),
    (257, b"ustar", "an archive; unpack it and scan the folder"),
    (0, b"Rar!", "an archive; unpack it and scan the folder"),
    (0, b"\x28\xb5\x2f\xfd", "packed by zstd; unpack it and scan that"),
    (0, b"\x04\x22\x4d\x18", "packed by lz4; unpack it and scan that"),
    (0, b"\x1f\x9d", "packed by compress; unpack it and scan that"),
    (0, b"x\x9c", "packed by zlib; unpack it and scan that"),
    (0, b"x\xda", "packed by zlib; unpack it and scan that"),
    (0, b"%PDF", "a PDF; look at it yourself"),
    (0, b"\x89PNG", "a picture; look at it yourself"),
    (0, b"\xff\xd8\xff", "a picture; look at it yourself"),
    (0, b"GIF8", "a picture; look at it yourself"),
    (0, b"II*\0", "a picture; look at it yourself"),
    (0, b"MM\0*", "a picture; look at it yourself"),
)
# Formats of which the plain texts are read, while what is packed in them is not.
_PACKED_WITHIN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89HDF\r\n\x1a\n", "HDF5: read but for packed arrays in it; look at its texts yourself"),
    (512, b"\x89HDF\r\n\x1a\n", "HDF5: read but for packed arrays in it; look at its texts yourself"),
    (128, b"\x0f\0\0\0", "MATLAB 5: read but for packed matrices in it; look at its texts yourself"),
    (128, b"\0\0\0\x0f", "MATLAB 5: read but for packed matrices in it; look at its texts yourself"),
)
_BY_SUFFIX: Mapping[str, str] = MappingProxyType(
    {".json": "JSON", ".jsonl": "JSON lines", ".ndjson": "JSON lines", ".csv": "CSV", ".tsv": "CSV"}
    | dict.fromkeys((".xml", ".html", ".htm", ".svg", ".aecg"), "XML or HTML")
    | {".safetensors": "safetensors", ".arrow": "Arrow"}
)
_NUMBERS_ONLY = frozenset((".dat", ".faiss"))  # where their first bytes say that they are no text
_VOCABULARIES = frozenset(("tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model", "spm.model"))
_NUMBERS, _VOCABULARY = "samples or weights, no text", "a vocabulary: words without their sentences"
_TORCH = (".pt", ".pth")
_NUMPY = b"\x93NUMPY"
_ARRAY_OF_NUMBERS = re.compile(rb"'descr': '[<>|=]?[fiubcmM]\d+(?:\[\w+\])?'")
_STORED = b"\0\0"  # the method of a zip's first member that says it is not packed
# Signs that no text has; a terminal's colours (27) and a form feed (12) it may have.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def format_of(path: Path, head: bytes) -> tuple[str, str, bool]:
    """What a file is read as (of READERS) or nothing, why it is not read to its end, and whether that leaves a gap."""
    suffix = path.suffix.lower()
    if suffix in _TORCH and head.startswith(b"PK") and head[8:10] == _STORED:
        return "binary", "", False
    if reason := _by_magic(_UNREAD_MAGIC, head):
        return "", reason, True
    if name := _by_magic(_MAGIC, head):
        return name, "", False
    if head.startswith(_NUMPY):
        return ("", _NUMBERS, False) if _ARRAY_OF_NUMBERS.search(head[:1024]) else ("binary", "", False)
    is_matlab = head.startswith(b"MATLAB")
    reason = _by_magic(_PACKED_WITHIN[: len(_PACKED_WITHIN) if is_matlab else 2], head)
    if reason:
        return "binary", reason, True
    if path.name in _VOCABULARIES:
        return "", _VOCABULARY, False
    if suffix in (".safetensors", ".arrow"):
        return _BY_SUFFIX[suffix], "", False
    if head[:2] not in (b"\xff\xfe", b"\xfe\xff") and b"\0" in head:
        return ("", _NUMBERS, False) if suffix in _NUMBERS_ONLY else ("binary", "", False)
    if suffix not in _BY_SUFFIX and head[:2] not in (b"\xff\xfe", b"\xfe\xff") and _NO_TEXT.search(head):
        return "binary", "", False
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<?xml", b"<!doctype html", b"<html", b"<svg")):
        return "XML or HTML", "", False
    return _BY_SUFFIX.get(suffix, "text"), "", False


def _by_magic(table: tuple[tuple[int, bytes, str], ...], head: bytes) -> str:
    return next((told for place, magic, told in table if head[place : place + len(magic)] == magic), "")
