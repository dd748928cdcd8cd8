"""Calibration scores against hand-computed ones, slow ones, scikit-learn's, and what true probabilities score."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, precision_score, recall_score

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import resample
from ecg_text.evaluation.calibrating import calibrate_prompts, calibration_of
from ecg_text.evaluation.calibration_result import calibration_result, reliability_tables
from ecg_text.evaluation.calibration_scores import TRUE_PROBABILITIES, evaluate_calibration
from ecg_text.evaluation.reliability import EQUAL_MASS, NUM_BINS, ReliabilityBin, bins_of, reliability
from ecg_text.evaluation.scores import Scores
from ecg_text.evaluation.tasks import EmbeddedSplit
from ecg_text.hub.calibration import Calibration
from ecg_text.text.prompts import PromptLabel, PromptSet

N, K = 180, 3
NAMES = tuple("abc")
PATIENTS = [str(n // 2) for n in range(N)]
PRIOR = np.array([0.2, 0.5, 0.3])


def score(
    probability: np.ndarray, labels: np.ndarray, *, calls: Any = None, resamples: int = 0, **other: Any
) -> Scores:
    facts = {"prior": PRIOR, "names": NAMES, "patient_ids": PATIENTS, "generator": np.random.default_rng(4), **other}
    return evaluate_calibration(probability, calls or {}, labels, num_resamples=resamples, **facts)


def alone(probability: np.ndarray, labels: np.ndarray, prior: float = 0.5, **other: Any) -> dict[str, float]:
    """The figures of one label by their name."""
    facts = {"prior": np.array([prior]), "names": ["a"], "patient_ids": [str(n) for n in range(len(labels))]}
    found = score(np.asarray(probability)[:, None], np.asarray(labels)[:, None], **{**facts, **other})
    return {name: metric.value for name, metric in found.classes["a"].metrics.items()}


def slow_ece(probability: np.ndarray, labels: np.ndarray, kind: str) -> float:
    table = reliability(probability, labels, kind)
    return sum(one.num_records * abs(one.observed - one.mean_probability) for one in table) / len(labels)


def draw(generator: np.random.Generator, num: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels that come true as often as they say."""
    probability = generator.beta(0.5, 1.5, size=(num, K))
    return probability, generator.random((num, K)) < probability


def test_an_example_by_hand() -> None:
    probability, labels = np.array([0.05, 0.05, 0.05, 0.05, 0.7, 0.7]), np.array([0, 0, 0, 1, 1, 0], bool)
    assert reliability(probability, labels) == (
        ReliabilityBin(num_records=4, mean_probability=pytest.approx(0.05), observed=0.25),
        ReliabilityBin(num_records=2, mean_probability=pytest.approx(0.7), observed=0.5),
    )
    found = alone(probability, labels, prior=0.5)
    assert found["ece"] == pytest.approx((4 * 0.2 + 2 * 0.2) / 6)
    assert found["brier"] == pytest.approx((3 * 0.05**2 + 0.95**2 + 0.3**2 + 0.7**2) / 6)
    assert found["brier_skill"] == pytest.approx(1 - found["brier"] / 0.25)


def test_bins_of_equal_width_hold_their_lower_bound() -> None:
    probability = np.array([0.0, 1 / NUM_BINS - 1e-9, 1 / NUM_BINS + 1e-9, 0.5, 1.0])
    assert bins_of(probability).tolist() == [0, 0, 1, 7, NUM_BINS - 1]


def test_bins_of_equal_mass_part_no_ties(generator: np.random.Generator) -> None:
    counts = np.bincount(bins_of(generator.random(1500), EQUAL_MASS), minlength=NUM_BINS)
    assert (counts.min() >= 99) & (counts.max() <= 101)
    rounded = generator.random(200).round(1)
    bins = bins_of(rounded, EQUAL_MASS)
    assert all(len(set(bins[rounded == value])) == 1 for value in rounded)
    assert len(set(bins_of(np.full(9, 0.3), EQUAL_MASS))) == 1


