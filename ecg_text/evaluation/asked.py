"""What a result is about: records of a store, the model that is asked of them, and what the provenance says of both.

Axes: N records, K labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ecg_text.data.label_set import LabelSet
from ecg_text.data.store import Store
from ecg_text.errors import DataError
from ecg_text.hub.embedding import Embedder
from ecg_text.text.prompts import PromptSet
from ecg_text.version import __version__

Fact = str | int | float | bool | None


class AskedModel(Protocol):
    """A model as a provenance names it: its origin, its weights and its preprocessing."""

    @property
    def origin(self) -> str:
        """The hub name and commit, "" for a folder."""

    @property
    def revision(self) -> str:
        """12 digits of the SHA-256 of the weights."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the preprocessing."""


def facts_of(model: AskedModel, store: Store, num_records: int) -> dict[str, Fact]:
    """What the provenance of a result says of a model and of the records of a store that it was asked about."""
    return {
        **({"model": model.origin} if model.origin else {}),
        "model_revision": model.revision,
        "preprocess_fingerprint": model.fingerprint,
        "data_set": store.catalogue.source,
        "split_hash": store.split_hash,
        "num_records": num_records,
        "code_version": __version__,
    }


@dataclass(frozen=True, eq=False, kw_only=True)
class AskedSplit:
    """Records of a split that a model is asked about: rows (N,) of a store."""

    embedder: Embedder
    store: Store
    split: str
    rows: np.ndarray

    def column(self, name: str) -> list[str | None]:
        """One column of the catalogue at these rows."""
        return self.store.catalogue.select(self.rows).column(name)

    def labels(self, prompts: PromptSet) -> np.ndarray:
        """Whether each record bears each label of a prompt set: (N, K) bool. Raises DataError where none bears any."""
        return self.labels_of(LabelSet.of_prompts(prompts))

    def labels_of(self, labels: LabelSet) -> np.ndarray:
        """Whether each record bears each label of a set: (N, K) bool. Raises DataError where none bears any."""
        matrix = labels.matrix(self.store.catalogue.select(self.rows))
        if not matrix.any():
            raise DataError(
                f"no record of the split {self.split!r} bears a label of {labels.name}; "
                f"its codes are {', '.join(codes[0] for codes in labels.codes[:5])}, ..."
            )
        return matrix

    def facts(self) -> dict[str, Fact]:
        """What the provenance of a result says of model and data."""
        return facts_of(self.embedder, self.store, len(self.rows))
