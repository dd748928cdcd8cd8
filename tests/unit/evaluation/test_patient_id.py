"""Patient identification agrees with slow loops and scikit-learn; perfect is 1, random is chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ecg_text.errors import DataError
from ecg_text.evaluation.patient_id import METRICS, evaluate_patient_id, match, summarise_matches


def unit(matrix: np.ndarray) -> np.ndarray:
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def case(generator: np.random.Generator) -> tuple[np.ndarray, list[str], np.ndarray, list[str]]:
    """23 patients in the gallery, 31 probes of 19 of them, the lists in other orders."""
    person = generator.normal(size=(23, 8))
    of_gallery = generator.permutation(23)
    of_probe = generator.permutation(np.concatenate([np.arange(19), generator.integers(19, size=12)]))
    gallery, probe = (unit(person[who] + 0.9 * generator.normal(size=(len(who), 8))) for who in (of_gallery, of_probe))
    return gallery, [f"p{who}" for who in of_gallery], probe, [f"p{who}" for who in of_probe]


def slow(
    gallery: np.ndarray, gallery_patients: list[str], probe: np.ndarray, probe_patients: list[str]
) -> dict[str, float]:
    """Every metric from lists of pairs."""
    ranks, true, false = [], [], []
    for vector, patient in zip(probe, probe_patients, strict=True):
        cosine = {name: round(float(other @ vector), 6) for name, other in zip(gallery_patients, gallery, strict=True)}
        ranks.append(1 + sum(value >= cosine[patient] for name, value in cosine.items() if name != patient))
        true.append(cosine[patient])
        false += [value for name, value in cosine.items() if name != patient]
    true_array, false_array = np.array(true), np.array(false)
    rates = [
        max((true_array < threshold).mean(), (false_array >= threshold).mean()) for threshold in (*true, *false, 2.0)
    ]
    return {
        **{f"rank_{k}_accuracy": float(np.mean(np.array(ranks) <= k)) for k in (1, 5, 10)},
        "mean_reciprocal_rank": float(np.mean(1 / np.array(ranks))),
        "verification_auroc": float(roc_auc_score([1] * len(true) + [0] * len(false), true + false)),
        "equal_error_rate": float(min(rates)),
    }


def test_every_metric_agrees_with_a_slow_loop(case: tuple, generator: np.random.Generator) -> None:
    found = evaluate_patient_id(*case, generator, num_resamples=0)
    assert list(found.metrics) == list(METRICS)
    for name, value in slow(*case).items():
        assert found.metrics[name].value == pytest.approx(value, abs=1e-6), name


def test_weights_act_as_repetition(case: tuple, generator: np.random.Generator) -> None:
    gallery, gallery_patients, probe, probe_patients = case
    weights = generator.poisson(1.0, size=(31, 5))
    for column, found in zip(weights.T, summarise_matches(match(*case), weights), strict=True):
        drawn = np.repeat(np.arange(31), column)
        wanted = slow(gallery, gallery_patients, probe[drawn], [probe_patients[n] for n in drawn])
        np.testing.assert_allclose(found, [wanted[name] for name in METRICS], atol=1e-6)


def test_a_perfect_model_makes_no_mistake(case: tuple, generator: np.random.Generator) -> None:
    gallery, gallery_patients, _, probe_patients = case
    own = gallery[[gallery_patients.index(patient) for patient in probe_patients]]
    found = evaluate_patient_id(gallery, gallery_patients, own, probe_patients, generator, num_resamples=50).metrics
    assert {name: metric.value for name, metric in found.items()} == {
        **dict.fromkeys(METRICS, 1.0),
        "equal_error_rate": 0.0,
    }
    assert found["rank_1_accuracy"].low == 1.0


def test_a_random_model_scores_chance(generator: np.random.Generator) -> None:
    patients = [str(n) for n in range(400)]
    vectors = unit(generator.normal(size=(800, 64)))
    found = evaluate_patient_id(vectors[:400], patients, vectors[400:], patients, generator, num_resamples=200)
    for name, chance in found.baselines["chance"].items():
        metric = found.metrics[name]
        assert metric.low - 0.01 <= chance.value <= metric.high + 0.01, name


def test_a_collapsed_model_ranks_last(generator: np.random.Generator) -> None:
    same, patients = unit(np.ones((12, 3))), [str(n) for n in range(12)]
    found = evaluate_patient_id(same, patients, same, patients, generator, num_resamples=0).metrics
    assert (found["rank_10_accuracy"].value, found["mean_reciprocal_rank"].value) == (0.0, pytest.approx(1 / 12))
    assert (found["verification_auroc"].value, found["equal_error_rate"].value) == (0.5, 1.0)


def test_the_intervals_hold_the_values(case: tuple, generator: np.random.Generator) -> None:
    for metric in evaluate_patient_id(*case, generator, num_resamples=200).metrics.values():
        assert metric.low <= metric.value <= metric.high


def test_what_cannot_be_identified_is_refused(case: tuple, generator: np.random.Generator) -> None:
    gallery, gallery_patients, probe, probe_patients = case

    def ask(*arrays: object) -> None:
        evaluate_patient_id(*arrays, generator, num_resamples=0)  # type: ignore[arg-type]

    with pytest.raises(DataError, match="patient 'p0' is in the gallery more than once"):
        ask(gallery, ["p0"] * 2 + gallery_patients[2:], probe, probe_patients)
    with pytest.raises(DataError, match="patient 'stranger' is a probe and not in the gallery"):
        ask(gallery, gallery_patients, probe, ["stranger", *probe_patients[1:]])
    with pytest.raises(DataError, match=r"probe: \(0, 8\) vectors"):
        ask(gallery, gallery_patients, probe[:0], [])
    with pytest.raises(DataError, match="22 patients"):
        ask(gallery, gallery_patients[:-1], probe, probe_patients)
    with pytest.raises(DataError, match="gallery vector 0 has length 2"):
        ask(2 * gallery, gallery_patients, probe, probe_patients)
    with pytest.raises(DataError, match="the gallery has 1 patient"):
        ask(gallery[:1], ["p0"], probe[:1], ["p0"])
