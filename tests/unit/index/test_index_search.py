"""Search finds what sorting every similarity finds, and refuses what it cannot compare."""

from dataclasses import replace

import faiss
import numpy as np
import pyarrow as pa
import pytest

from ecg_text.errors import ConfigError, DataError, FingerprintError
from ecg_text.index.embeddings import EmbeddingTable
from ecg_text.index.faiss_threads import faiss_threads, num_processors
from ecg_text.index.index import Hit, Index, combine

MODEL = ("model-1", "print-1")


def unit(generator: np.random.Generator, num: int, width: int = 11) -> np.ndarray:
    matrix = generator.normal(size=(num, width))
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


def table_of(matrix: np.ndarray, prefix: str = "r") -> EmbeddingTable:
    ids = tuple(f"{prefix}{row}" for row in range(len(matrix)))
    return EmbeddingTable(ids=ids, matrix=matrix, model_revision=MODEL[0], fingerprint=MODEL[1])


def catalogue_of(ids: tuple[str, ...]) -> pa.Table:
    return pa.table({"record_id": ids, "report": [f"report of {name}" for name in ids], "path": ids})


def slow_search(matrix: np.ndarray, vectors: np.ndarray, k: int) -> list[list[tuple[int, float]]]:
    """Every similarity in double precision, sorted; equal ones in the order of the rows."""
    answers = []
    for vector in vectors.astype(np.float64):
        similarity = [float(vector @ row) for row in matrix.astype(np.float64)]
        answers.append([(row, similarity[row]) for row in sorted(range(len(matrix)), key=lambda r: -similarity[r])[:k]])
    return answers


@pytest.mark.parametrize(("num_queries", "k"), [(1, 1), (3, 10), (50, 7), (2, 211)])
def test_search_agrees_with_sorting_everything(num_queries: int, k: int, generator: np.random.Generator) -> None:
    matrix, vectors = unit(generator, 211), unit(generator, num_queries)
    found = Index.build(table_of(matrix)).search(vectors, k, *MODEL)
    for hits, truth in zip(found, slow_search(matrix, vectors, k), strict=True):
        assert [hit.record_id for hit in hits] == [f"r{row}" for row, _ in truth]
        np.testing.assert_allclose([hit.similarity for hit in hits], [value for _, value in truth], atol=1e-6)


def test_more_than_there_is_gives_all_there_is(generator: np.random.Generator) -> None:
    [hits] = Index.build(table_of(unit(generator, 5))).search(unit(generator, 1), 100, *MODEL)
    assert sorted(hit.record_id for hit in hits) == ["r0", "r1", "r2", "r3", "r4"]


def test_equal_records_come_in_the_order_of_their_rows(generator: np.random.Generator) -> None:
    matrix = np.repeat(unit(generator, 1), 6, axis=0)
    [hits] = Index.build(table_of(matrix)).search(matrix[:1], 6, *MODEL)
    assert [hit.record_id for hit in hits] == [f"r{row}" for row in range(6)]
    assert all(hit.similarity <= 1.0 for hit in hits)


def test_hits_tell_report_and_path_where_there_is_a_catalogue(generator: np.random.Generator) -> None:
    table = table_of(unit(generator, 5))
    shuffled = catalogue_of(("r3", "elsewhere", "r0", "r4", "r2", "r1"))
    index = Index.build(table, shuffled)
    [[hit]] = index.search(table.matrix[2:3], 1, *MODEL)
    assert hit == Hit(record_id="r2", similarity=pytest.approx(1.0), report="report of r2", path="r2")
    assert index.catalogue.column("record_id").to_pylist() == list(table.ids)
    [[bare]] = Index.build(table).search(table.matrix[2:3], 1, *MODEL)
    assert (bare.report, bare.path) == (None, None)
    [[thin]] = Index.build(table, shuffled.drop_columns("path")).search(table.matrix[2:3], 1, *MODEL)
    assert (thin.report, thin.path) == ("report of r2", None)


def test_added_records_are_found(generator: np.random.Generator) -> None:
    first, second = table_of(unit(generator, 5)), table_of(unit(generator, 3), "s")
    index = Index.build(first, catalogue_of(first.ids))
    index.add(second, catalogue_of(second.ids))
    assert len(index) == 8
    assert index.ids == first.ids + second.ids
    [[hit]] = index.search(second.matrix[1:2], 1, *MODEL)
    assert (hit.record_id, hit.report) == ("s1", "report of s1")
    np.testing.assert_array_equal(index.table.matrix, first.concat(second).matrix)


