"""The tasks of ecg-text evaluate that learn labels from frozen features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecg_text.cli.common import progress
from ecg_text.cli.evaluate_asked import Answers, Asked

if TYPE_CHECKING:
    from ecg_text.data.label_set import LabelSet
    from ecg_text.evaluation.probe_splits import ProbeSplits
    from ecg_text.hub.embedding import Embedder


def probe_vectors(asked: Asked) -> Answers:
    """Labels learned from one vector of each ECG, one result a label set."""
    return _probe(asked, asked.features)


def probe_tokens(asked: Asked) -> Answers:
    """Labels learned from all tokens of each ECG."""
    return _probe(asked, "tokens")


def _probe(asked: Asked, features: str) -> Answers:
    from ecg_text.evaluation.probe_tasks import probe_kind, probe_result

    files = asked.files_of(label_sets(asked))
    splits = _splits(asked, asked.embedder, features, "embed")
    twin = None if asked.untrained is None else _splits(asked, asked.untrained, features, "embed with a random encoder")
    return Answers(
        results={
            path: probe_result(
                probe_kind(asked.task, asked.seed),
                splits,
                labels,
                random_twin=twin,
                generator=asked.generator(),
                num_resamples=asked.resamples,
                facts=asked.facts,
            )
            for path, labels in files.items()
        }
    )


def label_sets(asked: Asked) -> list[LabelSet]:
    """The label sets that are named, or the tasks of the benchmark. Raises PromptError for one that is unknown."""
    from ecg_text.evaluation.ptbxl_benchmark import TASKS, label_set

    return [label_set(name) for name in dict.fromkeys(asked.labels or TASKS)]


def _splits(asked: Asked, embedder: Embedder, features: str, told: str) -> ProbeSplits:
    from ecg_text.evaluation.probe_splits import probe_splits

    with progress(told) as advance:
        return probe_splits(embedder, asked.store, asked.split, features, asked.generator(), advance)
