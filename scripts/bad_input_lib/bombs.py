"""Compressed streams that are small and unpack to gigabytes, put together from one packed block."""

from __future__ import annotations

import struct
import zlib

BLOCK_BYTES = 1 << 24


def deflated_zeros(blocks: int, head: bytes = b"") -> bytes:
    """A raw deflate stream of head and then blocks times 16 MiB of zeros, about 16 kB a block."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(BLOCK_BYTES)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * blocks + b"\x03\x00"


def zlib_zeros(blocks: int, head: bytes = b"") -> bytes:
    """The same in zlib's frame; its checksum is wrong, which shows at the end only."""
    return b"\x78\xda" + deflated_zeros(blocks, head) + bytes(4)


def gzip_zeros(blocks: int, head: bytes = b"") -> bytes:
    """The same in gzip's frame; its checksum is wrong, which shows at the end only."""
    size = (len(head) + blocks * BLOCK_BYTES) % 2**32
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + deflated_zeros(blocks, head) + struct.pack("<II", 0, size)
