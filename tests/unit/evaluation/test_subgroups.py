"""Subgroups are compared on labels that all of them have, in the same resamples, beside the rest of the split."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.bootstrap import resample, weighted_auroc
from ecg_text.evaluation.metrics import auroc, macro_auroc
from ecg_text.evaluation.scores import RANDOM_ENCODER, Scores
from ecg_text.evaluation.subgroup_result import subgroup_result
from ecg_text.evaluation.subgroups import Comparison, evaluate_subgroups, subgroups_of
from ecg_text.evaluation.tasks import EmbeddedSplit, ZeroShotProtocol
from ecg_text.text.prompts import PromptLabel, PromptSet

N, K = 300, 4
PATIENTS = [str(n // 2) for n in range(N)]
LOOSE = Comparison(min_records=20, min_positives=3)


@pytest.fixture
def case(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[str | None]]:
    """Scores that are right for one group and random for the other; the last label is not found in the second."""
    groups: list[str | None] = ["good"] * 150 + ["bad"] * 130 + [None] * 20
    labels = generator.random((N, K)) < 0.3
    labels[150:, 3] = False
    scores = generator.normal(size=(N, K))
    scores[:150] += 2.0 * labels[:150]
    return scores, labels, groups


def score(case: Any, resamples: int = 0, comparison: Comparison = LOOSE, axis: str = "sex", **more: Any) -> Scores:
    scores, labels, groups = case
    chance = np.random.default_rng(1)
    named = {axis: groups, **more}
    return evaluate_subgroups(scores, labels, named, PATIENTS, chance, comparison=comparison, num_resamples=resamples)


def test_each_group_is_scored_on_the_labels_that_all_have(case: Any) -> None:
    scores, labels, _ = case
    found = score(case)
    good, bad = slice(0, 150), slice(150, 280)
    for name, rows in (("good", good), ("bad", bad)):
        expected = np.mean([auroc(scores[rows, k], labels[rows, k]) for k in range(3)])
        assert found.metrics[f"macro_auroc/sex {name}"].value == pytest.approx(expected)
    gap = found.metrics["macro_auroc/sex good"].value - found.metrics["macro_auroc/sex bad"].value
    assert found.metrics["difference/sex good"].value == pytest.approx(gap)
    assert found.metrics["difference/sex bad"].value == pytest.approx(-gap)
    assert gap > 0.3
    assert found.metrics["macro_auroc"].value == pytest.approx(macro_auroc(scores, labels).value)


def test_a_group_tells_how_many_it_has(case: Any) -> None:
    scores, labels, _ = case
    found = score(case).classes
    assert (found["sex good"].support, found["sex bad"].support) == (150, 130)
    told = {name: metric.value for name, metric in found["sex good"].metrics.items()}
    assert (told["num_patients"], told["num_labels_compared"], told["num_labels"]) == (75, 3, 4)
    assert told["macro_auroc"] == pytest.approx(macro_auroc(scores[:150], labels[:150]).value)
    assert found["sex bad"].metrics["num_labels"].value == 3


def test_chance_is_a_half_and_no_difference(case: Any) -> None:
    found = score(case)
    chance = found.baselines["chance"]
    assert chance.keys() == found.metrics.keys()
    assert {metric.value for name, metric in chance.items() if name.startswith("difference/")} == {0.0}
    assert {metric.value for name, metric in chance.items() if not name.startswith("difference/")} == {0.5}


def test_differences_are_taken_resample_by_resample(case: Any) -> None:
    scores, labels, _ = case
    found = score(case, resamples=130)
    weights = resample(lambda w: w.T, PATIENTS, generator=np.random.default_rng(1), num_resamples=130).T
    halves = [
        weighted_auroc(scores[rows, :3], labels[rows, :3], weights[rows]) for rows in (slice(0, 150), slice(150, 280))
    ]
    differences = np.mean(halves[0] - halves[1], axis=1)
    metric = found.metrics["difference/sex good"]
    low, high = np.quantile(differences, (0.025, 0.975)) - (differences.mean() - metric.value)
    assert (metric.low, metric.high) == pytest.approx((low, high))
    assert metric.low > 0


def test_equal_groups_do_not_differ(generator: np.random.Generator, case: Any) -> None:
    _, labels, _ = case
    scores = labels + generator.normal(size=(N, K))
    found = score((scores, labels, [str(n // 2 % 2) for n in range(N)]), resamples=150)
    metric = found.metrics["difference/sex 0"]
    assert metric.low < 0 < metric.high


def test_shuffled_labels_score_chance_in_every_group(generator: np.random.Generator, case: Any) -> None:
    scores, labels, groups = case
    labels = generator.permutation(generator.random((N, K)) < 0.3)
    found = score((scores, labels, groups), resamples=150)
    for name in ("sex good", "sex bad"):
        metric = found.metrics[f"macro_auroc/{name}"]
        assert metric.low - 0.03 < 0.5 < metric.high + 0.03


def test_a_small_group_has_no_row_but_belongs_to_the_rest(case: Any) -> None:
    scores, labels, groups = case
    named = [*groups[:130], *["tiny"] * 20, *groups[150:]]
    found = score((scores, labels, named), comparison=Comparison(min_records=21, min_positives=3))
    assert list(found.classes) == ["sex bad", "sex good"]
    rest = np.r_[130:280]
    own, other = (np.mean([auroc(scores[rows, k], labels[rows, k]) for k in range(3)]) for rows in (np.r_[0:130], rest))
    assert found.metrics["difference/sex good"].value == pytest.approx(own - other)


def test_an_axis_that_cannot_be_compared_is_left_out(case: Any) -> None:
    found = score(case, site=["7"] * N, device=[None] * N)
    assert list(found.classes) == ["sex bad", "sex good"]
    with pytest.raises(DataError, match="nothing can be compared"):
        score(case, comparison=Comparison(min_records=140))
    scores, _, groups = case
    with pytest.raises(DataError, match="a label of which each has 3 positive and negative"):
        score((scores, np.zeros((N, K), bool), groups))


def test_groups_stand_in_their_order(case: Any) -> None:
    scores, labels, _ = case
    ages = ["<40", "40-59", "60-79", ">=80"] * 75
    assert list(score((scores, labels, ages[::-1]), axis="age").classes) == [
        "age <40",
        "age 40-59",
        "age 60-79",
        "age >=80",
    ]
    sites = ["10", "2", "AT-6 C 5", "0"] * 75
    assert list(score((scores, labels, sites), axis="site").classes) == [
        "site 0",
        "site 2",
        "site 10",
        "site AT-6 C 5",
    ]


def test_what_does_not_fit_is_refused(case: Any) -> None:
    scores, labels, groups = case
    with pytest.raises(DataError, match="299 values of sex for 300 records"):
        score((scores, labels, groups[1:]))
    spoiled = scores.copy()
    spoiled[0, 0] = np.nan
    with pytest.raises(DataError, match="1 of 1200 scores are NaN"):
        score((spoiled, labels, groups))
    for wrong in ({"min_records": 0}, {"min_positives": 0}):
        with pytest.raises(ConfigError, match="give 1 or more of both"):
            Comparison(**wrong)


def catalogue(ages: list[float | None], **columns: list[str | None]) -> Catalogue:
    num = len(ages)
    rows: dict[str, Any] = {"record_id": [f"r{row}" for row in range(num)], "path": ["x"] * num, "age": ages}
    return Catalogue.from_columns({**rows, **columns}, source="made up")


def test_the_groups_of_a_catalogue() -> None:
    ages = [0.5, 39.9, 40.0, 59.0, 60.0, 79.0, 80.0, 300.0, None]
    found = subgroups_of(catalogue(ages, sex=["male", "female", None] * 3, site=["1"] * 9))
    assert found["age"] == ["<40", "<40", "40-59", "40-59", "60-79", "60-79", ">=80", ">=80", None]
    assert found["sex"][:3] == ["male", "female", None]
    assert (set(found["site"]), set(found["device"])) == ({"1"}, {None})


PROMPTS = PromptSet(
    name="two",
    version=1,
    labels=tuple(PromptLabel(name=name, title=name, texts=(name,), codes={"scp": (name,)}) for name in ("AF", "PVC")),
)


def embedded(vectors: np.ndarray) -> EmbeddedSplit:
    num = len(vectors)
    columns: dict[str, Any] = {
        "patient_id": [str(row) for row in range(num)],
        "labels": [["AF", "PVC"][: row % 3] for row in range(num)],
        "sex": [("male", "female")[row % 2] for row in range(num)],
        "device": ["AT-6"] * (num - 5) + ["CS-12"] * 5,
        "split": ["val"] * num,
    }
    embedder: Any = SimpleNamespace(
        revision="abc", fingerprint="0123", origin="", opposite_share=0.2, similarities=lambda vectors, *_: vectors
    )
    store: Any = SimpleNamespace(catalogue=catalogue([50.0] * num, **columns), split_hash="5a")
    return EmbeddedSplit(embedder=embedder, store=store, split="val", rows=np.arange(num), vectors=vectors)


def test_a_result_names_what_could_not_be_compared(generator: np.random.Generator) -> None:
    vectors = generator.normal(size=(240, 2))
    result = subgroup_result(
        embedded(vectors),
        PROMPTS,
        protocol=ZeroShotProtocol(rule="cosine", rows="all"),
        comparison=LOOSE,
        random_twin=embedded(np.zeros((240, 2))),
        generator=generator,
        num_resamples=20,
        facts={"seed": 0, "command": "a test"},
    )
    assert (result.task, list(result.classes)) == ("subgroups", ["sex female", "sex male"])
    assert result.baselines[RANDOM_ENCODER]["macro_auroc/sex male"].value == 0.5
    about = result.provenance
    assert about["groups_left_out"] == "age 40-59, device AT-6, device CS-12, site (not known)"
    assert (about["min_records_of_a_group"], about["min_positives_of_a_group"], about["num_records"]) == (20, 3, 240)
