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
class Question:
    """A prompt set and who can answer it: labels (N, K) of the validation rows, asked (N,) those that bear one."""

    prompts: PromptSet
    labels: np.ndarray
    asked: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class ZeroShotValidation:
    """Macro AUROC of each question on the given rows, and their mean under "zero_shot"; points only, no intervals."""

    store: Store
    rows: np.ndarray
    questions: tuple[Question, ...]
    processor: EcgTextProcessor

    def __call__(self, method: Method, _step: int) -> Mapping[str, float]:
        """Metrics by name."""
        embedder = Embedder(model_of(method), self.processor)
        ecg = embedder.embed_store(self.store, self.rows)
        values = [
            macro_auroc(embedder.similarities(ecg, one.prompts)[one.asked], one.labels[one.asked]).value
            for one in self.questions
        ]
        return dict(zip(self.names, (*values, float(np.mean(values))), strict=True))

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics it gives."""
        return (*(f"zero_shot/{one.prompts.name}" for one in self.questions), "zero_shot")


def scorable(store: Store, rows: np.ndarray, prompt_sets: Sequence[PromptSet]) -> tuple[Question, ...]:
    """The sets of which a label has both values among the given rows that bear a label of the set."""
    catalogue = store.catalogue.select(rows)
    found = []
    for prompts in prompt_sets:
        labels = catalogue.label_matrix([label.all_codes for label in prompts.labels])
        asked = np.asarray(labels.any(axis=1))
        if has_both_values(labels[asked]).any():
            found.append(Question(prompts=prompts, labels=labels, asked=asked))
    return tuple(found)