@pytest.mark.parametrize("decimals", [1, 9])
def test_the_errors_are_those_of_the_tables(decimals: int, generator: np.random.Generator) -> None:
    probability, labels = draw(generator)
    probability = probability.round(decimals)
    found = score(probability, labels)
    for k, name in enumerate(NAMES):
        for figure, kind in (("ece", "equal_width"), ("ece_equal_mass", EQUAL_MASS)):
            expected = slow_ece(probability[:, k], labels[:, k], kind)
            assert found.classes[name].metrics[figure].value == pytest.approx(expected)
    mean = np.mean([found.classes[name].metrics["ece"].value for name in NAMES])
    assert found.metrics["macro_ece"].value == pytest.approx(mean)


def test_brier_and_rates_are_scikit_learns(generator: np.random.Generator) -> None:
    probability, labels = draw(generator)
    called = probability > 0.4
    found = score(probability, labels, calls={"specificity_95": called * 1.0})
    for k, name in enumerate(NAMES):
        metrics, y, yes = found.classes[name].metrics, labels[:, k], called[:, k]
        assert metrics["brier"].value == pytest.approx(brier_score_loss(y, probability[:, k]))
        constant = brier_score_loss(y, np.full(N, PRIOR[k]))
        assert metrics["brier_skill"].value == pytest.approx(1 - metrics["brier"].value / constant)
        assert metrics["sensitivity@sp95"].value == pytest.approx(recall_score(y, yes))
        assert metrics["specificity@sp95"].value == pytest.approx(recall_score(~y, ~yes))
        assert metrics["ppv@sp95"].value == pytest.approx(precision_score(y, yes))
        assert metrics["npv@sp95"].value == pytest.approx(precision_score(~y, ~yes))
    assert "sensitivity@se90" not in found.classes["a"].metrics


def test_resamples_are_those_of_records_repeated_one_by_one(generator: np.random.Generator) -> None:
    probability, labels = draw(generator)
    called = {"sensitivity_90": (probability > 0.1) * 1.0}
    found = score(probability, labels, calls=called, resamples=130)
    weights = resample(lambda w: w.T, PATIENTS, generator=np.random.default_rng(4), num_resamples=130)
    figures: dict[str, list[float]] = {name: [] for name in ("brier", "brier_skill", "sensitivity@se90", "ece")}
    for row in weights:
        drawn = np.repeat(np.arange(N), row)
        y, p = labels[drawn], probability[drawn]
        error, told = ((p - y) ** 2).mean(axis=0), ((PRIOR - y) ** 2).mean(axis=0)
        figures["brier"].append(error.mean())
        figures["brier_skill"].append((1 - error / told).mean())
        figures["sensitivity@se90"].append((((p > 0.1) & y).sum(axis=0) / y.sum(axis=0)).mean())
        figures["ece"].append(np.mean([slow_ece(p[:, k], y[:, k], "equal_width") for k in range(K)]))
    for name, values in figures.items():
        metric = found.metrics[f"macro_{name}"]
        low, high = np.quantile(values, (0.025, 0.975))
        shift = np.mean(values) - metric.value
        least = -np.inf if name == "brier_skill" else 0.0
        assert (metric.low, metric.high) == pytest.approx((max(least, low - shift), min(1.0, high - shift))), name


def test_the_interval_of_an_error_holds_it(generator: np.random.Generator) -> None:
    probability, labels = draw(generator)
    found = score(probability, labels, resamples=200)
    for metrics in (found.metrics, *(one.metrics for one in found.classes.values())):
        for metric in metrics.values():
            assert metric.low <= metric.value <= metric.high


def test_true_probabilities_score_what_they_are_expected_to(generator: np.random.Generator) -> None:
    probability, labels = draw(generator, 6_000)
    found = score(probability, labels, patient_ids=[None] * 6_000)
    expected = found.baselines[TRUE_PROBABILITIES]
    assert found.metrics["macro_ece"].value < 0.02
    assert found.metrics["macro_ece"].value == pytest.approx(expected["macro_ece"].value, abs=0.005)
    assert found.metrics["macro_brier"].value == pytest.approx(expected["macro_brier"].value, abs=0.005)
    assert found.metrics["macro_brier_skill"].value == pytest.approx(expected["macro_brier_skill"].value, abs=0.02)
    for far in (probability**3, 0.5 + probability / 2):
        assert score(far, labels, patient_ids=[None] * 6_000).metrics["macro_ece"].value > 0.1


