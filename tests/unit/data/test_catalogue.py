"""The catalogue keeps its columns, refuses what cannot be, and answers who has a label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ecg_text.data.catalogue import SCHEMA, Catalogue
from ecg_text.errors import DataError

CODES = ("NORM", "AFIB", "IMI", "NST_", "LVH")


def random_catalogue(num: int, seed: int) -> Catalogue:
    generator = np.random.default_rng(seed)
    labels = [list(generator.choice(CODES, generator.integers(0, 4), replace=False)) for _ in range(num)]
    return Catalogue.from_columns(
        {
            "record_id": [f"r{number}" for number in range(num)],
            "path": ["somewhere"] * num,
            "labels": labels,
            "split": list(generator.choice(["train", "val", "test", ""], num)),
            "age": [None if number % 7 == 0 else float(number) for number in range(num)],
        }
    )


def slow_label_matrix(catalogue: Catalogue, codes: list[list[str]]) -> np.ndarray:
    matrix = np.zeros((len(catalogue), len(codes)), dtype=bool)
    for row, labels in enumerate(catalogue.column("labels")):
        for k, any_of in enumerate(codes):
            for code in any_of:
                if code in labels:
                    matrix[row, k] = True
    return matrix


@pytest.mark.parametrize("num", [0, 1, 257])
def test_the_label_matrix_agrees_with_a_slow_loop(num: int) -> None:
    catalogue = random_catalogue(num, seed=num)
    codes = [["NORM"], ["AFIB", "IMI"], ["NST_", "NORM", "unheard of"], ["unheard of"], []]
    matrix = catalogue.label_matrix(codes)
    assert matrix.shape == (num, 5)
    assert matrix.dtype == bool
    np.testing.assert_array_equal(matrix, slow_label_matrix(catalogue, codes))


def test_the_label_matrix_of_selected_rows_is_the_selection_of_the_matrix() -> None:
    catalogue = random_catalogue(60, seed=3)
    rows = np.random.default_rng(4).permutation(60)[:20]
    codes = [["NORM"], ["AFIB", "LVH"]]
    np.testing.assert_array_equal(catalogue.select(rows).label_matrix(codes), catalogue.label_matrix(codes)[rows])


def test_a_catalogue_comes_back_from_parquet_as_it_was(tmp_path: Path) -> None:
    catalogue = random_catalogue(40, seed=1)
    catalogue.write(tmp_path / "catalogue.parquet")
    read = Catalogue.read(tmp_path / "catalogue.parquet")
    assert read.table.equals(catalogue.table)
    assert read.table.schema.equals(SCHEMA)
    assert [path.name for path in tmp_path.iterdir()] == ["catalogue.parquet"]


def test_rows_are_handed_out_in_the_order_they_are_asked_for() -> None:
    catalogue = random_catalogue(20, seed=2)
    values = catalogue.rows([7, 3, 7])
    assert values["record_id"] == ["r7", "r3", "r7"]
    assert values["age"] == [None, 3.0, None]
    assert list(values) == SCHEMA.names


def test_the_rows_of_a_split_are_found_in_order() -> None:
    catalogue = random_catalogue(100, seed=5)
    rows = catalogue.where_split("val")
    assert rows.dtype == np.int64
    assert rows.tolist() == [row for row, split in enumerate(catalogue.column("split")) if split == "val"]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"record_id": ["a", "b", "a"]}, "'a' is given 2 times"),
        ({"record_id": ["a", "b", None]}, "row 2 of the catalogue has no record_id"),
        ({"split": ["train", "valid", "test"]}, "split is 'valid'"),
        ({"sex": ["female", None, "f"]}, "sex is 'f'"),
        ({"labels": [["X", "Y"], [], ["X"]], "likelihoods": [[], [], [1.0, 2.0]]}, "'c' has 1 labels but 2"),
        ({"diagnosis": ["X", "Y", "Z"]}, "no column diagnosis"),
    ],
)
def test_a_catalogue_refuses_what_cannot_be(columns: dict[str, list[object]], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Catalogue.from_columns({"record_id": ["a", "b", "c"], "path": ["p"] * 3, **columns})


def test_a_table_with_other_columns_is_refused() -> None:
    with pytest.raises(DataError, match="it needs"):
        Catalogue(pa.table({"record_id": ["a"]}))


def test_unknown_columns_and_splits_are_refused_by_name() -> None:
    catalogue = random_catalogue(3, seed=0)
    with pytest.raises(DataError, match="no column 'wight'"):
        catalogue.column("wight")
    with pytest.raises(DataError, match="no split 'validation'; choose one of train, val, test"):
        catalogue.where_split("validation")
