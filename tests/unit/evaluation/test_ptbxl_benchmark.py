"""The tasks of the PTB-XL benchmark are those of its tables, and its interval is what its own loop would give."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.label_set import LabelSet
from ecg_text.errors import DataError, PromptError
from ecg_text.evaluation.ptbxl_benchmark import TASKS, BenchmarkInterval, benchmark_interval, label_set
from ecg_text.text.prompt_files import load_prompt_set

SIZES = {"all": 71, "diagnostic": 44, "subdiagnostic": 23, "superdiagnostic": 5, "form": 19, "rhythm": 12}
# What a statement is called in a task, by a column of scp_statements.csv: its own name, or that of its class.
NAMED_BY = {"subdiagnostic": "diagnostic_subclass", "superdiagnostic": "diagnostic_class"}
FLAGGED_BY = {
    "diagnostic": "diagnostic",
    "subdiagnostic": "diagnostic",
    "superdiagnostic": "diagnostic",
    "form": "form",
    "rhythm": "rhythm",
}


def statements_of(folder: Path) -> dict[str, dict[str, str]]:
    """What the data set tells of each statement."""
    with (folder / "scp_statements.csv").open(newline="", encoding="utf-8") as file:
        return {row[""]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def codes(ptbxl_dir: Path) -> dict[str, list[str]]:
    """The statements of each record, as the data set's table has them."""
    with (ptbxl_dir / "ptbxl_database.csv").open(newline="", encoding="utf-8") as file:
        return {row["ecg_id"]: list(ast.literal_eval(row["scp_codes"])) for row in csv.DictReader(file)}


def naive_labels(codes: list[str], statements: dict[str, dict[str, str]], task: str) -> set[str]:
    """The labels of a record, statement by statement."""
    if task == "all":
        return set(codes)
    flagged = [code for code in codes if statements[code][FLAGGED_BY[task]] == "1.0"]
    return {statements[code][NAMED_BY[task]] if task in NAMED_BY else code for code in flagged} - {""}


def plain(name: str) -> str:
    """A name without the underscores that SCP codes end in and prompt sets leave out."""
    return name.strip("_")


@pytest.mark.parametrize("task", TASKS)
def test_a_task_has_as_many_labels_as_published(task: str) -> None:
    labels = label_set(task)
    assert (labels.name, len(labels)) == (task, SIZES[task])


@pytest.mark.shared
@pytest.mark.parametrize("task", TASKS)
def test_every_record_has_the_labels_that_the_tables_give_it(
    task: str, codes: dict[str, list[str]], ptbxl_dir: Path
) -> None:
    labels, statements = label_set(task), statements_of(ptbxl_dir)
    columns = {"record_id": list(codes), "path": ["x"] * len(codes), "labels": list(codes.values())}
    matrix = labels.matrix(Catalogue.from_columns(columns))
    names = [plain(name) for name in labels.names]
    for (record_id, of_record), row in zip(codes.items(), matrix, strict=True):
        found = {names[k] for k in np.flatnonzero(row)}
        assert found == set(map(plain, naive_labels(of_record, statements, task))), record_id


def test_a_likelihood_of_nothing_counts_and_a_record_without_a_label_takes_no_part() -> None:
    catalogue = Catalogue.from_columns(
        {
            "record_id": ["a", "b", "c"],
            "path": ["x"] * 3,
            "labels": [["AFIB"], ["NORM"], []],
            "likelihoods": [[0.0], [100.0], []],
            "split": ["val"] * 3,
        }
    )
    rhythm = label_set("rhythm")
    assert rhythm.matrix(catalogue)[0, rhythm.names.index("AFIB")]
    assert rhythm.asked(catalogue, np.arange(3)).tolist() == [0]
    np.testing.assert_array_equal(rhythm.matrix_of(catalogue.column("labels")), rhythm.matrix(catalogue))


