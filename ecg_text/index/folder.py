"""An index as a folder: one file tells what it is, two hold it, one may tell of its records; all or none."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecg_text.errors import CheckpointError, DataError
from ecg_text.index.embeddings import FILE_NAME as TABLE_FILE
from ecg_text.index.embeddings import EmbeddingTable

if TYPE_CHECKING:
    import faiss
    import pyarrow as pa

FORMAT = "ecg_text.index/1"
ABOUT_FILE = "index.json"
FAISS_FILE = "index.faiss"
CATALOGUE_FILE = "catalogue.parquet"
FIELDS = {"format", "num_records", "width", "model_name", "model_revision", "fingerprint", "bytes"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Parts:
    """What an index is made of: a FAISS index, the id of each of its rows, their model, and their catalogue if any.

    model_name is the folder or hub name the model was loaded from, a hint for the next query; model_revision binds.
    """

    flat: faiss.IndexFlatIP
    ids: tuple[str, ...]
    model_revision: str
    fingerprint: str
    model_name: str = ""
    catalogue: pa.Table | None = None


def refuse_foreign(folder: Path) -> None:
    """Raises DataError where an index would replace something that is none."""
    if folder.exists() and not (folder / ABOUT_FILE).is_file():
        raise DataError(f"{folder} exists and is no index; choose another folder")


def write_folder(
    folder: Path, flat: faiss.IndexFlatIP, table: EmbeddingTable, catalogue: pa.Table | None, model_name: str
) -> Path:
    """Write an index beside the folder, then rename it into place. Raises DataError where the folder is no index."""
    import faiss
    import pyarrow.parquet as pq

    refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        # mkdtemp is for its owner alone; an archive is shared as the umask says.
        temporary.chmod(folder.parent.stat().st_mode & 0o777)
        table.save(temporary)
        faiss.write_index(flat, str(temporary / FAISS_FILE))
        if catalogue is not None:
            pq.write_table(catalogue, temporary / CATALOGUE_FILE, write_page_checksum=True)
        about = {
            "format": FORMAT,
            "num_records": len(table),
            "width": table.width,
            "model_name": model_name,
            "model_revision": table.model_revision,
            "fingerprint": table.fingerprint,
            "bytes": {path.name: path.stat().st_size for path in sorted(temporary.iterdir())},
        }
        (temporary / ABOUT_FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        _move_into_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _move_into_place(temporary: Path, folder: Path) -> None:
    """Rename a finished folder to its name; an older one steps aside first and comes back should that fail."""
    if not folder.exists():
        temporary.rename(folder)
        return
    old = temporary.with_name(temporary.name + ".old")
    folder.rename(old)
    try:
        temporary.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def read_folder(folder: Path) -> Parts:
    """Read what write_folder wrote. Raises CheckpointError where a file is absent, damaged or of another index."""
    about = _read_about(folder)
    _check_files(folder, about["bytes"])
    try:
        table = EmbeddingTable.load(folder / TABLE_FILE)
    except DataError as error:
        raise CheckpointError(str(error)) from None
    stated = (about["num_records"], about["width"], about["model_revision"], about["fingerprint"])
    if stated != (len(table), table.width, table.model_revision, table.fingerprint):
        raise CheckpointError(f"{folder / TABLE_FILE} is not the table told of in {ABOUT_FILE}; build the index anew")
    catalogue = _read_catalogue(folder, table.ids) if CATALOGUE_FILE in about["bytes"] else None
    return Parts(
        flat=_read_flat(folder, table.matrix),
        ids=table.ids,
        model_revision=table.model_revision,
        fingerprint=table.fingerprint,
        model_name=about["model_name"],
        catalogue=catalogue,
    )


def _read_about(folder: Path) -> dict[str, Any]:
    path = folder / ABOUT_FILE
    if not path.is_file():
        raise CheckpointError(f"{folder} is no index ({ABOUT_FILE} is absent); make one with ecg-text index build")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); build the index anew") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CheckpointError(f"{path} is of another format; this version reads {FORMAT!r}")
    if about.keys() != FIELDS or not isinstance(about["bytes"], dict):
        raise CheckpointError(f"{path} has the fields {', '.join(about)}; expected {', '.join(sorted(FIELDS))}")
    return about


def _check_files(folder: Path, sizes: dict[str, int]) -> None:
    """Whether each file is there and as long as it was, before FAISS reads lengths from a file that lacks its end."""
    known = {TABLE_FILE, FAISS_FILE}
    if not known <= sizes.keys() <= known | {CATALOGUE_FILE}:
        raise CheckpointError(f"{folder / ABOUT_FILE} tells of the files {', '.join(sizes)}; build the index anew")
    for name, size in sizes.items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{folder} is incomplete: {name} is absent; build the index anew")
        if path.stat().st_size != size:
            raise CheckpointError(f"{path} has {path.stat().st_size} bytes, not {size}; build the index anew")


def _read_flat(folder: Path, matrix: np.ndarray) -> faiss.IndexFlatIP:
    """The FAISS index, once it is seen to hold exactly the vectors of the table."""
    import faiss

    path = folder / FAISS_FILE
    try:
        flat = faiss.read_index(str(path))
    except (RuntimeError, MemoryError) as error:
        raise CheckpointError(f"{path} is damaged ({str(error).splitlines()[0]}); build the index anew") from None
    if not isinstance(flat, faiss.IndexFlatIP) or (flat.ntotal, flat.d) != matrix.shape:
        raise CheckpointError(f"{path} is not the flat index of {len(matrix)} vectors; build the index anew")
    if not np.array_equal(faiss.rev_swig_ptr(flat.get_xb(), matrix.size), matrix.reshape(-1)):
        raise CheckpointError(f"{path} holds other vectors than {TABLE_FILE}; build the index anew")
    return flat


def _read_catalogue(folder: Path, ids: tuple[str, ...]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / CATALOGUE_FILE
    try:
        catalogue = pq.read_table(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise CheckpointError(f"{path} is damaged ({str(error).splitlines()[0]}); build the index anew") from None
    names = catalogue.column("record_id").to_pylist() if "record_id" in catalogue.schema.names else []
    if tuple(names) != ids:
        raise CheckpointError(f"{path} does not tell of the records of {TABLE_FILE}; build the index anew")
    return catalogue
