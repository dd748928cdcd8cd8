"""Archives with names that leave the folder, links, devices, and members that unpack to gigabytes."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

from scripts.bad_input_lib.bombs import BLOCK_BYTES, deflated_zeros, gzip_zeros
from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.seeds import Seed

Good = Callable[[str], Seed]

_NAMES = ("../../escaped.hea", "/tmp/escaped.npy", "..\\..\\escaped.npy", "C:\\escaped.npy", "a/../../../escaped.csv",
          "nul\x00.npy", "x" * 60_000 + ".npy", "", ".", "./good.npy", "a//b.npy", "\x1b[2J.npy", "ä.npy", "\udcff.npy",
          "CON.npy")  # fmt: skip
_TYPES = (
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
    tarfile.GNUTYPE_SPARSE,
)


def zip_of(members: list[tuple[str, bytes]]) -> bytes:
    """A zip archive with these names as they are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members:
            information = zipfile.ZipInfo("x")
            information.filename = name
            archive.writestr(information, content)
    return stream.getvalue()


def tar_of(members: list[tarfile.TarInfo], content: bytes) -> bytes:
    """A tar archive of members with one content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return stream.getvalue()


def _case(name: str, content: bytes, damage: str) -> Case:
    return Case(format=f"{name.rpartition('.')[2]} made", files={name: content}, entry=name, damage=damage)


def _zip_name(name: str) -> Callable[[Good], Case]:
    return lambda good: _case(
        "a.zip", _surely(lambda: zip_of([(name, good("npy 1").files["good.npy"])])), f"named {name[:40]!r}"
    )


def _surely(make: Callable[[], bytes]) -> bytes:
    """What cannot be written by the library is an empty archive."""
    try:
        return make()
    except (ValueError, UnicodeError):
        return zip_of([])


def _tar_name(name: str) -> Callable[[Good], Case]:
    return lambda good: _case(
        "a.tar",
        _surely(lambda: tar_of([tarfile.TarInfo(name)], good("npy 1").files["good.npy"])),
        f"named {name[:40]!r}",
    )


def _tar_type(kind: bytes, target: str) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        link, inside = tarfile.TarInfo("good.npy"), tarfile.TarInfo("good.npy/inside.npy")
        link.type, link.linkname, link.devmajor, link.devminor = kind, target, 1, 5
        return _case(
            "a.tar",
            tar_of([link, inside, tarfile.TarInfo("next.npy")], good("npy 1").files["good.npy"]),
            f"type {kind!r} to {target}",
        )

    return make


def zip_bomb(name: str, blocks: int, declared: int | None = None, head: bytes = b"") -> bytes:
    """A zip archive of one member of many zeros; declared is the size that its directory tells."""
    packed = deflated_zeros(blocks, head)
    size = len(head) + blocks * BLOCK_BYTES if declared is None else declared
    crc, text = zlib.crc32(b""), name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(packed), min(size, 2**32 - 2), len(text), 0)
    local = b"PK\x03\x04" + common + text + packed
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + text
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def overlapping_zip(times: int) -> bytes:
    """A zip archive whose directory names one member many times (Fifield, A better zip bomb, 2019)."""
    one = zip_bomb("a.npy", 4)
    start = one.rindex(b"PK\x01\x02")
    central, local = one[start : one.rindex(b"PK\x05\x06")], one[:start]
    whole = central * times
    return (
        local
        + whole
        + b"PK\x05\x06"
        + struct.pack("<HHHHIIH", 0, 0, times % 65536, times % 65536, len(whole), len(local), 0)
    )


def _bomb(entry: str, blocks: int, declared: int | None = None) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        head = b"name,V1\n" if entry.endswith("csv") else good("npy 1").files["good.npy"][:128]
        return _case(
            "a.zip", zip_bomb(entry, blocks, declared, head), f"{entry} of {blocks * 16} MiB, declared {declared}"
        )

    return make


def _nested(depth: int) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        content = zip_of([("good.npy", good("npy 1").files["good.npy"])])
        for _ in range(depth):
            content = zip_of([("a.zip", content), ("b.zip", content[:100])])
        return _case("a.zip", content, f"a zip in a zip, {depth} times")

    return make


def _gzip(name: str, blocks: int) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        head = tar_of([tarfile.TarInfo("good.npy")], good("npy 1").files["good.npy"])[:-10240]
        return _case(name, gzip_zeros(blocks, head), f"{name} of {blocks * 16} MiB of zeros")

    return make


def _gzip_in_gzip(good: Good) -> Case:
    content = good("csv").files["good.csv"]
    for _ in range(50):
        content = gzip.compress(content)
    return _case("good.csv.gz", content, "gzip in gzip, 50 times")


def _gzipped_member(good: Good) -> Case:
    return _case("a.zip", zip_of([("good.csv.gz", gzip.compress(good("csv").files["good.csv"]))]), "a gzip member")


def _gzip_bomb_in_tar(_good: Good) -> Case:
    return _case(
        "a.tar",
        tar_of([tarfile.TarInfo("good.csv.gz"), tarfile.TarInfo("b.nii.gz")], gzip_zeros(200)),
        "gzip bombs in tar",
    )


def _big_tar_member(_good: Good) -> Case:
    """A tar in gzip, of which one member is declared, and is, 3 GiB of zeros."""
    member = tarfile.TarInfo("good.npy")
    member.size = 200 * BLOCK_BYTES
    return _case("a.tar.gz", gzip_zeros(201, member.tobuf(tarfile.GNU_FORMAT)), "a member of 3.1 GiB of zeros")


def _absurd_tar(size: int) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        member = tarfile.TarInfo("good.npy")
        member.size = size
        return _case(
            "a.tar",
            member.tobuf(tarfile.GNU_FORMAT) + good("npy 1").files["good.npy"],
            f"a member that declares {size} bytes",
        )

    return make


def _many(kind: str, count: int) -> Callable[[Good], Case]:
    def make(_good: Good) -> Case:
        if kind == "zip":
            return _case(
                "a.zip", zip_of([(f"{number}.npy", b"\x93NUMPY") for number in range(count)]), f"{count} members"
            )
        return _case(
            "a.tar", tar_of([tarfile.TarInfo(f"{number}.npy") for number in range(count)], b""), f"{count} members"
        )

    return make


def _pax(key: str, value: str) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        member = tarfile.TarInfo("good.npy")
        member.pax_headers = {key: value}
        return _case("a.tar", tar_of([member], good("npy 1").files["good.npy"]), f"pax header {key}={value[:30]}")

    return make


def _encrypted(good: Good) -> Case:
    content = bytearray(zip_of([("good.npy", good("npy 1").files["good.npy"])]))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return _case("a.zip", bytes(content), "flagged as encrypted")


def _method(number: int) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        content = bytearray(zip_of([("good.npy", good("npy 1").files["good.npy"])]))
        content[8] = content[content.rindex(b"PK\x01\x02") + 10] = number
        return _case("a.zip", bytes(content), f"compression method {number}")

    return make


ARCHIVES: tuple[Callable[[Good], Case], ...] = (
    *(_zip_name(name) for name in _NAMES),
    *(_tar_name(name) for name in _NAMES),
    *(_tar_type(kind, target) for kind in _TYPES for target in ("/etc/passwd", "../../x", "good.npy", "/dev/zero")),
    *(_bomb(entry, 200, declared) for entry in ("a.npy", "a.csv", "a.xml", "a.hea", "a.dat", "a.zip", "a.dcm")
      for declared in (None, 1000, 2**40)),
    *(_nested(depth) for depth in (1, 2, 10)),
    *(_gzip(name, 200) for name in ("a.tar.gz", "a.tgz", "a.npy.gz", "a.csv.gz")),
    *(_absurd_tar(size) for size in (2**33 - 1, 2**40, 2**63 - 1)),
    *(_many(kind, count) for kind in ("zip", "tar") for count in (2000, 20_000)),
    *(_pax(key, value) for key, value in (("size", "-1"), ("size", "99999999999999"), ("path", "../../x.npy"),
                                          ("mtime", "nan"),
                                          ("GNU.sparse.map", "0,1,2"), ("GNU.sparse.major", "1"),
                                          ("path", "x" * 100_000))),
    *(_method(number) for number in (1, 6, 9, 12, 14, 93, 98)),
    lambda _good: _case("a.zip", overlapping_zip(3000), "3000 members in one place"),
    lambda _good: _case("a.zip", overlapping_zip(30), "30 members in one place"),
    _gzip_in_gzip, _gzipped_member, _gzip_bomb_in_tar, _big_tar_member, _encrypted,
)  # fmt: skip
