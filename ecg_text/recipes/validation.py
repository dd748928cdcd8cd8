"""Validation during training: the prompt sets of the run asked of the validation split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.data.store import Store
from ecg_text.evaluation.metrics import has_both_values, macro_auroc
from ecg_text.hub.embedding import Embedder
from ecg_text.methods.method import Method
from ecg_text.methods.table import model_of
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.text.prompts import PromptSet


@dataclass(frozen=True, eq=False, kw_only=True)
class ZeroShotValidation:
    """Macro AUROC of each prompt set on the given rows, and their mean under "zero_shot"; points only, no intervals."""

    store: Store
    rows: np.ndarray
    prompt_sets: tuple[PromptSet, ...]
    processor: EcgTextProcessor

    def __call__(self, method: Method, _step: int) -> Mapping[str, float]:
        """Metrics by name; a set of which no label has both values in these rows is left out."""
        embedder = Embedder(model_of(method), self.processor)
        ecg = embedder.embed_store(self.store, self.rows)
        catalogue = self.store.catalogue.select(self.rows)
        metrics = {}
        for prompts in self.prompt_sets:
            labels = catalogue.label_matrix([label.all_codes for label in prompts.labels])
            asked = labels.any(axis=1)
            value = (
                macro_auroc(embedder.similarities(ecg, prompts)[asked], labels[asked]).value if asked.any() else np.nan
            )
            if not np.isnan(value):
                metrics[f"zero_shot/{prompts.name}"] = value
        return {**metrics, "zero_shot": float(np.mean(list(metrics.values())))} if metrics else {}

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics it gives where every set can be scored."""
        return (*(f"zero_shot/{prompts.name}" for prompts in self.prompt_sets), "zero_shot")


def scorable(store: Store, rows: np.ndarray, prompt_sets: Sequence[PromptSet]) -> tuple[PromptSet, ...]:
    """The sets of which a label has both values among the given rows that bear a label of the set."""
    catalogue = store.catalogue.select(rows)
    found = []
    for prompts in prompt_sets:
        labels = catalogue.label_matrix([label.all_codes for label in prompts.labels])
        if has_both_values(labels[labels.any(axis=1)]).any():
            found.append(prompts)
    return tuple(found)
