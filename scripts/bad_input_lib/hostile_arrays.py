"""NumPy, MATLAB and Parquet files that declare what cannot be, hold objects, or unpack to gigabytes."""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable

import numpy as np

from scripts.bad_input_lib.bombs import BLOCK_BYTES, zlib_zeros
from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.hostile_archives import zip_bomb
from scripts.bad_input_lib.seeds import Seed, undated_mat

Good = Callable[[str], Seed]

_NPY_HEADERS = (
    "{'descr':'<f8','fortran_order':False,'shape':(12,1000000000)}",
    "{'descr':'<f8','fortran_order':False,'shape':(-12,-1)}",
    "{'descr':'<f8','fortran_order':False,'shape':(12,9223372036854775807)}",
    "{'descr':'<f8','fortran_order':False,'shape':(12,2**70)}",
    "{'descr':'V0','fortran_order':False,'shape':(12,1000000000)}",
    "{'descr':'S0','fortran_order':False,'shape':(12,10000000000)}",
    "{'descr':'|O','fortran_order':False,'shape':(12,1000)}",
    "{'descr':[('a','<f8'),('b','O')],'fortran_order':False,'shape':(12,)}",
    "{'descr':'<f8','fortran_order':True,'shape':(12,100)}", "{'descr':'<c16','fortran_order':False,'shape':(12,100)}",
    "{'descr':'<M8[s]','fortran_order':False,'shape':(12,100)}",
    "{'descr':'>f2','fortran_order':False,'shape':(12,100)}",
    "{'descr':'<f16','fortran_order':False,'shape':(12,100)}", "{'descr':'?','fortran_order':False,'shape':(12,100)}",
    "{'descr':'<f8','fortran_order':False,'shape':()}", "{'descr':'<f8','fortran_order':False,'shape':(0,12)}",
    "{'descr':'<f8','fortran_order':False,'shape':(True,12)}", "{'descr':'<f8','fortran_order':False,'shape':(12.0,3)}",
    "{'descr':'<f8','fortran_order':False,'shape':(" + "-" * 9000 + "1,)}", "(" * 9000, "[" * 150 + "]" * 150,
    "{'descr':'<f8','fortran_order':False,'shape':(" + "1," * 4000 + ")}", "{'descr':'" + "<f8," * 2000 + "'}",
    "__import__('os')", "",
    "{'descr':'<f8','fortran_order':False,'shape':(12,100),'x':1}", "{'descr':1,'fortran_order':2,'shape':3}",
    "\x00" * 100,
    "{'descr':'(1000000,1000000)f8','fortran_order':False,'shape':(12,100)}", "9" * 9000,
)  # fmt: skip
_MAT4 = ((0, 12, 10**9, 0, 4), (0, 2**31 - 1, 2**31 - 1, 0, 4), (0, -12, -5, 0, 4), (0, 12, 100, 1, 4),
         (0, 12, 100, 0, 2**31 - 1),
         (1, 12, 100, 0, 4), (2, 12, 3, 0, 4), (50, 12, 100, 0, 4), (4000, 12, 100, 0, 4), (0, 0, 0, 0, 4),
         (0, 12, 100, 0, -1))  # fmt: skip


def _npy(header: str) -> Callable[[Good], Case]:
    def make(_good: Good) -> Case:
        text = header.encode() + b"\n"
        content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(12 * 100 * 8)
        return Case(format="npy made", files={"a.npy": content}, entry="a.npy", damage=f"header {header[:70]!r}")

    return make


def _npy_pickle(_good: Good) -> Case:
    """A pickle that would make a file, were it loaded."""

    class Harm:
        def __reduce__(self) -> tuple[object, ...]:
            return open, ("escaped.txt", "w")

    stream = io.BytesIO()
    np.save(stream, np.array([Harm()], dtype=object), allow_pickle=True)
    return Case(
        format="npy made", files={"a.npy": stream.getvalue()}, entry="a.npy", damage="a pickle that opens a file"
    )


def _bare_pickle(_good: Good) -> Case:
    return Case(format="npy made", files={"a.npy": pickle.dumps([1.0] * 1200)}, entry="a.npy", damage="a bare pickle")


def _npy_long_header(length: int) -> Callable[[Good], Case]:
    content = b"\x93NUMPY\x02\x00" + struct.pack("<I", length) + b"{" * min(length, 10**6)
    told = f"a header of {length} bytes"
    return lambda _good: Case(format="npy made", files={"a.npy": content}, entry="a.npy", damage=told)


def _npz_bomb(_good: Good) -> Case:
    header = b"{'descr':'<f8','fortran_order':False,'shape':(12,34952533)}"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    return Case(
        format="npz made", files={"a.npz": zip_bomb("val.npy", 200, head=head)}, entry="a.npz", damage="3 GiB of zeros"
    )


