"""The same records changed: differences are paired, and agree with repeating records by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import patient_numbers
from ecg_text.evaluation.metrics import macro_auroc
from ecg_text.evaluation.scores import RANDOM_ENCODER
from ecg_text.evaluation.tasks import ZeroShotProtocol
from ecg_text.evaluation.variants import Ecgs, embed_varied, evaluate_variants, variants_result
from ecg_text.text.prompts import PromptLabel, PromptSet

NAMES = ("AFIB", "NORM")
PROMPTS = PromptSet(
    name="two",
    version=1,
    labels=tuple(PromptLabel(name=name, title=name, texts=(name.lower(),), codes={"scp": (name,)}) for name in NAMES),
)


@pytest.fixture
def case(generator: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:
    labels = generator.random((80, 2)) < 0.4
    noise = generator.normal(size=(80, 2))
    similarity = {"clean": labels + noise, "noisy": labels + 2 * noise + generator.normal(size=(80, 2))}
    return similarity, labels, [str(n // 2) for n in range(80)]


def test_a_difference_is_paired_over_the_same_patients(case: tuple, generator: np.random.Generator) -> None:
    similarity, labels, patients = case
    state = generator.bit_generator.state
    found = evaluate_variants(similarity, labels, NAMES, patients, generator, num_resamples=60).metrics
    generator.bit_generator.state = state
    drawn = generator.integers(40, size=(60, 40))
    number = patient_numbers(patients)
    changes = []
    for patients_drawn in drawn:
        rows = np.concatenate([np.flatnonzero(number == patient) for patient in patients_drawn])
        values = [macro_auroc(scores[rows], labels[rows]).value for scores in similarity.values()]
        changes.append(values[1] - values[0])
    metric = found["macro_auroc_change/noisy"]
    assert metric.value == pytest.approx(found["macro_auroc/noisy"].value - found["macro_auroc/clean"].value)
    low, high = np.quantile(changes, (0.025, 0.975)) - (np.mean(changes) - metric.value)
    assert (metric.low, metric.high) == pytest.approx((low, high))


def test_a_change_that_changes_nothing_costs_nothing_for_certain(case: tuple, generator: np.random.Generator) -> None:
    similarity, labels, patients = case
    same = {"clean": similarity["clean"], "again": similarity["clean"].copy()}
    metric = evaluate_variants(same, labels, NAMES, patients, generator, num_resamples=40).metrics
    assert (metric["macro_auroc_change/again"].low, metric["macro_auroc_change/again"].high) == (0.0, 0.0)
    assert metric["macro_auroc/clean"].low < metric["macro_auroc/clean"].high
    assert "macro_auroc_change/clean" not in metric


def test_perfect_and_random(generator: np.random.Generator) -> None:
    labels = generator.random((300, 2)) < 0.4
    similarity = {"clean": labels * 1.0, "deaf": generator.normal(size=(300, 2))}
    found = evaluate_variants(similarity, labels, NAMES, [None] * 300, generator, num_resamples=100)
    assert found.metrics["macro_auroc/clean"].value == 1.0
    deaf = found.metrics["macro_auroc/deaf"]
    assert deaf.low <= found.baselines["chance"]["macro_auroc/deaf"].value <= deaf.high
    assert found.metrics["macro_auroc_change/deaf"].high < 0
    assert found.classes["AFIB"].metrics["clean"].value == 1.0


def test_wrong_arrays_are_refused(case: tuple, generator: np.random.Generator) -> None:
    similarity, labels, patients = case
    with pytest.raises(DataError, match="79 patient ids for 80 records"):
        evaluate_variants(similarity, labels, NAMES, patients[1:], generator)
    with pytest.raises(DataError, match="none of the 2 classes"):
        evaluate_variants(similarity, np.zeros((80, 2)), NAMES, patients, generator)


class FakeEmbedder:
    """The first two leads' first samples are the vector, and the similarities."""

    revision, fingerprint, origin, opposite_share = "abc", "0123", "", 0.0

    def require_prepared(self, store: Any) -> None:
        pass

    def embed_ecg(self, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray) -> np.ndarray:
        return ecg[:, :2, 0] * lead_mask[:, :2]

    def similarities(self, vectors: np.ndarray, prompts: PromptSet, rule: str) -> np.ndarray:
        return vectors


def store(lead_mask: np.ndarray) -> Any:
    columns = {
        "record_id": [f"r{row}" for row in range(6)],
        "patient_id": [f"p{row}" for row in range(6)],
        "path": ["x"] * 6,
        "labels": [["AFIB"], ["NORM"], ["AFIB"], ["NORM"], [], ["AFIB"]],
        "split": ["val"] * 6,
    }
    ecg = np.zeros((6, 2, 4), dtype=np.float32)
    ecg[[0, 2, 5], 0] = ecg[[1, 3], 1] = 1.0
    return SimpleNamespace(
        catalogue=Catalogue.from_columns(columns, source="made up"),
        split_hash="5a",
        folder=Path("a store"),
        signals=lambda rows: (ecg[rows], lead_mask[rows], np.ones((len(rows), 4), dtype=bool)),
    )


def all_and_the_first(ecgs: Ecgs) -> Iterator[tuple[str, Ecgs]]:
    yield "all leads", ecgs
    yield "first", (ecgs[0], ecgs[1] & np.array([True, False]), ecgs[2])


def test_a_record_that_loses_all_its_leads_is_left_out_of_every_variant() -> None:
    lead_mask = np.ones((6, 2), dtype=bool)
    lead_mask[3, 0] = False
    embedder: Any = FakeEmbedder()
    [varied] = embed_varied([embedder], store(lead_mask), "val", all_and_the_first)
    assert varied.rows.tolist() == [0, 1, 2, 4, 5]
    assert {name: len(vectors) for name, vectors in varied.vectors.items()} == {"all leads": 5, "first": 5}
    with pytest.raises(DataError, match="has no record in the split 'test'"):
        embed_varied([embedder], store(lead_mask), "test", all_and_the_first)


def test_the_result_tells_each_variant_beside_the_twin() -> None:
    embedder: Any = FakeEmbedder()
    varied, twin = embed_varied([embedder, embedder], store(np.ones((6, 2), dtype=bool)), "val", all_and_the_first)
    result = variants_result(
        "lead-subsets",
        varied,
        PROMPTS,
        protocol=ZeroShotProtocol(),
        random_twin=twin,
        generator=np.random.default_rng(0),
        num_resamples=5,
        facts={"seed": 0},
    )
    assert (result.task, result.provenance["num_records"], result.provenance["rule"]) == ("lead-subsets", 5, "contrast")
    assert result.metrics["macro_auroc/all leads"].value == 1.0
    assert result.metrics["macro_auroc/first"].value == 0.75  # the second label has lost its lead: 0.5
    assert result.baselines[RANDOM_ENCODER]["macro_auroc_change/first"].value == -0.25
