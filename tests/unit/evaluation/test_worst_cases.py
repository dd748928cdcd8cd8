"""The worst cases are confident and wrong, whatever the label's prevalence, and show more than one thing."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.worst_cases import FALSE_NEGATIVE, FALSE_POSITIVE, choose, lost_bits


def test_the_bits_are_those_lost_against_the_prior() -> None:
    bears = np.array([True, False, False, False])
    bits = lost_bits(np.array([1 / 16, 1 / 4, 5 / 8, 0.0]), bears)
    assert bits == pytest.approx([2.0, 0.0, 1.0, np.log2(3 / 4)])


def test_a_rising_curve_that_says_never_weighs_no_more_than_all_others() -> None:
    assert np.isfinite(lost_bits(np.array([0.0, 1.0]), np.array([True, False]))).all()


def test_the_worst_of_each_kind_go_first_and_a_patient_once() -> None:
    bears = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 0]], dtype=bool)
    bits = np.array([[3.0, 9.0], [5.0, 1.0], [4.0, 2.0], [0.5, 6.0], [7.0, 0.1], [0.2, 8.0]])
    cases = choose(bits, bears, ["a", "b", "c", "d", "e", None], num=3)
    # Record 2 is a third of its label, record 0 a third, too; record 0's false positive is then free to be told.
    assert [(case.kind, case.record, case.label, case.bits) for case in cases] == [
        (FALSE_NEGATIVE, 3, 1, 6.0),
        (FALSE_NEGATIVE, 1, 0, 5.0),
        (FALSE_NEGATIVE, 2, 0, 4.0),
        (FALSE_POSITIVE, 0, 1, 9.0),
        (FALSE_POSITIVE, 5, 1, 8.0),
        (FALSE_POSITIVE, 4, 0, 7.0),
    ]


def test_records_of_one_patient_are_one_case(generator: np.random.Generator) -> None:
    bits, bears = generator.random((40, 6)), generator.random((40, 6)) < 0.5
    patients = [str(number // 4) for number in range(40)]
    cases = choose(bits, bears, patients, num=5)
    assert len({patients[case.record] for case in cases}) == len(cases) == 10


def test_a_label_gives_two_of_a_kind_at_most(generator: np.random.Generator) -> None:
    bits, bears = generator.random((60, 3)), generator.random((60, 3)) < 0.5
    bits[:, 0] += 10
    labels = [case.label for case in choose(bits, bears, [None] * 60, num=5) if case.kind == FALSE_NEGATIVE]
    assert labels[:2] == [0, 0]
    assert max(labels.count(label) for label in labels) == 2
    assert len(choose(bits, bears, [None] * 60, num=20)) == 12


def test_what_every_record_bears_has_no_false_positive() -> None:
    cases = choose(np.ones((3, 1)), np.ones((3, 1), dtype=bool), [None] * 3, num=5)
    assert [(case.kind, case.record) for case in cases] == [(FALSE_NEGATIVE, 0), (FALSE_NEGATIVE, 1)]
