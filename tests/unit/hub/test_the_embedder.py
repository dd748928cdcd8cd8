"""Vectors of records, texts and stores, and the similarities that are made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ecg_text.errors import ConfigError, FingerprintError, TextError
from ecg_text.hub.embedding import BATCH, Embedder
from ecg_text.models.contrast import zero_shot_weights
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.record import Record
from ecg_text.text.prompts import PromptSet

LONG = 3  # the number of the record of two windows and a half


def embed_window(embedder: Embedder, window: Any) -> np.ndarray:
    return embedder.embed_ecg(window.signal[None], window.lead_mask[None], window.time_mask[None])[0]


def fake_store(embedder: Embedder, records: list[Record], fingerprint: str | None = None) -> Any:
    prepared = [embedder.preprocess(record) for record in records]

    def signals(rows: np.ndarray) -> tuple[np.ndarray, ...]:
        chosen = [prepared[row] for row in rows]
        names = ("signal", "lead_mask", "time_mask")
        return tuple(np.stack([getattr(item, name) for item in chosen]) for name in names)

    return SimpleNamespace(folder=Path("store"), fingerprint=fingerprint or embedder.fingerprint, signals=signals)


def test_vectors_are_float32_of_unit_length(embedder: Embedder, records: list[Record]) -> None:
    for vectors in (embedder.embed_records(records), embedder.embed_texts(["sinus rhythm", "left axis"])):
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_long_record_is_the_mean_of_its_windows_at_unit_length(embedder: Embedder, records: list[Record]) -> None:
    windows = embedder.preprocess.windows(records[LONG])
    assert len(windows) == 3
    mean = np.mean([embed_window(embedder, window) for window in windows], axis=0)
    expected = mean / np.linalg.norm(mean)
    assert np.abs(expected - embed_window(embedder, windows[0])).max() > 1e-4
    np.testing.assert_allclose(embedder.embed_records(records)[LONG], expected, atol=1e-6)


def test_a_record_does_not_depend_on_its_neighbours(embedder: Embedder, records: list[Record]) -> None:
    alone = np.concatenate([embedder.embed_records([record]) for record in records])
    np.testing.assert_allclose(embedder.embed_records(records), alone, atol=1e-6)


@pytest.mark.slow
def test_more_windows_and_texts_than_a_batch_keep_their_order(embedder: Embedder, records: list[Record]) -> None:
    many = [records[0], records[LONG]] * (BATCH // 3)
    two = embedder.embed_records([records[0], records[LONG]])
    np.testing.assert_allclose(embedder.embed_records(many), np.tile(two, (len(many) // 2, 1)), atol=1e-6)
    texts = ["sinus rhythm", "atrial fibrillation"] * BATCH
    two = embedder.embed_texts(texts[:2])
    np.testing.assert_allclose(embedder.embed_texts(texts), np.tile(two, (BATCH, 1)), atol=1e-6)


def test_of_ten_thousand_reports_each_distinct_one_is_encoded_once(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    encode = embedder.model.encode_text

    def counted(input_ids: torch.Tensor, *rest: Any, **named: Any) -> Any:
        encoded.append(len(input_ids))
        return encode(input_ids, *rest, **named)

    monkeypatch.setattr(embedder.model, "encode_text", counted)
    distinct = [f"sinus rhythm. normal ecg, {number}" for number in range(40)]
    reports = [distinct[number % 40] for number in range(10_000)]
    vectors = embedder.embed_reports(reports)
    assert sum(encoded) == 40
    np.testing.assert_array_equal(vectors[:40], vectors[-40:])
    assert len(np.unique(vectors, axis=0)) == 40


def test_nothing_asked_is_nothing_given(embedder: Embedder, records: list[Record]) -> None:
    assert embedder.embed_records([]).shape == (0, 12)
    assert embedder.embed_texts([]).shape == (0, 12)
    assert embedder.embed_store(fake_store(embedder, records), []).shape == (0, 12)


def test_the_case_of_a_text_makes_no_difference(embedder: Embedder) -> None:
    shouted, said = embedder.embed_texts(["Atrial FIBRILLATION,  ÜBERDREHT", "atrial fibrillation, überdreht"])
    np.testing.assert_array_equal(shouted, said)


@pytest.mark.parametrize("texts", [[""], ["sinus rhythm", " \n"], ["?!"], "sinus rhythm"])
def test_texts_of_no_word_are_refused(texts: Any, embedder: Embedder) -> None:
    with pytest.raises(TextError):
        embedder.embed_texts(texts)


def test_a_store_gives_the_vectors_of_its_records(embedder: Embedder, records: list[Record]) -> None:
    told: list[tuple[int, int]] = []
    store = fake_store(embedder, records)
    vectors = embedder.embed_store(store, [2, 0], progress=lambda done, total: told.append((done, total)))
    np.testing.assert_allclose(vectors, embedder.embed_records([records[2], records[0]]), atol=1e-6)
    assert told == [(2, 2)]


def test_a_store_of_another_preprocessing_is_refused_by_both_names(embedder: Embedder, records: list[Record]) -> None:
    with pytest.raises(FingerprintError, match=f"fingerprint abc, the model wants {embedder.fingerprint}"):
        embedder.embed_store(fake_store(embedder, records, "abc"), [0])


@pytest.mark.parametrize("rule", ["contrast", "cosine"])
def test_similarities_come_in_the_order_of_the_labels(
    rule: str, embedder: Embedder, records: list[Record], prompts: PromptSet
) -> None:
    scores = embedder.zero_shot(records, prompts, rule)
    assert scores.shape == (len(records), len(prompts.names))
    vectors = embedder.embed_records(records)
    for column, label in enumerate(prompts.labels):
        alone = PromptSet(name="alone", version=1, labels=(label,))
        expected = vectors @ zero_shot_weights(embedder.embed_texts, alone, embedder.opposite_share, rule)[0]
        np.testing.assert_allclose(scores[:, column], expected, atol=1e-6)
    turned = PromptSet(name="turned", version=1, labels=prompts.labels[::-1])
    np.testing.assert_allclose(embedder.zero_shot(records, turned, rule), scores[:, ::-1], atol=1e-6)


def test_an_unknown_rule_is_refused(embedder: Embedder, records: list[Record], prompts: PromptSet) -> None:
    with pytest.raises(ConfigError, match="no zero-shot rule 'softmax'"):
        embedder.zero_shot(records, prompts, "softmax")


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_the_mode_around_it_makes_no_difference(
    mode: Callable[[], Any], embedder: Embedder, records: list[Record]
) -> None:
    expected = embedder.embed_records(records[:1])
    with mode():
        np.testing.assert_array_equal(embedder.embed_records(records[:1]), expected)


def test_a_model_in_training_is_asked_without_its_chance(
    model: EcgTextModel, processor: EcgTextProcessor, records: list[Record]
) -> None:
    expected = Embedder(model, processor).embed_records(records)
    np.testing.assert_array_equal(Embedder(model.train(), processor).embed_records(records), expected)
