"""What a probe learns from, chooses on and is reported on: splits of a store as a frozen encoder sees them.

Axes: n and N records, D and W width, K labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from ecg_text.data.label_set import LabelSet
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.asked import AskedSplit
from ecg_text.evaluation.probes import ProbeRows, patient_halves
from ecg_text.hub.embedding import Embedder, Progress
from ecg_text.hub.features import ecg_tokens

TRAIN, CHOOSE = "train", "val"

Extract = Callable[[Embedder, Store, np.ndarray, Progress | None], Any]
"""The features of some rows of a store, as an encoder sees them."""


def pooled_features(embedder: Embedder, store: Store, rows: np.ndarray, progress: Progress | None) -> np.ndarray:
    """The model's own vectors: (n, D)."""
    return embedder.embed_store(store, rows, progress)


def mean_tokens(embedder: Embedder, store: Store, rows: np.ndarray, progress: Progress | None) -> np.ndarray:
    """The mean of the tokens before the head, which has learned what reports tell: (n, W)."""
    return embedder.store_vectors(store, rows, progress).tokens


FEATURES: Mapping[str, Extract] = MappingProxyType(
    {"pooled": pooled_features, "mean_token": mean_tokens, "tokens": ecg_tokens}
)


@dataclass(frozen=True, eq=False, kw_only=True)
class ProbedSplit(AskedSplit):
    """Records of a split, and their features."""

    features: Any

    def part(self, chosen: np.ndarray) -> ProbedSplit:
        """Some of the records only: their numbers."""
        return replace(self, rows=self.rows[chosen], features=self.features[chosen])

    def bearing(self, labels: LabelSet) -> ProbedSplit:
        """The records that bear a label at all. Raises DataError where none does."""
        return self.part(np.flatnonzero(self.labels_of(labels).any(axis=1)))

    def probe_rows(self, labels: LabelSet) -> ProbeRows:
        """The records as a probe takes them."""
        return ProbeRows(features=self.features, labels=self.labels_of(labels), patient_ids=self.column("patient_id"))


@dataclass(frozen=True, eq=False, kw_only=True)
class ProbeSplits:
    """What a probe learns from, chooses on and is reported on, and which features of it."""

    train: ProbedSplit
    choosing: ProbedSplit
    reported: ProbedSplit
    features: str

    @property
    def chosen_on(self) -> str:
        """In words, for the provenance."""
        if self.choosing.split != self.reported.split:
            return self.choosing.split
        return f"half of the patients of {self.choosing.split}; the others are reported"


def probe_splits(
    embedder: Embedder,
    store: Store,
    split: str,
    features: str,
    generator: np.random.Generator,
    progress: Progress | None = None,
) -> ProbeSplits:
    """The features of the training split, of val to choose on, and of the split that is reported.

    Where that is val, half of its patients, drawn by the generator, choose and the others are reported: nothing is
    reported on what it was chosen on. Raises ConfigError for features that are unknown or the training split, DataError
    for an empty split, FingerprintError for a store of another preprocessing.
    """
    if features not in FEATURES:
        raise ConfigError(f"features are {features!r}; choose one of {', '.join(FEATURES)}")
    if split == TRAIN:
        raise ConfigError(f"a probe learns from the split {TRAIN!r}; report another one")
    wanted = {name: store.catalogue.where_split(name) for name in dict.fromkeys((TRAIN, CHOOSE, split))}
    if empty := [name for name, rows in wanted.items() if not len(rows)]:
        raise DataError(f"{store.folder} has no record in the split {empty[0]!r}, which a probe needs")
    rows = np.concatenate(list(wanted.values()))
    found = FEATURES[features](embedder, store, rows, progress)
    parts, start = {}, 0
    for name, of_split in wanted.items():
        numbers = np.arange(start, start + len(of_split))
        parts[name] = ProbedSplit(embedder=embedder, store=store, split=name, rows=of_split, features=found[numbers])
        start += len(of_split)
    choosing, reported = parts[CHOOSE], parts[split]
    if split == CHOOSE:
        half, others = patient_halves(reported.column("patient_id"), generator)
        choosing, reported = reported.part(half), reported.part(others)
    return ProbeSplits(train=parts[TRAIN], choosing=choosing, reported=reported, features=features)
