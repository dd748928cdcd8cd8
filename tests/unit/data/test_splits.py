"""A patient is in one split, for ever."""

from __future__ import annotations

import pytest

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.splits import check_disjoint, split_by_patient, split_hash
from ecg_text.errors import DataError


def catalogue(patients: list[str | None], splits: list[str]) -> Catalogue:
    ids = [f"r{number}" for number in range(len(splits))]
    return Catalogue.from_columns({"record_id": ids, "path": ids, "patient_id": patients, "split": splits})


def test_patients_never_cross_the_splits_they_are_hashed_into() -> None:
    patients = [f"p{number % 40}" for number in range(200)]
    splits = split_by_patient(patients)
    assert len({(patient, split) for patient, split in zip(patients, splits, strict=True)}) == 40
    check_disjoint(catalogue(list(patients), splits))


def test_new_patients_do_not_move_the_old_ones() -> None:
    patients = [f"p{number}" for number in range(300)]
    assert split_by_patient(patients)[:100] == split_by_patient(patients[:100])


def test_the_shares_are_those_asked_for() -> None:
    splits = split_by_patient([f"p{number}" for number in range(20_000)], {"train": 0.5, "val": 0.2, "test": 0.3})
    assert [splits.count(name) / 20_000 for name in ("train", "val", "test")] == pytest.approx(
        [0.5, 0.2, 0.3], abs=0.01
    )


def test_an_empty_share_gets_nobody_and_another_salt_another_split() -> None:
    patients = [f"p{number}" for number in range(500)]
    assert set(split_by_patient(patients, {"train": 0.9, "val": 0.1, "test": 0.0})) == {"train", "val"}
    assert split_by_patient(patients, salt="a") != split_by_patient(patients, salt="b")


@pytest.mark.parametrize("fractions", [{"train": 0.5}, {"train": 1.2, "test": -0.2}])
def test_shares_that_are_no_shares_are_refused(fractions: dict[str, float]) -> None:
    with pytest.raises(DataError, match="sum to 1"):
        split_by_patient(["p"], fractions)


def test_a_patient_in_two_splits_is_named() -> None:
    with pytest.raises(DataError, match="patient 'p1' has records in the splits train and test"):
        check_disjoint(catalogue(["p0", "p1", "p1"], ["train", "train", "test"]))


def test_unknown_patients_and_records_in_no_split_leak_nothing() -> None:
    check_disjoint(catalogue([None, None, "p1", "p1"], ["train", "test", "", "test"]))


def test_the_split_hash_follows_the_splits_and_not_the_order() -> None:
    one = catalogue(["a", "b", "c"], ["train", "val", "test"])
    assert split_hash(one.select([2, 0, 1])) == split_hash(one)
    assert split_hash(catalogue(["a", "b", "c"], ["train", "train", "test"])) != split_hash(one)
    assert len(split_hash(one)) == 16
