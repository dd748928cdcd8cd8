"""Bounds on what a small file may grow to: XML documents, the Huffman code of SCP-ECG, the LZW code of Philips."""

from __future__ import annotations

import re
import struct
from base64 import b64decode
from pathlib import Path
from typing import TypeVar
from xml.parsers import expat

from ecg_text.errors import SignalError
from ecg_text.signal.formats.vendor_guard import MIB

# An element of a parsed document takes about 0.5 kB, an attribute 0.1 kB and a number written as text 60 bytes: with
# these bounds a document stays below a quarter of a gigabyte, and a few seconds.
MOST_XML_BYTES = 8 * MIB
_MOST_ELEMENTS = 200_000
_MOST_DEPTH = 200
# Expat keeps all attributes of a tag before it hands over the first: half a million of them take a gigabyte. ECGs in
# XML hold their samples between tags.
_MOST_TAG_BYTES = 64 * 1024
_LONG_TAG = re.compile(rb"<\x00?+(?!!)[^<>]{%d}" % _MOST_TAG_BYTES)  # in UTF-8 and UTF-16; no comment, no CDATA
# The decoders are plain Python: these bounds keep them below about two seconds.
_MOST_HUFFMAN_BYTES = MIB // 2
_MOST_XLI_BYTES = 4 * MIB
_MOST_SCP_DIRECTORY_BYTES = 64 * 1024
_SCP_HEADER_BYTES = 16
_XLI_HEADER_BYTES = 8
_LZW_BITS = 10
_LZW_STOP = (1 << _LZW_BITS) - 1


def check_xml(path: Path) -> None:
    """Refuses a document that would grow in memory: declared entities or attributes, too many elements, too deep.

    Raises SignalError, and expat's ExpatError where it is not well formed.
    """
    _counted(path, _Counter(path), _Counter(path))


def check_sierra(path: Path) -> None:
    """Refuses a Philips document that would grow in memory, as XML or once its samples are unpacked."""
    counter = _counted(path, _SamplesCounter(path), _SamplesCounter(path))
    total = 0
    for text in counter.packed:
        total += sum(_unpacked_bytes(chunk) for chunk in _xli_chunks(b64decode("".join(text))))
        if total > _MOST_XLI_BYTES:
            raise SignalError(f"{path}: its samples unpack to more than {_MOST_XLI_BYTES // MIB} MiB; get the original")


def check_scp(path: Path) -> None:
    """Refuses an SCP-ECG file whose compressed samples are more than an ECG's, or fewer than its header says."""
    data = path.read_bytes()
    if len(data) < 6 + _SCP_HEADER_BYTES:
        raise SignalError(f"{path}: {len(data)} bytes are too few for SCP-ECG; get the original file")
    directory = struct.unpack_from("<I", data, 10)[0]
    if directory > min(_MOST_SCP_DIRECTORY_BYTES, len(data) - 6):
        raise SignalError(f"{path}: a directory of {directory} bytes in {len(data)}; get the original file")
    sections: dict[int, bytes] = {}
    for at in range(6 + _SCP_HEADER_BYTES, 6 + directory - 9, 10):
        section, length, index = struct.unpack_from("<HII", data, at)
        if length:
            sections[section] = data[max(index - 1, 0) : max(index - 1, 0) + length][_SCP_HEADER_BYTES:]
    if len(sections.get(2, b"")) and max(len(sections.get(5, b"")), len(sections.get(6, b""))) > _MOST_HUFFMAN_BYTES:
        raise SignalError(f"{path}: more than {_MOST_HUFFMAN_BYTES // 1024} KiB of packed samples; cut the recording")
    leads = sections.get(3, b"")
    stored_bits = 8 * len(sections.get(6, b""))
    for at in range(2, len(leads) - 8, 9)[: leads[0] if leads else 0]:
        start, end = struct.unpack_from("<II", leads, at)
        if end - start >= stored_bits:
            raise SignalError(f"{path}: {end - start + 1} samples a lead in {stored_bits // 8} bytes; get the original")


class _Counter:
    """Counts the elements of a document without building it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._elements = 0
        self._depth = 0

    def parse(self, text: bytes | str) -> None:
        self._parser().Parse(text, True)

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = parser.AttlistDeclHandler = self._refuse
        return parser

    def _start(self, _name: str, attributes: dict[str, str]) -> None:
        self._elements += 1 + len(attributes)
        self._depth += 1
        if self._elements > _MOST_ELEMENTS or self._depth > _MOST_DEPTH:
            raise SignalError(
                f"{self._path}: more than {_MOST_ELEMENTS} elements, or nested deeper than {_MOST_DEPTH}; "
                "give one ECG a file"
            )

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _refuse(self, *_declared: object) -> None:
        raise SignalError(f"{self._path}: the document declares entities or attributes; remove its DOCTYPE")


class _SamplesCounter(_Counter):
    """Gathers the texts of packed samples, too, as the parser reads them: a search of the text could be misled."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.packed: list[list[str]] = []
        self._packed_depth = 0

    def parse(self, text: bytes | str) -> None:
        parser = self._parser()
        parser.CharacterDataHandler = self._text
        parser.Parse(text, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        super()._start(name, attributes)
        is_packed = any("xli" in value.lower() for value in attributes.values())
        if is_packed and not self._packed_depth and name.lower().endswith("parsedwaveforms"):
            self._packed_depth = self._depth
            self.packed.append([])

    def _end(self, name: str) -> None:
        if self._depth == self._packed_depth:
            self._packed_depth = 0
        super()._end(name)

    def _text(self, text: str) -> None:
        if self._packed_depth:
            self.packed[-1].append(text)


_C = TypeVar("_C", bound=_Counter)


def _counted(path: Path, counter: _C, second: _C) -> _C:
    """The counter once it has read the document; the second one where its bytes belie their declared encoding."""
    data = path.read_bytes()
    if _LONG_TAG.search(data):
        raise SignalError(f"{path}: a tag of more than {_MOST_TAG_BYTES} bytes; get the original file")
    try:
        counter.parse(data)
    except expat.ExpatError:
        # The library reads such bytes as Latin-1, so that text is checked, too.
        second.parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", data.decode("latin-1"), count=1))
        return second
    return counter


def _xli_chunks(data: bytes) -> list[bytes]:
    """The compressed chunks, one a lead, each behind eight bytes of which the first four are its size."""
    chunks = []
    at = 0
    while at + _XLI_HEADER_BYTES <= len(data):
        size = int.from_bytes(data[at : at + 4], "little", signed=True)
        if size <= 0:
            break
        at += _XLI_HEADER_BYTES
        chunks.append(data[at : at + size])
        at += size
    return chunks


def _unpacked_bytes(chunk: bytes) -> int:
    """How many bytes an LZW stream of ten-bit codes unpacks to, without unpacking it: only lengths are followed."""
    lengths = dict.fromkeys(range(256), 1)
    total = previous = held = held_bits = 0
    next_code = 256
    for byte in chunk:
        held, held_bits = held << 8 | byte, held_bits + 8
        if held_bits < _LZW_BITS:
            continue
        held_bits -= _LZW_BITS
        code, held = held >> held_bits, held & ((1 << held_bits) - 1)
        if code == _LZW_STOP or total > _MOST_XLI_BYTES:
            break
        length = lengths.setdefault(code, previous + 1)
        if previous and next_code < _LZW_STOP:
            lengths[next_code] = previous + 1
            next_code += 1
        total += length
        previous = length
    return total