def test_the_prior_is_calibrated_and_knows_nothing(generator: np.random.Generator) -> None:
    labels = generator.random((4000, K)) < PRIOR
    found = score(np.broadcast_to(PRIOR, labels.shape), labels, patient_ids=[None] * 4000)
    assert found.metrics["macro_ece"].value < 0.02
    assert found.metrics["macro_brier_skill"].value == 0.0


def test_certainty_that_is_right_makes_no_error(generator: np.random.Generator) -> None:
    labels = generator.random((N, K)) < 0.3
    found = score(labels * 1.0, labels, calls={"sensitivity_90": labels * 1.0}, resamples=30)
    assert {name: metric.value for name, metric in found.metrics.items()} == {
        **dict.fromkeys(("macro_ece", "macro_ece_equal_mass", "macro_brier"), 0.0),
        **dict.fromkeys((f"macro_{rate}@se90" for rate in ("sensitivity", "specificity", "ppv", "npv")), 1.0),
        "macro_brier_skill": 1.0,
    }
    assert all(metric.low == metric.value == metric.high for metric in found.metrics.values())


def test_shuffled_labels_leave_no_skill(generator: np.random.Generator) -> None:
    probability, labels = draw(generator)
    found = score(probability, generator.permutation(labels), resamples=100)
    assert found.metrics["macro_brier_skill"].high < 0


def test_one_record_and_labels_of_one_value_are_scored() -> None:
    found = alone(np.array([0.3]), np.array([True]), calls={"sensitivity_90": np.array([[1.0]])})
    assert (found["ece"], found["brier"]) == pytest.approx((0.7, 0.49))
    assert (found["sensitivity@se90"], found["ppv@se90"]) == (1.0, 1.0)
    assert "specificity@se90" not in found
    never = alone(np.full(5, 0.2), np.zeros(5, bool), calls={"sensitivity_90": np.zeros((5, 1))}, resamples=10)
    assert (never["ece"], never["specificity@se90"]) == pytest.approx((0.2, 1.0))
    assert not {"sensitivity@se90", "ppv@se90"} & never.keys()
    assert "brier_skill" not in alone(np.zeros(5), np.zeros(5, bool), prior=0.0)  # nothing to be saved


def test_an_unfitted_label_is_skipped_and_named(generator: np.random.Generator) -> None:
    probability, labels = draw(generator)
    probability[:, 1] = np.nan
    found = score(probability, labels, resamples=10)
    assert found.classes["b"].skipped == "no curve was fitted for it"
    assert found.metrics["macro_ece"].value == pytest.approx(
        np.mean([found.classes[name].metrics["ece"].value for name in ("a", "c")])
    )


def test_what_is_no_probability_is_refused(generator: np.random.Generator) -> None:
    probability, labels = draw(generator)
    some = probability.copy()
    some[3, 1] = np.nan
    for told, says in (
        (some, "for some records only"),
        (probability + 0.5, "give fractions"),
        (-probability, "give fractions"),
        (np.full((N, K), np.nan), "none of the 3 labels has probabilities"),
    ):
        with pytest.raises(DataError, match=says):
            score(told, labels)
    for wrong in ({"prior": PRIOR[:2]}, {"names": ("a", "b")}, {"patient_ids": PATIENTS[1:]}):
        with pytest.raises(DataError, match="do not go together"):
            score(probability, labels, **wrong)
    with pytest.raises(DataError, match="calls at 'f1'"):
        score(probability, labels, calls={"f1": probability})
    with pytest.raises(DataError, match="one label for each score"):
        score(probability, labels[1:])


PROMPTS = PromptSet(
    name="two",
    version=1,
    labels=tuple(PromptLabel(name=name, title=name, texts=(name,), codes={"scp": (name,)}) for name in ("AF", "RARE")),
)