def _mat4(numbers: tuple[int, ...]) -> Callable[[Good], Case]:
    content = struct.pack("<5i", *numbers) + b"val\0" + bytes(12 * 100 * 8)
    return lambda _good: Case(
        format="mat made", files={"a.mat": content}, entry="a.mat", damage=f"version 4, {numbers}"
    )


def _mat5(*elements: bytes) -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + struct.pack("<H", 0x100) + b"IM" + b"".join(elements)


def _mat5_bomb(_good: Good) -> Case:
    size = 200 * BLOCK_BYTES
    head = (
        struct.pack("<II", 14, size + 56)
        + struct.pack("<IIII", 6, 8, 6, 0)
        + struct.pack("<IIii", 5, 8, 12, size // 96)
    )
    head += struct.pack("<I4s", 1 | 3 << 16, b"val") + struct.pack("<II", 9, size)
    packed = zlib_zeros(200, head)
    content = _mat5(struct.pack("<II", 15, len(packed)) + packed)
    return Case(format="mat made", files={"a.mat": content}, entry="a.mat", damage="version 5, 3 GiB of zeros")


def _mat5_cells(depth: int) -> Callable[[Good], Case]:
    def make(_good: Good) -> Case:
        heads = b""
        size = 0
        for _ in range(depth):
            body = struct.pack("<IIII", 6, 8, 1, 0) + struct.pack("<IIii", 5, 8, 1, 1) + struct.pack("<II", 1, 0)
            size += len(body) + 8
            heads = struct.pack("<II", 14, size - 8) + body + heads
        return Case(
            format="mat made", files={"a.mat": _mat5(heads)}, entry="a.mat", damage=f"cells nested {depth} times"
        )

    return make


def _mat5_values(_good: Good) -> Case:
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, {"val": {"a": [1, 2], "f": "text", "c": np.array([[1, "x"]], dtype=object)}, "z": np.array([[1j]])})
    return Case(
        format="mat made",
        files={"a.mat": undated_mat(stream.getvalue())},
        entry="a.mat",
        damage="a struct, cells, complex numbers",
    )


def _mat_type_0(good: Good) -> Case:
    content = bytearray(good("mat 5").files["good.mat"])
    content[0xA0 + 16 : 0xA0 + 64] = bytes(48)
    return Case(format="mat made", files={"a.mat": bytes(content)}, entry="a.mat", damage="elements of type 0")


def _mat_73(good: Good) -> Case:
    content = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(384) + good("hdf5 sph").files["good.h5"]
    return Case(format="mat made", files={"a.mat": content}, entry="a.mat", damage="version 7.3")


def _parquet(count: int, kind: str) -> Callable[[Good], Case]:
    def make(_good: Good) -> Case:
        import pyarrow as pa
        import pyarrow.parquet as pq

        stream = io.BytesIO()
        columns = {
            "long": lambda: {lead: np.zeros(count, np.float32) for lead in ("I", "II")},
            "wide": lambda: {f"c{number}": [1.0] for number in range(count)},
            "text": lambda: {"I": ["a" * count], "II": ["b"]},
            "nested": lambda: {"I": [[[1.0] * count]], "II": [[[1.0]]]},
            "null": lambda: {"I": pa.array([None] * count, pa.float32()), "II": pa.array([1.0] * count, pa.float32())},
            "nan": lambda: {"I": [float("nan")] * count, "II": [float("inf")] * count},
            "signal": lambda: {
                "signal": pa.array([bytes(count)], pa.large_binary()),
                "rate_hz": [-500.0],
                "leads": [["I", "II"]],
            },
        }[kind]()
        pq.write_table(pa.table(columns), stream, compression="zstd", use_dictionary=kind != "long")
        return Case(
            format="parquet made", files={"a.parquet": stream.getvalue()}, entry="a.parquet", damage=f"{kind} {count}"
        )

    return make


ARRAYS: tuple[Callable[[Good], Case], ...] = (
    *(_npy(header) for header in _NPY_HEADERS),
    *(_npy_long_header(length) for length in (0, 10, 100_000, 2**31, 2**32 - 1)),
    _npy_pickle, _bare_pickle, _npz_bomb,
    *(_mat4(numbers) for numbers in _MAT4),
    *(_mat5_cells(depth) for depth in (10, 1000, 20_000)),
    _mat5_bomb, _mat5_values, _mat_type_0, _mat_73,
    *(_parquet(count, kind) for kind, count in (("long", 50_000_000), ("wide", 20_000), ("text", 10**7))),
    *(_parquet(count, kind) for kind, count in (("nested", 10**6), ("null", 5000), ("nan", 5000), ("signal", 10**8))),
)  # fmt: skip
