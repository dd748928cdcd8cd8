"""From embeddings and a catalogue to a result: who is asked, what is left out, what stands beside the model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.retrieval_task import retrieval_result
from ecg_text.evaluation.scores import RANDOM_ENCODER
from ecg_text.evaluation.tasks import (
    EmbeddedSplit,
    ZeroShotProtocol,
    embed_split,
    zero_shot_result,
)
from ecg_text.text.prompts import PromptLabel, PromptSet

LABELS = (["AFIB"], ["NORM"], ["NORM"], [], ["AFIB", "PVC"], ["OTHER"], ["NORM"], ["AFIB"])
PROMPTS = PromptSet(
    name="three",
    version=2,
    labels=tuple(
        PromptLabel(name=name, title=name, texts=(name.lower(),), codes={"scp": (name,)})
        for name in ("AFIB", "NORM", "PVC")
    ),
)


class FakeEmbedder:
    """Vectors whose axes are the labels; similarities are the coordinates."""

    revision, fingerprint, origin = "abc", "0123", ""

    opposite_share = 0.3

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors = vectors

    def embed_store(self, store: Any, rows: np.ndarray, progress: Any = None) -> np.ndarray:
        return self.vectors[rows]

    def similarities(self, vectors: np.ndarray, prompts: PromptSet, rule: str) -> np.ndarray:
        return vectors[:, : len(prompts.labels)]

    def embed_reports(self, texts: list[str]) -> np.ndarray:
        return np.eye(4, dtype=np.float32)[[int(text[-1]) for text in texts]]


def perfect_vectors() -> np.ndarray:
    axes = {"AFIB": 0, "NORM": 1, "PVC": 2}
    vectors = np.zeros((8, 4), dtype=np.float32)
    for row, labels in enumerate(LABELS):
        for label in labels or ["OTHER"]:
            vectors[row, axes.get(label, 3)] = 1.0
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def store(reports: tuple[str | None, ...] = ()) -> Any:
    columns: dict[str, list[Any]] = {
        "record_id": [f"r{row}" for row in range(8)],
        "patient_id": [f"p{row}" for row in range(8)],
        "path": ["x"] * 8,
        "labels": [list(labels) for labels in LABELS],
        "split": ["val"] * 8,
    }
    if reports:
        columns["report"] = list(reports)
    return SimpleNamespace(
        catalogue=Catalogue.from_columns(columns, source="made up"), split_hash="5a", folder="a store"
    )


def embedded(vectors: np.ndarray, reports: tuple[str | None, ...] = ()) -> EmbeddedSplit:
    embedder: Any = FakeEmbedder(vectors)
    return embed_split(embedder, store(reports), "val")


def ask(split: EmbeddedSplit, protocol: ZeroShotProtocol, twin: EmbeddedSplit | None = None) -> Any:
    return zero_shot_result(
        split,
        PROMPTS,
        protocol=protocol,
        random_twin=twin,
        generator=np.random.default_rng(0),
        num_resamples=5,
        facts={"seed": 0, "command": "a test"},
    )


def test_labelled_rows_are_those_with_a_label_of_the_set() -> None:
    result = ask(embedded(perfect_vectors()), ZeroShotProtocol())
    assert result.provenance["num_records"] == 6
    assert result.classes["AFIB"].support == 3
    assert result.metrics["macro_auroc"].value == 1.0


def test_all_rows_are_the_whole_split() -> None:
    result = ask(embedded(perfect_vectors()), ZeroShotProtocol(rows="all"))
    assert (result.provenance["num_records"], result.provenance["rows"]) == (8, "all")


def test_rare_labels_are_left_out_and_named() -> None:
    result = ask(embedded(perfect_vectors()), ZeroShotProtocol(min_positives=2))
    assert list(result.classes) == ["AFIB", "NORM"]
    assert result.provenance["labels_left_out"] == "PVC"


def test_the_untrained_twin_and_chance_stand_beside_the_model() -> None:
    flat = embedded(np.full((8, 4), 0.5, dtype=np.float32))
    result = ask(embedded(perfect_vectors()), ZeroShotProtocol(), twin=flat)
    assert result.baselines[RANDOM_ENCODER]["macro_auroc"].value == 0.5
    assert result.baselines["chance"]["macro_auroc"].value == 0.5
    assert result.baselines[RANDOM_ENCODER]["macro_auroc"].low is None


def test_the_provenance_tells_what_the_scores_depend_on() -> None:
    about = ask(embedded(perfect_vectors()), ZeroShotProtocol(rule="cosine")).provenance
    assert about["model_revision"] == "abc"
    assert about["preprocess_fingerprint"] == "0123"
    assert (about["data_set"], about["split_hash"]) == ("made up", "5a")
    assert (about["prompt_set"], about["prompt_version"], about["prompt_hash"]) == ("three", 2, PROMPTS.hash)
    assert (about["rule"], about["command"]) == ("cosine", "a test")


@pytest.mark.parametrize(("rule", "share"), [("contrast", 0.3), ("cosine", 0.0)])
def test_a_result_tells_how_much_of_the_opposite_was_taken_away(rule: str, share: float) -> None:
    about = ask(embedded(perfect_vectors()), ZeroShotProtocol(rule=rule)).provenance
    assert (about["rule"], about["opposite_share"]) == (rule, share)


def test_reports_are_asked_once_each_and_records_without_one_take_no_part() -> None:
    reports = ("text 0", "text 1", "text 1", None, "text 2", "  ", "text 1", "text 0")
    vectors = np.eye(4, dtype=np.float32)[[0, 1, 1, 3, 2, 3, 1, 0]]
    result = retrieval_result(
        embedded(vectors, reports),
        random_twin=embedded(np.full((8, 4), 0.5, dtype=np.float32), reports),
        generator=np.random.default_rng(0),
        num_resamples=5,
        facts={},
    )
    assert (result.provenance["num_records"], result.provenance["num_distinct_reports"]) == (6, 3)
    assert result.metrics["report_to_ecg_recall@1"].value == 1.0
    assert result.metrics["ecg_to_report_recall@1"].value == 1.0
    assert result.baselines[RANDOM_ENCODER]["ecg_to_report_recall@1"].value == 0.0  # ties count against a model


def test_ecgs_find_each_other_by_report_and_by_label() -> None:
    reports = ("text 0", "text 1", "text 1", "text 3", "text 0", "text 2", "text 1", "text 0")
    result = retrieval_result(
        embedded(perfect_vectors(), reports),
        [PROMPTS],
        random_twin=None,
        generator=np.random.default_rng(0),
        num_resamples=5,
        facts={},
    )
    about = result.provenance
    assert (about["num_ecgs_with_an_equal_report"], about["same_patient"]) == (6, "left out")
    assert about["prompt_sets"] == f"three v2 {PROMPTS.hash}"
    # The two AFIB find each other before AFIB with PVC; that one shares a half with each; NORM finds the other two.
    assert result.metrics["ecg_to_ecg_ndcg@10/three"].value == 1.0
    assert result.metrics["ecg_to_ecg_ndcg@10/three"].low == 1.0
    assert 0 < result.baselines["chance"]["ecg_to_ecg_ndcg@10/three"].value < 1
    assert result.metrics["report_to_ecg_ndcg@10/three"].value < 1.0  # a report that nothing near its label says
    assert result.metrics["ecg_to_ecg_recall@5"].value == 1.0


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(ConfigError, match="rows is 'some'"):
        ZeroShotProtocol(rows="some")
    with pytest.raises(ConfigError, match="min_positives is -1"):
        ZeroShotProtocol(min_positives=-1)
    with pytest.raises(DataError, match=r"no label of three has 9 positive records.*the most frequent has 3"):
        ask(embedded(perfect_vectors()), ZeroShotProtocol(min_positives=9))
    with pytest.raises(DataError, match="has no record in the split 'test'"):
        embed_split(FakeEmbedder(perfect_vectors()), store(), "test")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no record of the split 'val' has a report"):
        retrieval_result(
            embedded(perfect_vectors()),
            random_twin=None,
            generator=np.random.default_rng(0),
            num_resamples=0,
            facts={},
        )


def test_a_set_that_nobody_bears_is_refused() -> None:
    other = PromptSet(name="other", version=1, labels=(PromptLabel(name="WPW", title="WPW", texts=("wpw",)),))
    with pytest.raises(DataError, match="no record of the split 'val' bears a label of other; its codes are WPW"):
        zero_shot_result(
            embedded(perfect_vectors()),
            other,
            protocol=ZeroShotProtocol(),
            random_twin=None,
            generator=np.random.default_rng(0),
            num_resamples=0,
            facts={},
        )
