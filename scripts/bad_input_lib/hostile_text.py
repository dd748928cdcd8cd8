"""XML, JSON and CSV files that expand, nest, refer to other files or never end."""

from __future__ import annotations

from collections.abc import Callable

from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.seeds import Seed

Good = Callable[[str], Seed]

ROOTS = ("RestingECG", "restingecgdata", "AnnotatedECG", "ECG", "x")
_NAMESPACE = {"AnnotatedECG": ' xmlns="urn:hl7-org:v3"', "restingecgdata": ' xmlns="http://www3.medical.philips.com"',
              "ECG": ' SOURCE="MORTARA ELI250" MANUFACTURER="Mortara"'}  # fmt: skip


def _laughs(root: str) -> bytes:
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>{_open(root)}<a>&e9;</a></{root}>'.encode()


def _quadratic(root: str) -> bytes:
    entity = f'<!ENTITY a "{"a" * 50_000}">'
    return f'<?xml version="1.0"?><!DOCTYPE x [{entity}]>{_open(root)}<a>{"&a;" * 50_000}</a></{root}>'.encode()


def _external(target: str) -> Callable[[str], bytes]:
    return lambda root: (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "{target}">]>{_open(root)}<a>&a;</a></{root}>'.encode()
    )


def _parameter(target: str) -> Callable[[str], bytes]:
    return lambda root: (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY % p SYSTEM "{target}"> %p;]>{_open(root)}</{root}>'.encode()
    )


def _doctype(root: str) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE {root} SYSTEM "http://127.0.0.1:9/x.dtd">{_open(root)}</{root}>'.encode()


def _include(root: str) -> bytes:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
    return f"{_open(root)}{include}</{root}>".encode()


def _deep(depth: int) -> Callable[[str], bytes]:
    return lambda root: _open(root).encode() + b"<a>" * depth + b"</a>" * depth + f"</{root}>".encode()


def _unclosed(root: str) -> bytes:
    return _open(root).encode() + b"<a>" * 1_000_000


def _wide(root: str) -> bytes:
    return _open(root).encode() + b"<a/>" * 3_000_000 + f"</{root}>".encode()


def _attributes(root: str) -> bytes:
    attributes = " ".join(f'a{number}="1"' for number in range(500_000))
    return f"{_open(root)[:-1]} {attributes}></{root}>".encode()


def _long_name(root: str) -> bytes:
    return f"{_open(root)}<{'a' * 5_000_000}/></{root}>".encode()


def _numbers(root: str) -> bytes:
    digits, commas = "1 " * 3_000_000, "1," * 3_000_000
    return f"{_open(root)}<series><digits>{digits}</digits></series><Waveform>{commas}</Waveform></{root}>".encode()


def _comment(root: str) -> bytes:
    return f"{_open(root)}<!--{'-x' * 2_000_000}--></{root}>".encode()


def _encoding(name: str) -> Callable[[str], bytes]:
    return lambda root: f'<?xml version="1.0" encoding="{name}"?>{_open(root)}<a>ä</a></{root}>'.encode()


