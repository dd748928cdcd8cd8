"""What may happen to the bytes of a file: each function takes bytes and a source of chance, and returns other bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

import numpy as np

Damage = Callable[[bytes, np.random.Generator], bytes]

HEADER_BYTES = 600
_WHOLE = (0, 1, 2, 255, 256, 32767, 32768, 65535, 10**9, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
_TEXT_NUMBERS = (
    b"0", b"-1", b"1", b"-0.0", b"nan", b"inf", b"-inf", b"1e9", b"1e400", b"1e-320", b"1000000000", b"2147483647",
    b"2147483648", b"-2147483648", b"4294967296", b"9223372036854775807", b"9223372036854775808",
    b"99999999999999999999", b"0x10", b"1_000", b"1,5", b"", b" ", b"12 34", b"\xd9\xa1\xd9\xa2", b"9" * 5000,
)  # fmt: skip
_TEXT_WORDS = (
    b"../../etc/passwd", b"/etc/passwd", b"/dev/zero", b"http://127.0.0.1:9/x", b"file:///etc/passwd", b"", b"\x00",
    b"%s%n", b"A" * 100_000, b"\xff\xfe", "ÄÖ".encode("latin-1"), b"\x1b[2J", b"&lt;", b"]]>", b"{}", b"[]", b"null",
)  # fmt: skip
_NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_][\w.:-]*")


def _place(data: bytes, chance: np.random.Generator) -> int:
    """A place in the data, in every second draw in the header."""
    end = min(len(data), HEADER_BYTES) if chance.random() < 0.5 else len(data)
    return int(chance.integers(max(1, end)))


def _stretch(data: bytes, chance: np.random.Generator) -> tuple[int, int]:
    start = _place(data, chance)
    return start, start + int(2 ** chance.uniform(0, 12))


def flip_bits(data: bytes, chance: np.random.Generator) -> bytes:
    """One to twenty single bits turned over."""
    changed = bytearray(data)
    for _ in range(int(chance.integers(1, 21)) if changed else 0):
        changed[_place(data, chance)] ^= 1 << int(chance.integers(8))
    return bytes(changed)


def one_byte(data: bytes, chance: np.random.Generator) -> bytes:
    """One byte replaced by a small, a large or any value."""
    changed = bytearray(data)
    if changed:
        changed[_place(data, chance)] = int(chance.choice([0, 1, 127, 128, 255, int(chance.integers(256))]))
    return bytes(changed)


def zero_range(data: bytes, chance: np.random.Generator) -> bytes:
    """A stretch of zeros."""
    start, stop = _stretch(data, chance)
    return data[:start] + bytes(len(data[start:stop])) + data[stop:]


def random_range(data: bytes, chance: np.random.Generator) -> bytes:
    """A stretch of noise."""
    start, stop = _stretch(data, chance)
    return data[:start] + chance.bytes(len(data[start:stop])) + data[stop:]


def delete_range(data: bytes, chance: np.random.Generator) -> bytes:
    """A stretch left out."""
    start, stop = _stretch(data, chance)
    return data[:start] + data[stop:]


def duplicate_range(data: bytes, chance: np.random.Generator) -> bytes:
    """A stretch written twice, or up to fifty times."""
    start, stop = _stretch(data, chance)
    return data[:stop] + data[start:stop] * int(chance.choice([1, 1, 2, 50])) + data[stop:]


def swap_ranges(data: bytes, chance: np.random.Generator) -> bytes:
    """Two stretches of one length exchanged, as two fields of a header."""
    length = int(2 ** chance.uniform(0, 7))
    one, other = sorted((_place(data, chance), _place(data, chance)))
    if other < one + length:
        return data
    middle = data[one + length : other]
    return data[:one] + data[other : other + length] + middle + data[one : one + length] + data[other + length :]


def truncate(data: bytes, chance: np.random.Generator) -> bytes:
    """The beginning only: nothing, one byte, or up to any place."""
    return data[: int(chance.choice([0, 1, 2, _place(data, chance), _place(data, chance), max(0, len(data) - 1)]))]


def append(data: bytes, chance: np.random.Generator) -> bytes:
    """Noise, zeros or the file itself once more at its end."""
    extra = (chance.bytes(int(chance.integers(1, 5000))), bytes(int(chance.integers(1, 5000))), data)
    return data + extra[int(chance.integers(3))]


def absurd_number(data: bytes, chance: np.random.Generator) -> bytes:
    """A binary count, length or offset replaced by one that cannot be."""
    width, code = ((2, "H"), (4, "I"), (8, "Q"))[int(chance.integers(3))]
    value = int(_WHOLE[int(chance.integers(len(_WHOLE)))]) % 2 ** (8 * width)
    start = _place(data, chance) // 2 * 2
    return data[:start] + struct.pack(str(chance.choice(["<", ">"])) + code, value) + data[start + width :]


def absurd_real(data: bytes, chance: np.random.Generator) -> bytes:
    """A binary real number replaced by NaN, an infinity, zero, or a negative, tiny or huge one."""
    value = float(chance.choice([np.nan, np.inf, -np.inf, 0.0, -1.0, -500.0, 1e-38, 1e38]))
    code, width = (("f", 4), ("d", 8))[int(chance.integers(2))]
    start = _place(data, chance) // 4 * 4
    return data[:start] + struct.pack(str(chance.choice(["<", ">"])) + code, value) + data[start + width :]


def _replace_match(pattern: re.Pattern[bytes], values: tuple[bytes, ...]) -> Damage:
    def replace(data: bytes, chance: np.random.Generator) -> bytes:
        start = _place(data, chance) if chance.random() < 0.8 else 0
        found = pattern.search(data, start, start + 4096) or pattern.search(data, 0, 4096)
        if found is None:
            return data
        return data[: found.start()] + values[int(chance.integers(len(values)))] + data[found.end() :]

    return replace


absurd_text_number = _replace_match(_NUMBER, _TEXT_NUMBERS)
strange_word = _replace_match(_WORD, _TEXT_WORDS)


def swap_numbers(data: bytes, chance: np.random.Generator) -> bytes:
    """Two numbers of a text header exchanged."""
    numbers = list(_NUMBER.finditer(data[:4096]))
    if len(numbers) < 2:
        return data
    one, other = sorted(chance.choice(len(numbers), size=2, replace=False))
    first, second = numbers[one], numbers[other]
    between = data[first.end() : second.start()]
    return data[: first.start()] + second[0] + between + first[0] + data[second.end() :]


def change_lines(data: bytes, chance: np.random.Generator) -> bytes:
    """A line left out, written twice or a hundred times, or exchanged with its neighbour."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = int(chance.integers(min(len(lines), 200)))
    line = lines[at]
    new = ([], [line] * 2, [line] * 100, [*lines[at + 1 : at + 2], line])[int(chance.integers(4))]
    return b"".join(lines[:at] + new + lines[at + 1 :])


def other_encoding(data: bytes, chance: np.random.Generator) -> bytes:
    """The same text in UTF-16 or UTF-32, behind a byte order mark, with NUL bytes, or with other line ends."""
    text = data.decode("latin-1")
    return (
        lambda: text.encode("utf-16"),
        lambda: text.encode("utf-16-be"),
        lambda: text.encode("utf-32"),
        lambda: b"\xef\xbb\xbf" + data,
        lambda: b"\xff\xfe" + data,
        lambda: data.replace(b" ", b"\x00"),
        lambda: data.replace(b"\n", b"\r"),
        lambda: data.replace(b"e", "é".encode("latin-1")),
    )[int(chance.integers(8))]()


BINARY: tuple[Damage, ...] = (
    flip_bits, one_byte, zero_range, random_range, delete_range, duplicate_range, swap_ranges, truncate, append,
    absurd_number, absurd_number, absurd_number, absurd_real,
)  # fmt: skip
TEXT: tuple[Damage, ...] = (
    absurd_text_number, absurd_text_number, absurd_text_number, strange_word, swap_numbers, change_lines,
    other_encoding, flip_bits, one_byte, delete_range, duplicate_range, truncate,
)  # fmt: skip
