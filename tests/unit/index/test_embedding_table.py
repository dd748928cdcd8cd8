"""An embedding table survives its file, and never mixes two models."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecg_text.errors import DataError, FingerprintError
from ecg_text.index.embeddings import EmbeddingTable


def table_of(generator: np.random.Generator, names: str = "abcde", **changes: object) -> EmbeddingTable:
    matrix = generator.normal(size=(len(names), 7))
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    table = EmbeddingTable(ids=tuple(names), matrix=matrix, model_revision="model-1", fingerprint="print-1")
    return replace(table, **changes)


@pytest.fixture
def table(generator: np.random.Generator) -> EmbeddingTable:
    return table_of(generator)


@pytest.mark.parametrize("place", ["shard-00001.parquet", "folder"])
def test_a_table_survives_its_file(table: EmbeddingTable, tmp_path: Path, place: str) -> None:
    path = table.save(tmp_path / place)
    assert path.suffix == ".parquet"
    loaded = EmbeddingTable.load(tmp_path / place)
    assert loaded.ids == table.ids
    assert loaded.matrix.tobytes() == table.matrix.tobytes()
    assert (loaded.model_revision, loaded.fingerprint) == ("model-1", "print-1")
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


def test_other_tools_can_read_the_file(table: EmbeddingTable, tmp_path: Path) -> None:
    read = pq.read_table(table.save(tmp_path))
    assert read.schema.field("vector").type == pa.list_(pa.float32(), 7)
    np.testing.assert_array_equal(np.stack(read.column("vector").to_pylist()), table.matrix)


def test_an_empty_shard_is_a_table(tmp_path: Path) -> None:
    empty = EmbeddingTable(ids=(), matrix=np.zeros((0, 7)), model_revision="m", fingerprint="f")
    empty.save(tmp_path)
    loaded = EmbeddingTable.load(tmp_path)
    assert (len(loaded), loaded.width) == (0, 7)


def test_a_table_is_read_only_but_the_callers_array_is_not(generator: np.random.Generator) -> None:
    matrix = np.eye(3, dtype=np.float32)
    table = EmbeddingTable(ids=("a", "b", "c"), matrix=matrix, model_revision="m", fingerprint="f")
    with pytest.raises(ValueError, match="read-only"):
        table.matrix[0, 0] = 2
    assert matrix.flags.writeable


def test_tables_of_one_model_are_joined(generator: np.random.Generator) -> None:
    first, second = table_of(generator, "abc"), table_of(generator, "de")
    joined = first.concat(second)
    assert joined.ids == tuple("abcde")
    np.testing.assert_array_equal(joined.matrix, np.concatenate([first.matrix, second.matrix]))


def test_tables_of_two_models_are_not_joined(generator: np.random.Generator) -> None:
    first = table_of(generator, "abc")
    with pytest.raises(FingerprintError, match=r"model model-1.*model model-2"):
        first.concat(table_of(generator, "de", model_revision="model-2"))
    with pytest.raises(FingerprintError, match=r"preprocessing print-1.*preprocessing print-2"):
        first.concat(table_of(generator, "de", fingerprint="print-2"))
    with pytest.raises(DataError, match="width 7 and 3"):
        first.concat(table_of(generator, "xyz", matrix=np.eye(3)))
    with pytest.raises(DataError, match="'c' comes 2 times"):
        first.concat(table_of(generator, "cd"))


@pytest.mark.parametrize(
    ("matrix", "told"),
    [
        (np.zeros((2, 3)), "embedding 0 has length 0"),
        (np.array([[1.0, 0.0], [np.nan, 0.0]]), "embedding 1 has length nan"),
        (np.eye(3), r"2 ids for a matrix of shape \(3, 3\)"),
        (np.ones(2), "give"),
    ],
)
def test_a_wrong_matrix_is_refused(matrix: np.ndarray, told: str) -> None:
    with pytest.raises(DataError, match=told):
        EmbeddingTable(ids=("a", "b"), matrix=matrix, model_revision="m", fingerprint="f")


def test_a_damaged_file_is_refused(table: EmbeddingTable, tmp_path: Path) -> None:
    path = table.save(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.raises(DataError, match="is damaged"):
        EmbeddingTable.load(path)
    flipped = bytearray(content)
    flipped[content.index(table.matrix[2].tobytes())] ^= 1  # one bit of one number
    path.write_bytes(flipped)
    with pytest.raises(DataError, match="is damaged"):
        EmbeddingTable.load(path)
    path.unlink()
    with pytest.raises(DataError, match="is absent"):
        EmbeddingTable.load(path)


def test_a_file_of_another_kind_is_refused(table: EmbeddingTable, tmp_path: Path) -> None:
    path = table.save(tmp_path)
    read = pq.read_table(path)
    pq.write_table(read.replace_schema_metadata({}), path)
    with pytest.raises(DataError, match="which model"):
        EmbeddingTable.load(path)
    pq.write_table(read.replace_schema_metadata({b"ecg_text": b'{"format": "ecg_text.embeddings/2"}'}), path)
    with pytest.raises(DataError, match="this version reads"):
        EmbeddingTable.load(path)
    pq.write_table(read.rename_columns(["id", "vector"]).replace_schema_metadata(read.schema.metadata), path)
    with pytest.raises(DataError, match="columns id, vector"):
        EmbeddingTable.load(path)


def test_a_failed_write_leaves_nothing_half(
    table: EmbeddingTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = table.save(tmp_path).read_bytes()

    def fail(arrow: pa.Table, where: Path, **options: object) -> None:
        where.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        table.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["embeddings.parquet"]
    assert (tmp_path / "embeddings.parquet").read_bytes() == before
