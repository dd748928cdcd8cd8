"""A prompt set put to a model: its texts are read once, then any number of ECGs are answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ecg_text.hub.answers import Call, EcgAnswer, EcgSeen, LabelAnswer, Question
from ecg_text.hub.calibrated_label import CalibratedLabel
from ecg_text.hub.calibration import CalibratedPrompts, Calibration
from ecg_text.hub.reference import percentiles_among
from ecg_text.record import Record
from ecg_text.signal.gate.passage import Passage, require_ecg
from ecg_text.signal.preprocess import Prepared
from ecg_text.text.prompts import PromptLabel, PromptSet

if TYPE_CHECKING:
    from ecg_text.hub.embedding import Embedder


class Answerer:
    """Answers the labels of one prompt set by one rule; question says on what the answers rest.

    Axes: N ECGs, K labels, R known records. Raises ConfigError for a rule that is none.
    """

    def __init__(self, embedder: Embedder, prompts: PromptSet, rule: str = "contrast") -> None:
        self._embedder, self._prompts = embedder, prompts
        self.preprocess = embedder.preprocess
        self._weights = embedder.weights(prompts, rule)
        found = embedder.calibrated(prompts, rule)
        self._fitted = found if isinstance(found, CalibratedPrompts) else None
        self._curves = (None,) * len(prompts.labels) if self._fitted is None else self._fitted.labels
        carried = embedder.own_calibration
        self._known, among = (None, None) if isinstance(carried, str) else self._known_records(carried)
        self.question = Question(
            prompt_set=prompts.name,
            prompt_version=prompts.version,
            prompt_hash=prompts.hash,
            rule=rule,
            model_revision=embedder.revision,
            preprocess_fingerprint=embedder.fingerprint,
            fitted_on=None if isinstance(carried, str) or self._fitted is None else carried.fitted_on,
            uncalibrated=found if isinstance(found, str) else None,
            percentile_among=among,
        )

    def answer_records(self, records: Sequence[Record]) -> list[EcgAnswer]:
        """Records of any length. Raises SignalError for one that the gate refuses, or that has none of the leads."""
        seen: list[EcgSeen] = []

        def windows() -> Iterator[list[Prepared]]:
            for record in records:
                examination = require_ecg(record, self.preprocess)
                prepared = self.preprocess.windows(record)
                told = EcgSeen.of(record.record_id, examination, self.preprocess.leads, prepared[0], len(prepared))
                seen.append(told)
                yield prepared

        vectors = self._embedder.embed_windows(windows(), len(records))
        return [self._told(each, vector) for each, vector in zip(seen, vectors, strict=True)]

    def answer(self, passage: Passage) -> EcgAnswer:
        """One recording on its way through the gate. Raises SignalError where every stretch of it is refused."""
        vector = self._embedder.embed_windows([passage], 1)[0]
        told = passage.recording.record_id, passage.examination, passage.preprocess.leads
        seen = EcgSeen.of(*told, passage.first_window, passage.num_windows)
        return self._told(seen, vector)

    def labels(self, vector: np.ndarray) -> tuple[LabelAnswer, ...]:
        """Every label's answer for one ECG's unit vector (D,), the most similar first."""
        similarity = np.asarray(vector @ self._weights.T, dtype=np.float64)
        percentiles = self._percentiles(similarity)
        told = zip(self._prompts.labels, self._curves, similarity.tolist(), percentiles, strict=True)
        return tuple(sorted((self._label(*one) for one in told), key=lambda label: -label.similarity))

    def _label(
        self, asked: PromptLabel, fitted: CalibratedLabel | None, similarity: float, percentile: float | None
    ) -> LabelAnswer:
        return LabelAnswer(
            name=asked.name,
            title=asked.title,
            similarity=similarity,
            probability=None if fitted is None or fitted.curve is None else float(fitted.curve(np.asarray(similarity))),
            no_probability=self.question.uncalibrated if fitted is None else fitted.unfitted,
            percentile=percentile,
            calls={} if fitted is None else calls_of(fitted, similarity),
        )

    def _told(self, seen: EcgSeen, vector: np.ndarray) -> EcgAnswer:
        return EcgAnswer(question=self.question, seen=seen, labels=self.labels(vector))

    def _percentiles(self, similarity: np.ndarray) -> list[float | None]:
        """Among the records that a label was fitted on where it was, else among the reference: (K,) -> K."""
        if self._fitted is not None:
            return list(self._fitted.percentiles(similarity[None])[0].tolist())
        if self._known is not None:
            return list(percentiles_among(self._known, similarity[None])[0].tolist())
        return [None] * len(similarity)

    def _known_records(self, carried: Calibration) -> tuple[np.ndarray | None, str | None]:
        """The similarities of the reference records (R, K), each column rising, and in words who they are.

        They are by the same rule: kept are the records' vectors, and the weights are those asked with. Fitted labels
        know their own records, all of them.
        """
        if self._fitted is not None:
            return None, str(carried.fitted_on)
        if carried.reference is None:
            return None, None
        num = carried.reference.num_records
        drawn = "" if num == carried.fitted_on.num_records else f"{num} drawn from "
        return carried.reference.similarities(self._weights), f"{drawn}{carried.fitted_on}"


def calls_of(fitted: CalibratedLabel, similarity: float) -> dict[str, Call]:
    """Whether a similarity reaches each of a label's thresholds; nothing where the label is not fitted."""
    return {
        name: Call(
            called=bool(fitted.called(np.asarray(similarity), name)),
            threshold=point.threshold,
            sensitivity=point.sensitivity,
            specificity=point.specificity,
        )
        for name, point in fitted.points.items()
    }
