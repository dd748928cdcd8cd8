"""A calibration: what turns a model's similarities into answers, for the prompt sets and the rule it was fitted for.

It holds for one model, one wording and one way to ask: for anything else it says why not. Axes: N records, K labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecg_text.errors import CheckpointError, DataError
from ecg_text.hub.calibrated_label import CalibratedLabel, require_count, require_numbers
from ecg_text.hub.reference import Reference
from ecg_text.text.prompts import OWN_TEXTS, PromptSet


@dataclass(frozen=True, kw_only=True)
class FittedOn:
    """The records a calibration was fitted on, and how chance was drawn."""

    data_set: str
    split: str
    split_hash: str
    num_records: int
    num_patients: int
    seed: int
    code_version: str

    def __post_init__(self) -> None:
        require_texts("fitted_on", (self.data_set, self.split, self.split_hash, self.code_version))
        for what in ("num_records", "num_patients", "seed"):
            require_count(f"fitted_on: {what}", getattr(self, what))

    def __str__(self) -> str:
        where = f"{self.data_set}, " if self.data_set else ""
        return f"{where}split {self.split!r}, {self.num_records} records of {self.num_patients} patients"


@dataclass(frozen=True, kw_only=True)
class CalibratedPrompts:
    """The labels of one prompt set, asked by one rule, in the set's order; hash is the prompt set's.

    Raises CheckpointError where a label is there twice, or none is.
    """

    name: str
    version: int
    hash: str
    rule: str
    labels: tuple[CalibratedLabel, ...]

    def __post_init__(self) -> None:
        require_texts("a calibrated prompt set", (self.name, self.hash, self.rule))
        require_count(f"prompt set {self.name!r}: version", self.version)
        if not self.labels or len(set(self.names)) != len(self.names):
            raise CheckpointError(f"prompt set {self.name!r} has no calibrated label, or one twice")

    @property
    def names(self) -> tuple[str, ...]:
        """The labels, in the order of the columns."""
        return tuple(label.name for label in self.labels)

    def probabilities(self, similarity: np.ndarray) -> np.ndarray:
        """How often each label is there at its similarity: (N, K) -> (N, K), NaN where a label is not fitted."""
        return self._by_column(similarity, lambda label, column: label.probability(column))

    def percentiles(self, similarity: np.ndarray) -> np.ndarray:
        """The per cent of the fitting split's records that are less similar to each label: (N, K) -> (N, K)."""
        return self._by_column(similarity, lambda label, column: label.percentile(column))

    def calls(self, similarity: np.ndarray, point: str) -> np.ndarray:
        """1 where a label is called at an operating point of POINTS, 0 where not: (N, K) -> (N, K), NaN: not fitted."""
        return self._by_column(similarity, lambda label, column: label.called(column, point))

    def _by_column(
        self, similarity: np.ndarray, answer: Callable[[CalibratedLabel, np.ndarray], np.ndarray]
    ) -> np.ndarray:
        similarity = np.asarray(similarity, dtype=np.float64)
        if similarity.ndim != 2 or similarity.shape[1] != len(self.labels):
            raise DataError(
                f"similarities have shape {similarity.shape}; give one column for each of the {len(self.labels)} "
                f"labels of {self.name}"
            )
        return np.stack([answer(label, similarity[:, k]) for k, label in enumerate(self.labels)], axis=1)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What was fitted for one model: its revision, its preprocessing, and its share of the opposite (models/contrast).

    reference is None where no vectors of single records were to be kept. Raises CheckpointError where a prompt set is
    there twice for one rule.
    """

    model_revision: str
    preprocess_fingerprint: str
    opposite_share: float
    fitted_on: FittedOn
    prompt_sets: tuple[CalibratedPrompts, ...]
    reference: Reference | None = None

    def __post_init__(self) -> None:
        require_texts("a calibration", (self.model_revision, self.preprocess_fingerprint))
        require_numbers("opposite_share", (self.opposite_share,))
        asked = [(one.name, one.rule) for one in self.prompt_sets]
        if repeated := sorted({pair for pair in asked if asked.count(pair) > 1}):
            name, rule = repeated[0]
            raise CheckpointError(f"prompt set {name!r} is calibrated twice for the rule {rule!r}")

    def for_prompts(self, prompts: PromptSet, rule: str, revision: str) -> CalibratedPrompts | str:
        """The labels fitted for this prompt set, rule and model revision, or one line that says why there are none."""
        if revision != self.model_revision:
            return f"the calibration was fitted for model {self.model_revision}, not for {revision}"
        same_name = [one for one in self.prompt_sets if one.name == prompts.name]
        if not same_name and prompts.name == OWN_TEXTS:
            return "a text of your own has no labels to fit one on"
        if not same_name:
            known = ", ".join(dict.fromkeys(one.name for one in self.prompt_sets)) or "none"
            return f"no calibration was fitted for the prompt set {prompts.name}; fitted: {known}"
        same_words = [one for one in same_name if one.hash == prompts.hash]
        if not same_words:
            fitted = same_name[0]
            return (
                f"{prompts.name} was calibrated as v{fitted.version} ({fitted.hash}), not as "
                f"v{prompts.version} ({prompts.hash})"
            )
        for one in same_words:
            if one.rule == rule:
                return one if one.names == prompts.names else f"the calibration of {prompts.name} has other labels"
        return f"{prompts.name} was calibrated for the rule {same_words[0].rule}, not for {rule}"

    def for_model(self, revision: str, fingerprint: str, opposite_share: float) -> Calibration | str:
        """The calibration itself where it was fitted for this model, or one line that says why it is not used."""
        foreign = self.why_foreign(revision, fingerprint, opposite_share)
        return self if foreign is None else f"the calibration {foreign}, and is not used"

    def why_foreign(self, revision: str, fingerprint: str, opposite_share: float) -> str | None:
        """In what the calibration was fitted for another model than this one, None where it goes with it."""
        for what, ours, theirs in (
            ("model", self.model_revision, revision),
            ("preprocessing", self.preprocess_fingerprint, fingerprint),
            ("opposite_share", self.opposite_share, opposite_share),
        ):
            if ours != theirs:
                return f"was fitted for {what} {ours}, not for {theirs}"
        return None


def require_texts(what: str, values: tuple[object, ...]) -> None:
    """Raises CheckpointError where one of the values is no text."""
    for value in values:
        if not isinstance(value, str):
            raise CheckpointError(f"{what} holds {value!r} where a text should be")
