"""A table of embeddings: ids and unit vectors of one model, kept in one Parquet file that says which model."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg_text.errors import DataError, FingerprintError
from ecg_text.whole_file import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "ecg_text.embeddings/1"
FILE_NAME = "embeddings.parquet"
METADATA_KEY = b"ecg_text"
UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False, kw_only=True)
class EmbeddingTable:
    """Embeddings of records: ids (n distinct), matrix (n, D) float32 of unit rows, and the model that made them.

    model_revision names the weights, fingerprint the preprocessing: vectors of two models are never compared.
    Raises DataError where the shapes differ, an id comes twice, or a row is not of unit length.
    """

    ids: tuple[str, ...]
    matrix: np.ndarray
    model_revision: str
    fingerprint: str

    def __post_init__(self) -> None:
        # A view, so that the caller's own array stays writeable.
        matrix = np.ascontiguousarray(self.matrix, dtype=np.float32).view()
        object.__setattr__(self, "ids", tuple(self.ids))
        object.__setattr__(self, "matrix", matrix)
        if matrix.ndim != 2 or len(matrix) != len(self.ids):
            raise DataError(f"{len(self.ids)} ids for a matrix of shape {matrix.shape}; give (records, width)")
        if len(set(self.ids)) != len(self.ids):
            [(name, times)] = Counter(self.ids).most_common(1)
            raise DataError(f"the id {name!r} comes {times} times; a record has one embedding")
        check_unit_rows(matrix, "embedding")
        matrix.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def width(self) -> int:
        """D, the length of each vector."""
        return int(self.matrix.shape[1])

    def require_model(self, model_revision: str, fingerprint: str) -> None:
        """Raises FingerprintError, naming both sides, where these are not the model and preprocessing of the table."""
        require_same_model((self.model_revision, self.fingerprint), (model_revision, fingerprint))

    def concat(self, other: EmbeddingTable) -> EmbeddingTable:
        """This table followed by another of the same model.

        Raises FingerprintError where model or preprocessing differ, DataError where width does or an id is in both.
        """
        self.require_model(other.model_revision, other.fingerprint)
        if self.width != other.width:
            raise DataError(f"tables of width {self.width} and {other.width} cannot be joined; embed both anew")
        return EmbeddingTable(
            ids=self.ids + other.ids,
            matrix=np.concatenate([self.matrix, other.matrix]),
            model_revision=self.model_revision,
            fingerprint=self.fingerprint,
        )

    def save(self, path: Path | str) -> Path:
        """Write the table to a .parquet file, or to embeddings.parquet in a folder, and return the file's path.

        The file appears whole or not at all.
        """
        import pyarrow.parquet as pq

        path = _file(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as draft:
            # Mantissas are noise: neither a dictionary nor a codec makes them smaller. Checksums tell damage at load.
            pq.write_table(self._to_arrow(), draft, compression="none", use_dictionary=False, write_page_checksum=True)
        return path

    def _to_arrow(self) -> pa.Table:
        import pyarrow as pa

        values = pa.array(self.matrix.reshape(-1), type=pa.float32())
        vectors = pa.FixedSizeListArray.from_arrays(values, self.width)
        about = {"format": FORMAT, "model_revision": self.model_revision, "fingerprint": self.fingerprint}
        table = pa.table({"record_id": pa.array(self.ids, type=pa.string()), "vector": vectors})
        return table.replace_schema_metadata({METADATA_KEY: json.dumps(about).encode()})

    @classmethod
    def load(cls, path: Path | str) -> EmbeddingTable:
        """Read a table that save wrote. Raises DataError where it is absent, damaged or of another kind."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = _file(path)
        if not path.is_file():
            raise DataError(f"{path} is absent; embed the records first")
        try:
            table = pq.read_table(path, page_checksum_verification=True)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path} is damaged ({_first_line(error)}); embed the records again") from None
        about = _about(path, table.schema)
        return cls(
            ids=tuple(table.column("record_id").to_pylist()),
            matrix=_matrix_of(table),
            model_revision=about["model_revision"],
            fingerprint=about["fingerprint"],
        )


def check_unit_rows(matrix: np.ndarray, what: str) -> None:
    """Raises DataError where a row of (n, D) is not finite and of unit length: then a dot product is no cosine."""
    length = np.sqrt(np.einsum("nd,nd->n", matrix, matrix, dtype=np.float64))
    wrong = ~(np.abs(length - 1.0) < UNIT_TOLERANCE)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"{what} {row} has length {length[row]:.4g}, not 1 ({int(wrong.sum())} in all); normalise them")


def require_same_model(ours: tuple[str, str], theirs: tuple[str, str]) -> None:
    """Raises FingerprintError where two pairs of (model revision, preprocess fingerprint) differ, naming both sides."""
    for what, mine, other in zip(("model", "preprocessing"), ours, theirs, strict=True):
        if mine != other:
            raise FingerprintError(
                f"these embeddings come from {what} {mine}, the others from {what} {other}; embed both with one model"
            )


def _file(path: Path | str) -> Path:
    path = Path(path)
    return path if path.suffix == ".parquet" else path / FILE_NAME


def _about(path: Path, schema: pa.Schema) -> Mapping[str, str]:
    """The file's own statement of its format, model and preprocessing, once it is seen to be as save writes it."""
    import pyarrow as pa

    try:
        about = json.loads((schema.metadata or {})[METADATA_KEY])
    except (KeyError, ValueError):
        raise DataError(f"{path} does not say which model made it; give a table written by ecg_text") from None
    expected = {"format", "model_revision", "fingerprint"}
    if not isinstance(about, dict) or about.keys() != expected or about["format"] != FORMAT:
        raise DataError(f"{path} is described by {about!r}; this version reads {FORMAT!r}")
    names_fit = schema.names == ["record_id", "vector"]
    if not names_fit or not pa.types.is_fixed_size_list(schema.field("vector").type):
        raise DataError(f"{path} has the columns {', '.join(schema.names)}; expected record_id and vector")
    return about


def _matrix_of(table: pa.Table) -> np.ndarray:
    """The vectors as (n, D) float32."""
    vectors = table.column("vector").combine_chunks()
    width = table.schema.field("vector").type.list_size
    return np.asarray(vectors.flatten().to_numpy(zero_copy_only=False), dtype=np.float32).reshape(len(table), width)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