def test_other_names_are_those_of_prompt_sets() -> None:
    assert label_set("cpsc2018").names == load_prompt_set("cpsc2018").names
    with pytest.raises(PromptError, match="superb"):
        label_set("superb")


def test_a_label_set_comes_back_from_plain_values() -> None:
    labels = label_set("superdiagnostic")
    again = LabelSet.from_dict(labels.to_dict())
    assert again == labels
    assert again.hash == labels.hash != label_set("form").hash
    with pytest.raises(DataError, match="no label set"):
        LabelSet.from_dict({"name": "x"})
    with pytest.raises(DataError, match="'AFIB' is no list of codes"):
        LabelSet.from_dict({"name": "x", "labels": {"AF": "AFIB"}})
    with pytest.raises(DataError, match="1 of them empty"):
        LabelSet(name="x", names=("a",), codes=((),))
    with pytest.raises(DataError, match="'a' twice"):
        LabelSet(name="x", names=("a", "a"), codes=(("1",), ("2",)))


def naive_interval(scores: np.ndarray, labels: np.ndarray, seed: int, num: int) -> tuple[float, float]:
    """The benchmark's loop: record numbers are drawn, and thrown away where a class has lost its positives."""
    generator, values = np.random.default_rng(seed), []
    while len(values) < num:
        drawn = generator.integers(len(labels), size=len(labels))
        if labels[drawn].any(axis=0).all() and not labels[drawn].all(axis=0).any():
            values.append(roc_auc_score(labels[drawn], scores[drawn], average="macro"))
    low, high = np.quantile(values, (0.05, 0.95))
    return float(low), float(high)


@pytest.mark.parametrize("num", [7, 150])
def test_the_interval_is_that_of_the_slow_loop(num: int, generator: np.random.Generator) -> None:
    labels = generator.random((90, 4)) < [0.5, 0.2, 0.03, 0.1]
    labels[:2, 2] = True
    scores = generator.normal(size=labels.shape) + labels
    found = benchmark_interval(scores, labels, np.random.default_rng(3), num_resamples=num)
    assert found.value == pytest.approx(roc_auc_score(labels, scores, average="macro"))
    assert (found.low, found.high) == pytest.approx(naive_interval(scores, labels, 3, num))


def test_perfect_is_one_and_shuffled_is_chance(generator: np.random.Generator) -> None:
    labels = generator.random((400, 3)) < 0.3
    assert benchmark_interval(labels * 1.0, labels, generator) == (1.0, 1.0, 1.0)
    guess = labels[generator.permutation(400)] + generator.normal(size=labels.shape)
    chance = benchmark_interval(guess, labels, generator)
    assert chance.low < 0.53
    assert chance.high > 0.47


def test_classes_of_one_value_are_left_out(generator: np.random.Generator) -> None:
    labels = generator.random((60, 3)) < 0.4
    labels[:, 1] = False
    scores = generator.normal(size=labels.shape)
    found = benchmark_interval(scores, labels, np.random.default_rng(1))
    assert found == benchmark_interval(scores[:, [0, 2]], labels[:, [0, 2]], np.random.default_rng(1))


def test_it_is_printed_as_in_the_tables() -> None:
    assert str(BenchmarkInterval(0.925, 0.918, 0.931)) == "0.925(07)"
    assert str(BenchmarkInterval(0.9, 0.88, 0.915)) == "0.900(20)"


def test_what_cannot_be_resampled_is_refused(generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="0 classes with both values"):
        benchmark_interval(np.zeros((5, 2)), np.zeros((5, 2)), generator)
    monkeypatch.setattr("ecg_text.evaluation.ptbxl_benchmark.MOST_DRAWN", 500)
    labels = np.eye(30, dtype=bool)  # every class has one positive: no resample keeps them all
    with pytest.raises(DataError, match="0 of 500 resamples keep both values of each of the 30 classes"):
        benchmark_interval(labels * 1.0, labels, generator)