def test_a_refused_addition_changes_nothing(generator: np.random.Generator) -> None:
    first, second = table_of(unit(generator, 5)), table_of(unit(generator, 3), "s")
    index = Index.build(first, catalogue_of(first.ids))
    rows = catalogue_of(second.ids)
    with pytest.raises(DataError, match="1 records are in the index already, as 'r4'"):
        index.add(replace(second, ids=("s0", "r4", "s2")), rows)
    with pytest.raises(FingerprintError, match=r"model-1.*model-2"):
        index.add(replace(second, model_revision="model-2"), rows)
    with pytest.raises(DataError, match="width 2, the index 11"):
        index.add(table_of(unit(generator, 3, width=2), "s"), rows)
    with pytest.raises(DataError, match="give the new records' rows"):
        index.add(second)
    with pytest.raises(DataError, match="lacks 3 of the records, as 's0'"):
        index.add(second, catalogue_of(first.ids))
    with pytest.raises(DataError, match="the new catalogue has the columns record_id"):
        index.add(second, rows.select(["record_id"]))
    with pytest.raises(DataError, match="add records without one"):
        Index.build(first).add(second, rows)
    assert len(index) == index.catalogue.num_rows == 5


def test_a_query_of_another_model_is_refused_naming_both(generator: np.random.Generator) -> None:
    index, query = Index.build(table_of(unit(generator, 5))), unit(generator, 1)
    with pytest.raises(FingerprintError, match=r"model model-1.*model model-2"):
        index.search(query, 3, model_revision="model-2", fingerprint="print-1")
    with pytest.raises(FingerprintError, match=r"print-1.*print-2"):
        index.search(query, 3, model_revision="model-1", fingerprint="print-2")


def test_a_wrong_query_is_refused(generator: np.random.Generator) -> None:
    index, query = Index.build(table_of(unit(generator, 5))), unit(generator, 1)
    with pytest.raises(DataError, match=r"shape \(11,\); give \(queries, 11\)"):
        index.search(query[0], 3, *MODEL)
    with pytest.raises(DataError, match=r"shape \(1, 10\)"):
        index.search(query[:, 1:], 3, *MODEL)
    with pytest.raises(DataError, match="query 0 has length 2"):
        index.search(2 * query, 3, *MODEL)
    with pytest.raises(ConfigError, match="k is 0"):
        index.search(query, 0, *MODEL)


def test_no_queries_have_no_answers(generator: np.random.Generator) -> None:
    assert Index.build(table_of(unit(generator, 5))).search(np.zeros((0, 11)), 3, *MODEL) == []


def test_an_empty_index_and_a_catalogue_that_does_not_fit_are_refused(generator: np.random.Generator) -> None:
    with pytest.raises(DataError, match="empty table"):
        Index.build(table_of(np.zeros((0, 11))))
    table = table_of(unit(generator, 5))
    with pytest.raises(DataError, match="lacks 2 of the records, as 'r3'"):
        Index.build(table, catalogue_of(table.ids[:3]))
    with pytest.raises(DataError, match="record_id is needed"):
        Index.build(table, pa.table({"name": table.ids}))


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_a_combined_query_ranks_by_the_weighted_similarity(weight: float, generator: np.random.Generator) -> None:
    matrix, (text, ecg) = unit(generator, 61), unit(generator, 2)
    [hits] = Index.build(table_of(matrix)).search(combine(text, ecg, weight)[None], 61, *MODEL)
    wanted = np.argsort(-((1 - weight) * (matrix @ text) + weight * (matrix @ ecg)))
    assert [hit.record_id for hit in hits] == [f"r{row}" for row in wanted]


def test_a_combination_that_means_nothing_is_refused() -> None:
    east, north = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    with pytest.raises(ConfigError, match=r"weight is 1\.5"):
        combine(east, north, 1.5)
    with pytest.raises(DataError, match="cancel out"):
        combine(east, -east, 0.5)
    with pytest.raises(DataError, match=r"two of \(D,\)"):
        combine(east, np.array([1.0, 0.0, 0.0]), 0.5)
    with pytest.raises(DataError, match="has length 3"):
        combine(3 * east, north, 0.5)


def test_faiss_takes_no_more_threads_than_this_process_has_and_gives_them_back() -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(num_processors() + 7)
    try:
        with faiss_threads() as num_threads:
            assert num_threads == faiss.omp_get_max_threads() == num_processors()
        assert faiss.omp_get_max_threads() == num_processors() + 7
        faiss.omp_set_num_threads(1)
        with faiss_threads() as num_threads:
            assert num_threads == 1
    finally:
        faiss.omp_set_num_threads(before)
