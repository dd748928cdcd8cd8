"""Validation of a training on labels: what the classifier tells of the validation split, as it will be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecg_text.data.crops import Crops
from ecg_text.data.store import Store
from ecg_text.evaluation.metrics import macro_auroc
from ecg_text.hub.ecg_classifier import RECORDS_AT_ONCE, predict
from ecg_text.methods.method import Method
from ecg_text.methods.supervised import Supervised


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelValidation:
    """Macro AUROC of the given rows, which bear labels (N, K); points only, no intervals."""

    store: Store
    rows: np.ndarray
    labels: np.ndarray
    crops: Crops | None

    @property
    def names(self) -> tuple[str, ...]:
        """The metric it gives."""
        return ("macro_auroc",)

    def __call__(self, method: Method, _step: int) -> Mapping[str, float]:
        """The metric by its name."""
        if not isinstance(method, Supervised):
            return {}
        found = [
            predict(method.model, self.crops, *self.store.signals(self.rows[start : start + RECORDS_AT_ONCE]))
            for start in range(0, len(self.rows), RECORDS_AT_ONCE)
        ]
        return {self.names[0]: macro_auroc(np.concatenate(found), self.labels).value}
