"""Probes: what they learn from, what they are chosen on, and what no information and perfect information give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from ecg_text.errors import DataError
from ecg_text.evaluation.attentive_probe import EPOCHS, attentive_probes
from ecg_text.evaluation.knn_probe import NEIGHBOURS_GRID, TEMPERATURE, NeighbourProbe, Neighbours, knn_probes
from ecg_text.evaluation.linear_probe import linear_probes
from ecg_text.evaluation.metrics import macro_auroc
from ecg_text.evaluation.probes import Probe, ProbeRows, choose, evaluate_probe, nested_subsets
from ecg_text.hub.features import TokenTable

K = 3
NAMES = tuple(f"finding {k}" for k in range(K))


def rows_of(features: Any, labels: np.ndarray, room: str) -> ProbeRows:
    """Two records a patient, of patients of their own."""
    patients = [f"{room} {number // 2}" for number in range(len(labels))]
    return ProbeRows(features=features, labels=labels, patient_ids=patients)


def rooms(
    generator: np.random.Generator, make: Callable[[np.ndarray], Any], sizes: tuple[int, int, int] = (600, 200, 300)
) -> list[ProbeRows]:
    """Records to learn from, to choose on and to report, whose features are made of their labels."""
    found = []
    for room, size in zip(("train", "val", "test"), sizes, strict=True):
        labels = generator.random((size, K)) < 0.3
        found.append(rows_of(make(labels), labels, room))
    return found


def as_tokens(vectors: np.ndarray) -> TokenTable:
    """Four tokens of width 8 a record: the vector is in the second, and the fourth is none."""
    values = np.zeros((len(vectors), 4, 8), dtype=np.float16)
    values[:, 1, : vectors.shape[1]] = vectors
    values[:, 3] = 99
    mask = np.ones((len(vectors), 4), dtype=bool)
    mask[:, 3] = False
    return TokenTable(values, mask)


PROBES: dict[str, tuple[Probe, Callable[[np.ndarray], Any]]] = {
    "linear": (linear_probes, np.asarray),
    "knn": (knn_probes, lambda vectors: np.hstack([vectors, np.ones((len(vectors), 1))])),
    "attentive": (partial(attentive_probes, seed=0), as_tokens),
}


NAMED = ["linear", "knn", pytest.param("attentive", marks=pytest.mark.slow)]


def test_subsets_are_nested_and_of_whole_patients(generator: np.random.Generator) -> None:
    patients = [str(number) if number % 7 else None for number in generator.integers(150, size=400)]
    small, middle, whole = nested_subsets(patients, (0.01, 0.1, 1.0), generator)
    assert set(small) < set(middle) < set(whole)
    np.testing.assert_array_equal(whole, np.arange(400))
    for rows, wanted in ((small, 4), (middle, 40)):
        others = np.setdiff1d(whole, rows)
        inside = {patients[row] for row in rows} - {None}
        assert not inside & {patients[row] for row in others}
        most = max(patients.count(patient) for patient in set(patients) if patient is not None)
        assert wanted <= len(rows) < wanted + most


def test_the_order_of_fractions_changes_nothing_and_the_seed_everything() -> None:
    patients = [str(number) for number in range(100)]
    up = nested_subsets(patients, (0.1, 0.5), np.random.default_rng(1))
    down = nested_subsets(patients, (0.5, 0.1), np.random.default_rng(1))
    np.testing.assert_array_equal(up[0], down[1])
    assert not np.array_equal(up[0], nested_subsets(patients, (0.1,), np.random.default_rng(2))[0])
    with pytest.raises(DataError, match="fractions are"):
        nested_subsets(patients, (0.0,), np.random.default_rng(1))


@pytest.mark.parametrize("name", NAMED)
def test_features_that_tell_the_labels_score_one(name: str, generator: np.random.Generator) -> None:
    probe, make = PROBES[name]
    parts = rooms(generator, lambda labels: make(labels * 2.0 - 1))
    found = evaluate_probe(probe, *parts, NAMES, generator, fractions=(0.1, 1.0), num_resamples=20)
    assert found.scores.metrics["macro_auroc@100%"].value == 1.0
    assert found.scores.metrics["macro_auroc@10%"].value > 0.97
    assert {score.metrics["auroc"].value for score in found.scores.classes.values()} == {1.0}


@pytest.mark.parametrize("name", NAMED)
def test_random_features_score_chance(name: str, generator: np.random.Generator) -> None:
    probe, make = PROBES[name]
    parts = rooms(generator, lambda labels: make(generator.normal(size=labels.shape)))
    found = evaluate_probe(probe, *parts, NAMES, generator, fractions=(0.1, 1.0), num_resamples=100)
    for metric, chance in found.scores.baselines["chance"].items():
        value = found.scores.metrics[metric]
        assert value.low - 0.04 <= chance.value <= value.high + 0.04, (metric, value, chance)
    assert found.scores.baselines["chance"].keys() == found.scores.metrics.keys()


@pytest.mark.parametrize("name", NAMED)
def test_shuffled_training_labels_score_chance(name: str, generator: np.random.Generator) -> None:
    probe, make = PROBES[name]
    train, choosing, reported = rooms(generator, lambda labels: make(labels + generator.normal(size=labels.shape)))
    shuffled = ProbeRows(
        features=train.features,
        labels=generator.permutation(train.labels),
        patient_ids=train.patient_ids,
    )
    found = evaluate_probe(probe, shuffled, choosing, reported, NAMES, generator, fractions=(1.0,), num_resamples=0)
    assert found.scores.metrics["macro_auroc@100%"].value == pytest.approx(0.5, abs=0.12)
    honest = evaluate_probe(probe, train, choosing, reported, NAMES, generator, fractions=(1.0,), num_resamples=0)
    assert honest.scores.metrics["macro_auroc@100%"].value > 0.65


def test_the_setting_is_chosen_on_the_records_given_for_it(generator: np.random.Generator) -> None:
    """The first setting is the best of those that choose, the second of those that are reported: the first is taken."""
    train, choosing, reported = rooms(generator, lambda labels: labels * 1.0)

    def probe(features: np.ndarray, labels: np.ndarray) -> Iterator[tuple[float, Any]]:
        yield 1.0, lambda asked: asked if len(asked) == len(choosing) else -asked
        yield 2.0, lambda asked: -asked if len(asked) == len(choosing) else asked

    found = evaluate_probe(probe, train, choosing, reported, NAMES, generator, fractions=(1.0,), num_resamples=0)
    assert (found.facts["chosen@100%"], found.facts["chosen_macro_auroc@100%"]) == (1.0, 1.0)
    assert found.scores.metrics["macro_auroc@100%"].value == 0.0
    np.testing.assert_array_equal(found.answers, -reported.features)


def test_of_equal_settings_the_first_is_taken(generator: np.random.Generator) -> None:
    train, choosing, _ = rooms(generator, lambda labels: labels * 1.0)
    pairs = [(setting, lambda asked: asked) for setting in (3.0, 4.0)]
    assert choose(lambda *_: pairs, train.features, train.labels, choosing).setting == 3.0


def test_facts_tell_what_was_learned_from(generator: np.random.Generator) -> None:
    train, choosing, reported = rooms(generator, lambda labels: labels + generator.normal(size=labels.shape))
    train.labels[:, 2] = False
    found = evaluate_probe(linear_probes, train, choosing, reported, NAMES, generator, num_resamples=0)
    assert [found.facts[f"train_records@{part}"] for part in ("1%", "10%", "100%")] == [6, 60, 600]
    assert found.facts["labels_without_positive@100%"] == 1
    # What nothing could be learned of is not left out: it counts as a half.
    assert found.scores.classes["finding 2"].metrics["auroc"].value == 0.5


def test_the_same_state_draws_the_same_records_and_resamples(generator: np.random.Generator) -> None:
    parts = rooms(generator, lambda labels: labels + generator.normal(size=labels.shape))
    first, second = (
        evaluate_probe(linear_probes, *parts, NAMES, np.random.default_rng(4), num_resamples=20) for _ in range(2)
    )
    assert first.scores == second.scores
    assert first.facts == second.facts


def test_a_patient_in_two_rooms_is_refused(generator: np.random.Generator) -> None:
    train, choosing, reported = rooms(generator, lambda labels: labels * 1.0)
    ill = ProbeRows(features=reported.features, labels=reported.labels, patient_ids=["train 7"] * len(reported))
    with pytest.raises(DataError, match=r"'train 7' is in what learns and in what is reported"):
        evaluate_probe(linear_probes, train, choosing, ill, NAMES, generator)
    with pytest.raises(DataError, match="1 features, 2 rows of labels"):
        ProbeRows(features=np.ones((1, 2)), labels=np.ones((2, 1), bool), patient_ids=["a", "b"])
    nothing = rows_of(choosing.features, np.zeros_like(choosing.labels), "val")
    with pytest.raises(DataError, match="no label has both values among the 200 records to choose with"):
        evaluate_probe(linear_probes, train, nothing, reported, NAMES, generator)


def test_neighbours_are_those_of_scikit_learn(generator: np.random.Generator) -> None:
    features, labels = generator.normal(size=(300, 9)).astype(np.float32), generator.random((300, K)) < 0.3
    asked = generator.normal(size=(40, 9)).astype(np.float32)
    for number, probe in knn_probes(features, labels):
        theirs = KNeighborsClassifier(
            int(number), metric="cosine", weights=lambda distance: np.exp(-distance / TEMPERATURE)
        ).fit(features, labels)
        expected = np.stack([share[:, 1] for share in theirs.predict_proba(asked)], axis=1)
        np.testing.assert_allclose(probe(asked), expected, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(probe(asked[::-1].copy()), expected[::-1], rtol=1e-3, atol=1e-5)


def test_two_neighbours_by_hand() -> None:
    """Of the asked vector (1, 0) the neighbours are (1, 0), cosine 1, and (3, 4), cosine 0.6; not (-1, 0)."""
    features = np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]], dtype=np.float32)
    probe = NeighbourProbe(
        neighbours=Neighbours(features, 3), labels=np.array([[1, 0], [0, 1], [0, 1]], bool), num_neighbours=2
    )
    far = np.exp(-0.4 / TEMPERATURE)
    np.testing.assert_allclose(probe(np.array([[2.0, 0.0]])), [[1 / (1 + far), far / (1 + far)]], rtol=1e-5)


def test_few_records_have_few_neighbours(generator: np.random.Generator) -> None:
    features, labels = generator.normal(size=(12, 4)), generator.random((12, K)) < 0.3
    assert [number for number, _ in knn_probes(features, labels)] == [5, 10, 12]
    assert [n for n, _ in knn_probes(np.ones((900, 4)), np.ones((900, K), bool))] == list(NEIGHBOURS_GRID)


@pytest.mark.slow
def test_an_attentive_probe_reads_the_token_that_tells(generator: np.random.Generator) -> None:
    """One token of eight tells the label by its sign, and another feature marks it: a mean would drown it in noise."""
    labels = generator.random((800, 1)) < 0.5
    values = generator.normal(size=(800, 8, 32)).astype(np.float16)
    place = generator.integers(8, size=800)
    values[np.arange(800), place, 0] = 4.0
    values[np.arange(800), place, 1] = np.where(labels[:, 0], 4.0, -4.0)
    tokens = TokenTable(values, np.ones((800, 8), bool))
    found = list(attentive_probes(tokens[np.arange(500)], labels[:500], seed=1))
    assert [epoch for epoch, _ in found] == list(range(1, EPOCHS + 1))
    held_out = np.arange(500, 800)
    assert macro_auroc(found[-1][1](tokens[held_out]), labels[held_out]).value > 0.95
    again = list(attentive_probes(tokens[np.arange(500)], labels[:500], seed=1))
    np.testing.assert_array_equal(again[-1][1](tokens[held_out]), found[-1][1](tokens[held_out]))
    before = found[0][1](tokens[held_out])  # an epoch's probe is not changed by the next
    assert not np.array_equal(before, found[-1][1](tokens[held_out]))
