"""From a frozen model and a store to the result of a probe: who learns, who chooses, who is reported."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.label_set import LabelSet
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.probe_splits import ProbeSplits, probe_splits
from ecg_text.evaluation.probe_tasks import probe_kind, probe_result
from ecg_text.evaluation.ptbxl_benchmark import label_set
from ecg_text.evaluation.scores import RANDOM_ENCODER

NAMES = ("AFIB", "SR", "PACE")
LABELS = LabelSet(name="three", names=NAMES, codes=tuple((name,) for name in NAMES))
SIZE = 400


def store(generator: np.random.Generator) -> Any:
    """Records of 200 patients; one in ten bears a label that is not asked."""
    split = ["train" if row < 240 else "val" if row < 320 else "test" for row in range(SIZE)]
    labels = [list(np.array(NAMES)[generator.random(3) < 0.4]) or ["OTHER"] for _ in range(SIZE)]
    columns = {
        "record_id": [f"r{row}" for row in range(SIZE)],
        "patient_id": [f"p{row // 2}" for row in range(SIZE)],
        "path": ["x"] * SIZE,
        "labels": labels,
        "split": split,
    }
    return SimpleNamespace(catalogue=Catalogue.from_columns(columns, source="made up"), split_hash="5a", folder="f")


class FakeEmbedder:
    """A vector is the labels of its record, in noise."""

    revision, fingerprint, origin = "abc", "0123", ""

    def __init__(self, of: Any, noise: float) -> None:
        matrix = LABELS.matrix(of.catalogue)
        self.vectors = matrix + noise * np.random.default_rng(1).normal(size=matrix.shape)

    def embed_store(self, _store: Any, rows: np.ndarray, _progress: Any = None) -> np.ndarray:
        return self.vectors[rows]


def splits_of(of: Any, split: str = "test", noise: float = 0.5) -> ProbeSplits:
    embedder: Any = FakeEmbedder(of, noise)
    return probe_splits(embedder, of, split, "pooled", np.random.default_rng(3))


def ask(splits: ProbeSplits, twin: ProbeSplits | None = None, labels: LabelSet = LABELS) -> Any:
    return probe_result(
        probe_kind("linear-probe", seed=0),
        splits,
        labels,
        random_twin=twin,
        generator=np.random.default_rng(0),
        num_resamples=20,
        facts={"seed": 0, "command": "a test"},
    )


def test_the_result_stands_beside_chance_and_a_random_encoder(generator: np.random.Generator) -> None:
    of = store(generator)
    found = ask(splits_of(of), twin=splits_of(of, noise=1e6))
    assert found.task == "linear-probe"
    assert found.split == "test"
    assert {f"macro_auroc@{part}" for part in ("1%", "10%", "100%")} < set(found.metrics)
    assert found.metrics["macro_auroc@100%"].value > 0.85
    assert found.metrics["macro_auroc@100%"].low is not None
    assert found.baselines[RANDOM_ENCODER]["macro_auroc@100%"].value < 0.65
    assert found.baselines["chance"]["macro_auroc@1%"].value == 0.5
    assert list(found.classes) == list(NAMES)


def test_the_provenance_tells_what_was_learned_from_and_chosen_on(generator: np.random.Generator) -> None:
    of = store(generator)
    bearing = LABELS.matrix(of.catalogue).any(axis=1)
    about = ask(splits_of(of)).provenance
    assert about["num_records"] == bearing[320:].sum()
    assert about["train_records@100%"] == bearing[:240].sum()
    assert about["num_choosing"] == bearing[240:320].sum()
    assert (about["chosen_on"], about["learned_from"], about["features"]) == ("val", "train", "pooled")
    assert (about["label_set"], about["label_hash"]) == ("three", LABELS.hash)
    assert about["setting"] == "l2 over the summed loss, of 1, 10, 100, 1000, 10000"
    assert about["labels_without_positive@100%"] == 0
    assert "benchmark_interval" not in about  # these labels are no task of the benchmark


def test_a_task_of_the_benchmark_has_its_interval(generator: np.random.Generator) -> None:
    about = ask(splits_of(store(generator)), labels=label_set("rhythm")).provenance
    assert about["benchmark_low"] <= float(str(about["benchmark_interval"])[:5]) <= about["benchmark_high"]


def test_on_val_one_half_of_the_patients_chooses_and_the_other_is_reported(generator: np.random.Generator) -> None:
    of = store(generator)
    splits = splits_of(of, split="val")
    choosing, reported = splits.choosing, splits.reported
    assert set(choosing.column("patient_id")).isdisjoint(reported.column("patient_id"))
    np.testing.assert_array_equal(np.sort(np.concatenate([choosing.rows, reported.rows])), np.arange(240, 320))
    assert len(choosing.rows) == len(reported.rows) == 40
    assert splits.chosen_on == "half of the patients of val; the others are reported"
    np.testing.assert_array_equal(reported.features, splits_of(of, split="val").reported.features)
    assert ask(splits).metrics["macro_auroc@100%"].value > 0.8


def test_features_are_those_of_their_rows(generator: np.random.Generator) -> None:
    of = store(generator)
    splits = splits_of(of)
    for part in (splits.train, splits.choosing, splits.reported):
        np.testing.assert_array_equal(part.features, FakeEmbedder(of, 0.5).vectors[part.rows])


def test_what_cannot_be_probed_is_refused(generator: np.random.Generator) -> None:
    of = store(generator)
    with pytest.raises(ConfigError, match="learns from the split 'train'"):
        splits_of(of, split="train")
    with pytest.raises(ConfigError, match="features are 'logits'"):
        probe_splits(FakeEmbedder(of, 1), of, "test", "logits", generator)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no probe 'nearest'"):
        probe_kind("nearest", seed=0)
    with pytest.raises(DataError, match="no record of the split 'train' bears a label of none"):
        ask(splits_of(of), labels=LabelSet(name="none", names=("x",), codes=(("X",),)))
    of.catalogue = of.catalogue.select(np.arange(240))
    with pytest.raises(DataError, match="has no record in the split 'val'"):
        splits_of(of)