def _utf16(root: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-16"?>{_open(root)}<a/></{root}>'.encode("utf-16")


def _utf16_laughs(root: str) -> bytes:
    return _laughs(root).decode().encode("utf-16")


def _open(root: str) -> str:
    return f"<{root}{_NAMESPACE.get(root, '')}>"


_XML = (
    _laughs, _quadratic, _external("file:///etc/passwd"), _external("http://127.0.0.1:9/x"), _external("/dev/zero"),
    _external("pipe"),
    _parameter("file:///etc/passwd"), _parameter("http://127.0.0.1:9/x"), _doctype, _include, _deep(1000),
    _deep(100_000), _unclosed,
    _wide, _attributes, _long_name, _numbers, _comment, _encoding("UTF-7"), _encoding("EBCDIC-CP-US"),
    _encoding("nonsense"),
    _encoding("../../x"), _encoding("zlib"), _encoding("rot13"), _encoding("idna"), _encoding("unicode_escape"),
    _utf16, _utf16_laughs,
)  # fmt: skip

_KARDIA = '{"recordedAt":"2020-01-01T00:00:00Z","duration":1000,"data":%s}'
_JSON = (
    ("nested", _KARDIA % ("[" * 100_000 + "]" * 100_000)),
    ("nested objects", _KARDIA % ('{"raw":' * 50_000 + "1" + "}" * 50_000)),
    ("a long integer", _KARDIA % ('{"raw":{"frequency":' + "9" * 100_000 + "}}")),
    ("NaN", _KARDIA % '{"raw":{"frequency":NaN,"samples":{"leadI":[1,2]}}}'),
    ("rate 0", _KARDIA % '{"raw":{"frequency":0,"mainsFrequency":50,"gain":500,"samples":{"leadI":[1,2,3]}}}'),
    ("gain 0", _KARDIA % '{"raw":{"frequency":300,"mainsFrequency":50,"gain":0,"samples":{"leadI":[1,2,3]}}}'),
    ("words", _KARDIA % '{"raw":{"frequency":300,"gain":500,"samples":{"leadI":["a",null,{}]}}}'),
    ("ragged", _KARDIA % '{"raw":{"frequency":300,"gain":500,"samples":{"leadI":[1,2,3],"leadII":[1]}}}'),
    ("2 million samples",
     _KARDIA % ('{"raw":{"frequency":300,"gain":500,"samples":{"leadI":[' + "1," * 2_000_000 + "1]}}}")),
    ("huge exponents", _KARDIA % '{"raw":{"frequency":1e999,"gain":1e-999,"samples":{"leadI":[1e999]}}}'),
    ("the same key", "{" + '"recordedAt":1,' * 300_000 + '"data":1}'), ("null", "null"),
    ("a surrogate", '{"recordedAt":"\\ud800","data":{}}'),
)  # fmt: skip

_HEAD = "I,II,III\n"
_CSV = (
    ("one line of 5 million numbers", "1," * 5_000_000),
    ("2 million columns of names", ",".join(f"a{n}" for n in range(2_000_000)) + "\n"),
    ("ragged", _HEAD + "1,2,3\n1,2\n"), ("words", _HEAD + "1,2,x\n"), ("quotes", _HEAD + '"' * 100_000),
    ("an open quote", _HEAD + '"1,2,3\n' * 50_000),
    ("nan", _HEAD + "nan,inf,-inf\n" * 100), ("huge", _HEAD + "1e308,1e400,-1e308\n" * 100),
    ("empty lines", "\n" * 2_000_000), ("NULs", "\x00" * 1_000_000),
    ("hexadecimal", _HEAD + "0x10,1_000,١٢\n" * 10), ("complex", _HEAD + "1+2j,1,1\n" * 10),
    ("formula", _HEAD + "=1+1,@x,-1\n"), ("same names", "I,I,I\n" + "1,2,3\n" * 100),
    ("names only", _HEAD), ("blank", "   "), ("million rows", _HEAD + "1,2,3\n" * 1_000_000),
    ("carriage returns", "I,II,III\r1,2,3\r4,5,6\r"),
    ("a cell of 10 MB", _HEAD + "1" * 10_000_000), ("escapes", "\x1b[2J,\x07,\x08\n1,2,3\n"),
    ("Unicode spaces", "I\u2028II\u2029III\n1\u20282\u20283\n"),
)  # fmt: skip


def _xml_case(make: Callable[[str], bytes], root: str, number: int) -> Callable[[Good], Case]:
    told = f"xml trick {number} in {root}"
    return lambda _good: Case(
        format="xml made", files={"a.xml": make(root)}, pipes=("pipe",), entry="a.xml", damage=told
    )


def _text_case(suffix: str, told: str, text: str, encoding: str = "utf-8") -> Callable[[Good], Case]:
    return lambda _good: Case(
        format=f"{suffix} made", files={f"a.{suffix}": text.encode(encoding)}, entry=f"a.{suffix}", damage=told
    )


TEXTS: tuple[Callable[[Good], Case], ...] = (
    *(_xml_case(make, root, number) for number, make in enumerate(_XML) for root in ROOTS),
    *(_text_case("json", told, text) for told, text in _JSON),
    *(_text_case("csv", told, text) for told, text in _CSV),
    *(_text_case("csv", f"UTF-16 {told}", text, "utf-16") for told, text in _CSV[2:7]),
)
