"""An index survives its folder, and a folder that lost or changed anything is refused by the file's name."""

import json
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecg_text.errors import CheckpointError, DataError
from ecg_text.index.embeddings import EmbeddingTable
from ecg_text.index.index import Index

MODEL = ("model-1", "print-1")
FILES = ("catalogue.parquet", "embeddings.parquet", "index.faiss", "index.json")


def index_of(num: int, generator: np.random.Generator) -> Index:
    matrix = generator.normal(size=(num, 11))
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    ids = tuple(f"r{row}" for row in range(num))
    table = EmbeddingTable(ids=ids, matrix=matrix, model_revision=MODEL[0], fingerprint=MODEL[1])
    return Index.build(table, pa.table({"record_id": ids, "report": [f"report of {name}" for name in ids]}))


@pytest.fixture
def index(generator: np.random.Generator) -> Index:
    return index_of(37, generator)


def test_an_index_survives_its_folder(index: Index, tmp_path: Path) -> None:
    folder = index.save(tmp_path / "archive" / "index")
    assert tuple(sorted(path.name for path in folder.iterdir())) == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["index"]
    loaded = Index.load(folder)
    assert loaded.ids == index.ids
    assert loaded.catalogue.equals(index.catalogue)
    query = index.table.matrix[:4]
    assert loaded.search(query, 5, *MODEL) == index.search(query, 5, *MODEL)


def test_a_loaded_index_can_grow_and_be_saved_in_its_place(
    index: Index, tmp_path: Path, generator: np.random.Generator
) -> None:
    loaded = Index.load(index.save(tmp_path / "index"))
    more = index_of(40, generator)
    rows = more.catalogue.slice(37)
    table = EmbeddingTable(
        ids=more.ids[37:], matrix=more.table.matrix[37:], model_revision=MODEL[0], fingerprint=MODEL[1]
    )
    loaded.add(table, rows)
    loaded.save(tmp_path / "index")
    assert len(Index.load(tmp_path / "index")) == 40
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_an_index_without_a_catalogue_has_no_such_file(index: Index, tmp_path: Path) -> None:
    folder = Index.build(index.table).save(tmp_path / "index")
    assert tuple(sorted(path.name for path in folder.iterdir())) == FILES[1:]
    assert Index.load(folder).catalogue is None


def test_a_folder_of_other_things_is_not_replaced(index: Index, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("four years of work")
    with pytest.raises(DataError, match="exists and is no index"):
        index.save(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_failed_save_leaves_the_old_index(
    index: Index, tmp_path: Path, generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = index.save(tmp_path / "index")

    def fail(*arguments: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(faiss, "write_index", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        index_of(5, generator).save(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    assert len(Index.load(folder)) == 37


def test_a_failed_swap_brings_the_old_index_back(
    index: Index, tmp_path: Path, generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = index.save(tmp_path / "index")
    rename = Path.rename

    def fail_for_the_new(path: Path, target: Path) -> Path:
        if target == folder and not path.name.endswith(".old"):
            raise OSError("no such luck")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with pytest.raises(OSError, match="no such luck"):
        index_of(5, generator).save(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    assert len(Index.load(folder)) == 37


@pytest.mark.parametrize("name", FILES)
def test_an_incomplete_folder_is_refused_by_the_files_name(index: Index, tmp_path: Path, name: str) -> None:
    folder = index.save(tmp_path / "index")
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        Index.load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_torn_file_is_refused_by_its_name(index: Index, tmp_path: Path, name: str) -> None:
    path = index.save(tmp_path / "index") / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match=name):
        Index.load(path.parent)


@pytest.mark.parametrize("name", FILES[:3])
def test_noise_of_the_same_length_is_refused(index: Index, tmp_path: Path, name: str) -> None:
    path = index.save(tmp_path / "index") / name
    path.write_bytes(bytes(len(path.read_bytes())))
    with pytest.raises(CheckpointError, match=name):
        Index.load(path.parent)


def test_one_flipped_bit_of_a_vector_is_refused(index: Index, tmp_path: Path) -> None:
    path = index.save(tmp_path / "index") / "index.faiss"
    content = bytearray(path.read_bytes())
    content[content.index(index.table.matrix[3].tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="holds other vectors"):
        Index.load(path.parent)


def rewrite(folder: Path, name: str, **changes: object) -> None:
    """Change what index.json says, and let it know the new size of a file."""
    about = json.loads((folder / "index.json").read_text())
    about.update(changes)
    about["bytes"][name] = (folder / name).stat().st_size
    (folder / "index.json").write_text(json.dumps(about))


def test_files_of_another_index_are_refused(index: Index, tmp_path: Path, generator: np.random.Generator) -> None:
    folder, other = index.save(tmp_path / "index"), index_of(12, generator).save(tmp_path / "other")
    (folder / "index.faiss").write_bytes((other / "index.faiss").read_bytes())
    rewrite(folder, "index.faiss")
    with pytest.raises(CheckpointError, match="not the flat index of 37 vectors"):
        Index.load(folder)
    index.save(folder)
    (folder / "embeddings.parquet").write_bytes((other / "embeddings.parquet").read_bytes())
    rewrite(folder, "embeddings.parquet")
    with pytest.raises(CheckpointError, match="not the table told of"):
        Index.load(folder)
    index.save(folder)
    pq.write_table(index.catalogue.slice(1), folder / "catalogue.parquet")
    rewrite(folder, "catalogue.parquet")
    with pytest.raises(CheckpointError, match="does not tell of the records"):
        Index.load(folder)


def test_another_kind_of_faiss_index_is_refused(index: Index, tmp_path: Path) -> None:
    folder = index.save(tmp_path / "index")
    euclidean = faiss.IndexFlatL2(11)
    euclidean.add(index.table.matrix)
    faiss.write_index(euclidean, str(folder / "index.faiss"))
    rewrite(folder, "index.faiss")
    with pytest.raises(CheckpointError, match="not the flat index"):
        Index.load(folder)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": "ecg_text.index/9"}, "another format"),
        ({"extra": 1}, "has the fields"),
        ({"model_revision": "model-2"}, "not the table told of"),
        ({"num_records": 36}, "not the table told of"),
        ({"bytes": {}}, "tells of the files"),
    ],
)
def test_a_wrong_description_is_refused(index: Index, tmp_path: Path, changes: dict, told: str) -> None:
    folder = index.save(tmp_path / "index")
    about = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**about, **changes}))
    with pytest.raises(CheckpointError, match=told):
        Index.load(folder)
