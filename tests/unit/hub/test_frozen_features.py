"""Features of a store are the model's own, batch by batch, and padding is not among them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ecg_text.errors import FingerprintError
from ecg_text.hub import embedding
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.features import RememberingEmbedder, ecg_tokens
from ecg_text.record import Record


@pytest.fixture
def store(embedder: Embedder, records: list[Record]) -> Any:
    """Four records, of which the third is padded."""
    prepared = [embedder.preprocess(record) for record in records]

    def signals(rows: np.ndarray) -> tuple[np.ndarray, ...]:
        names = ("signal", "lead_mask", "time_mask")
        return tuple(np.stack([getattr(prepared[row], name) for row in rows]) for name in names)

    return SimpleNamespace(folder=Path("store"), fingerprint=embedder.fingerprint, signals=signals)


def test_both_vectors_are_those_of_the_model(embedder: Embedder, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "BATCH", 3)
    rows, told = np.array([2, 0, 3, 1]), []
    found = embedder.store_vectors(store, rows, lambda done, total: told.append((done, total)))
    tokens = ecg_tokens(embedder, store, rows)
    assert told == [(3, 4), (4, 4)]
    assert (found.pooled.dtype, found.tokens.dtype, tokens.values.dtype) == (np.float32, np.float32, np.float16)
    np.testing.assert_allclose(found.pooled, embedder.embed_store(store, rows), atol=1e-6)
    for number, row in enumerate(rows):
        with torch.inference_mode():
            one = embedder.model.encode_ecg(*map(torch.from_numpy, store.signals(np.array([row]))))
        real = one.tokens[0][one.token_mask[0]].numpy()
        np.testing.assert_allclose(found.tokens[number], real.mean(axis=0), rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(tokens.mask[number], one.token_mask[0].numpy())
        np.testing.assert_allclose(tokens.values[number][tokens.mask[number]], real, rtol=1e-2, atol=1e-2)
    assert not tokens.mask.all()
    assert len(tokens[np.array([1, 2])]) == 2


def test_a_store_of_another_preprocessing_is_refused(embedder: Embedder, store: Any) -> None:
    store.fingerprint = "00"
    for extract in (Embedder.store_vectors, Embedder.embed_store, ecg_tokens):
        with pytest.raises(FingerprintError):
            extract(embedder, store, np.arange(2))


def test_one_that_remembers_looks_at_each_record_once(embedder: Embedder, store: Any) -> None:
    asked: list[int] = []
    signals = store.signals

    def counted(rows: np.ndarray) -> tuple[np.ndarray, ...]:
        asked.extend(int(row) for row in rows)
        return tuple(signals(rows))

    store.signals = counted
    remembering = RememberingEmbedder(embedder)
    first = remembering.embed_store(store, np.array([2, 0]))
    both = remembering.store_vectors(store, np.array([0, 3, 2, 0]))
    assert asked == [2, 0, 3]
    np.testing.assert_array_equal(both.pooled[[2, 0]], first)
    fresh = embedder.store_vectors(store, np.array([0, 3, 2, 0]))
    np.testing.assert_allclose(both.pooled, fresh.pooled, atol=1e-6)
    np.testing.assert_allclose(both.tokens, fresh.tokens, atol=1e-5)
    assert remembering.embed_store(store, np.array([], dtype=np.int64)).shape == (0, first.shape[1])
    other = SimpleNamespace(**vars(store))
    remembering.embed_store(other, np.array([2]))
    assert asked[-1] == 2
    assert (remembering.revision, remembering.fingerprint) == (embedder.revision, embedder.fingerprint)