def split(generator: np.random.Generator, name: str, bears: str = "AF") -> EmbeddedSplit:
    """200 patients, of which every third bears AF, and a model whose first axis knows something of it."""
    labels = [[bears] if row % 3 == 0 else ["RARE"] if row == 1 else [] for row in range(200)]
    vectors = generator.normal(size=(200, 4)) + 2.0 * np.array([[bool(one), 0, 0, 0] for one in labels])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    columns = {
        "record_id": [f"{name} {row}" for row in range(200)],
        "patient_id": [f"{name} {row // 2}" for row in range(200)],
        "path": ["x"] * 200,
        "labels": labels,
        "split": [name] * 200,
    }
    embedder: Any = SimpleNamespace(
        revision="abc",
        fingerprint="0123",
        opposite_share=0.2,
        origin="",
        model=SimpleNamespace(scale=np.float64(20.0)),
        similarities=lambda vectors, prompts, *_: vectors[:, : len(prompts.labels)],
    )
    store: Any = SimpleNamespace(catalogue=Catalogue.from_columns(columns, source="made up"), split_hash="5a")
    return EmbeddedSplit(embedder=embedder, store=store, split=name, rows=np.arange(200), vectors=vectors)


@pytest.fixture
def fitted(generator: np.random.Generator) -> Calibration:
    val = split(generator, "val")
    found = calibrate_prompts(val, PROMPTS, "contrast", generator)
    assert np.isnan(found.held_out[:, 1]).all()
    assert not np.isnan(found.held_out[:, 0]).any()
    assert found.labels.sum(axis=0).tolist() == [67, 1]
    return calibration_of(val, [found.prompts], seed=7, reference=None)


def test_a_calibration_knows_what_it_was_fitted_on(fitted: Calibration) -> None:
    on = fitted.fitted_on
    assert (on.data_set, on.split, on.split_hash, on.seed) == ("made up", "val", "5a", 7)
    assert (on.num_records, on.num_patients) == (200, 100)
    assert (fitted.model_revision, fitted.preprocess_fingerprint, fitted.opposite_share) == ("abc", "0123", 0.2)
    assert (
        fitted.prompt_sets[0].labels[1].unfitted == "patients with the finding on the fitting split: 1; 20 are needed"
    )


def ask(fitted: Calibration, asked: EmbeddedSplit, rule: str = "contrast", prompts: PromptSet = PROMPTS) -> Any:
    chance = np.random.default_rng(0)
    return calibration_result(
        asked, prompts, fitted, rule=rule, generator=chance, num_resamples=20, facts={"seed": 0, "command": "a test"}
    )


def test_a_result_stands_beside_the_prior_and_the_raw_similarity(
    fitted: Calibration, generator: np.random.Generator
) -> None:
    test = split(generator, "test")
    result = ask(fitted, test)
    assert (result.task, result.split) == ("calibration", "test")
    ece = {name: table["macro_ece"].value for name, table in result.baselines.items()}
    assert ece["prevalence"] == pytest.approx(0.0, abs=1e-3)
    assert result.baselines["prevalence"]["macro_brier_skill"].value == 0.0
    assert ece["uncalibrated sigmoid"] > 0.2
    assert result.metrics["macro_ece"].value < 0.15
    assert result.metrics["macro_brier_skill"].value > 0.2
    assert result.metrics["macro_sensitivity@se90"].value > 0.75
    assert result.classes["RARE"].skipped
    about = result.provenance
    assert (about["rule"], about["prompt_hash"], about["labels_left_out"]) == ("contrast", PROMPTS.hash, "RARE")
    assert (about["fitted_on_split"], about["fitted_on_num_records"], about["num_records"]) == ("val", 200, 200)
    tables = reliability_tables(test, PROMPTS, fitted, "contrast")
    assert list(tables) == ["AF"]
    assert sum(one.num_records for one in tables["AF"]) == 200


def test_what_a_calibration_was_not_fitted_for_is_refused(fitted: Calibration, generator: np.random.Generator) -> None:
    test = split(generator, "test")
    with pytest.raises(DataError, match="on its own records it looks better than it is; choose another split"):
        ask(fitted, split(generator, "val"))
    with pytest.raises(DataError, match="not for cosine; fit one with ecg-text calibrate"):
        ask(fitted, test, rule="cosine")
    with pytest.raises(DataError, match="was calibrated as v1"):
        ask(fitted, test, prompts=replace(PROMPTS, version=2))
    with pytest.raises(DataError, match="fitted for model xyz, not for abc"):
        ask(replace(fitted, model_revision="xyz"), test)
    with pytest.raises(DataError, match="no record of the split 'test' bears a label of two"):
        ask(fitted, split(generator, "test", bears="OTHER").part(np.arange(3, 200)))
