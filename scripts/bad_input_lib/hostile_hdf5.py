"""HDF5 files that point to other files, declare what cannot be, or unpack to gigabytes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.seeds import Seed

Good = Callable[[str], Seed]
_SECRET = "/etc/passwd"


def _external_link(file: Any, name: str) -> None:
    import h5py

    file[name] = h5py.ExternalLink("other.h5", "/ecg")


def _external_storage(file: Any, name: str) -> None:
    file.create_dataset(name, shape=(12, 20), dtype="f4", external=[(_SECRET, 0, 960)])


def _virtual(file: Any, name: str) -> None:
    import h5py

    layout = h5py.VirtualLayout((12, 5000), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "ecg", (12, 5000))
    file.create_virtual_dataset(name, layout)


def _soft_loop(file: Any, name: str) -> None:
    import h5py

    file[name] = h5py.SoftLink("/" + name)


def _group(file: Any, name: str) -> None:
    file.create_group(name)["self"] = file["/"]


def _unwritten(*shape: int, chunk: int = 1000, packed: bool = False) -> Callable[[Any, str], None]:
    def make(file: Any, name: str) -> None:
        chunks = (min(12, shape[0]), min(chunk, shape[1])) if len(shape) == 2 else (1, min(chunk, shape[1]), shape[2])
        file.create_dataset(name, shape=shape, dtype="f4", chunks=chunks, compression="gzip" if packed else None)

    return make


def _bomb(file: Any, name: str) -> None:
    data = file.create_dataset(
        name, shape=(12, 10**8), dtype="f4", chunks=(12, 10**6), compression="gzip", shuffle=True
    )
    for start in range(3):
        data[:, start * 10**6 : (start + 1) * 10**6] = 0


def _huge_chunk(file: Any, name: str) -> None:
    data = file.create_dataset(name, shape=(12, 2 * 10**7), dtype="f4", chunks=(12, 2 * 10**7), compression="gzip")
    file.flush()
    data.id.write_direct_chunk((0, 0), __import__("zlib").compress(bytes(10**6), 9))


def _of_type(kind: str) -> Callable[[Any, str], None]:
    def make(file: Any, name: str) -> None:
        import h5py

        types: dict[str, Any] = {"vlen": h5py.vlen_dtype("f4"), "text": h5py.string_dtype(), "complex": "c8",
                                 "reference": h5py.ref_dtype,
                                 "compound": np.dtype([("a", "f4"), ("b", "i2")]), "enum": h5py.enum_dtype({"a": 1}),
                                 "bool": "?"}  # fmt: skip
        file.create_dataset(name, shape=(12, 100), dtype=types[kind])

    return make


def _values(*values: float) -> Callable[[Any, str], None]:
    return lambda file, name: file.create_dataset(name, data=np.resize(np.array(values, np.float64), (12, 1000)))


def _shape(*shape: int) -> Callable[[Any, str], None]:
    return lambda file, name: file.create_dataset(name, data=np.ones(shape, np.float32))


def _deep(file: Any, name: str) -> None:
    group = file
    for _ in range(2000):
        group = group.create_group("g")
    group[name] = np.ones((12, 100))


def _many(file: Any, name: str) -> None:
    for number in range(3000):
        file[f"{name}{number}"] = 1.0


def _case(make: Callable[[Any, str], None], name: str, tell: str, other: str | None = None) -> Callable[[Good], Case]:
    def build(good: Good) -> Case:
        import h5py

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a.h5")
            with h5py.File(path, "w") as file:
                make(file, name)
                if other is not None:
                    file[other] = np.arange(3)
            return Case(
                format="hdf5 made", files={"a.h5": path.read_bytes(), "other.h5": good("hdf5 sph").files["good.h5"]},
                entry="a.h5",
                damage=f"{name}: {tell}",
            )  # fmt: skip

    return build


_ALL: tuple[tuple[str, Callable[[Any, str], None]], ...] = (
    ("external link", _external_link), ("external storage", _external_storage), ("virtual", _virtual),
    ("soft loop", _soft_loop),
    ("group loop", _group), ("2**60 unwritten", _unwritten(12, 2**60)),
    ("10**9 unwritten", _unwritten(12, 10**9, packed=True)),
    ("10**9 exams", _unwritten(10**9, 4096, 12)), ("10**9 long exams", _unwritten(1, 10**9, 12)),
    ("10**6 leads", _unwritten(10**6, 100)),
    ("bomb", _bomb), ("huge chunk", _huge_chunk), ("nan", _values(float("nan"))),
    ("inf", _values(float("inf"), 1.0)), ("huge", _values(1e300, 1.0)),
    ("scalar", _shape()), ("empty", _shape(0, 12)), ("one axis", _shape(12)), ("4 axes", _shape(1, 2, 3, 12)),
    ("deep", _deep), ("many", _many),
    *((kind, _of_type(kind)) for kind in ("vlen", "text", "complex", "reference", "compound", "enum", "bool")),
)  # fmt: skip

HDF5: tuple[Callable[[Good], Case], ...] = (
    *(_case(make, "ecg", tell) for tell, make in _ALL),
    *(_case(make, "tracings", tell, "exam_id") for tell, make in _ALL),
    *(_case(_shape(3, 100, 12), "tracings", f"exam_id is {tell}", other=None) for tell in ("absent",)),
)
