"""The PTB-XL benchmark: six tasks from the statements of a record, and the interval that its tables are printed with.

Strodthoff et al., 2020 ("Deep learning for ECG analysis: benchmarks and insights from PTB-XL", sections II and III). A
record has every statement it is given, whatever its likelihood, even 0; a record without a label of a task takes no
part in it, in training neither. Folds 1-8 train, 9 chooses, 10 is reported. Axes: N records, K classes, M resamples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ecg_text.data.label_set import LabelSet
from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import RESAMPLES_AT_ONCE, weighted_auroc
from ecg_text.evaluation.metrics import checked_matrix, has_both_values, macro_auroc
from ecg_text.text.prompt_files import load_prompt_set


class _Task(NamedTuple):
    """A prompt set whose labels are asked, or each of whose codes is."""

    prompt_set: str
    by_code: bool = False


TASKS: Mapping[str, _Task] = MappingProxyType(
    {
        "all": _Task("ptbxl-all"),
        "diagnostic": _Task("ptbxl-subclass", by_code=True),
        "subdiagnostic": _Task("ptbxl-subclass"),
        "superdiagnostic": _Task("ptbxl-superclass"),
        "form": _Task("ptbxl-form"),
        "rhythm": _Task("ptbxl-rhythm"),
    }
)

QUANTILES = (0.05, 0.95)
# The rarest label of the task "all" is borne by one record of 2,198: one resample in ten keeps every class.
MOST_DRAWN = 100_000


def label_set(name: str) -> LabelSet:
    """The labels of a task of the benchmark, or else of a prompt set, by name or .toml file.

    Raises PromptError where there is neither.
    """
    if name not in TASKS:
        return LabelSet.of_prompts(load_prompt_set(name))
    task = TASKS[name]
    prompts = load_prompt_set(task.prompt_set)
    if not task.by_code:
        return replace(LabelSet.of_prompts(prompts), name=name)
    codes = tuple(code for label in prompts.labels for code in label.all_codes)
    return LabelSet(name=name, names=codes, codes=tuple((code,) for code in codes))


class BenchmarkInterval(NamedTuple):
    """A macro AUROC with the 5 % and 95 % quantiles of its resamples: an interval of 90 %, and over records."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """As the benchmark prints it, "0.925(07)": the larger distance to a quantile, in thousandths."""
        distance = max(self.value - self.low, self.high - self.value)
        return f"{self.value:.3f}({round(1000 * distance):02d})"


def benchmark_interval(
    scores: np.ndarray, labels: np.ndarray, generator: np.random.Generator, *, num_resamples: int = 100
) -> BenchmarkInterval:
    """The macro AUROC of (N, K) scores and (N, K) labels, with the benchmark's own interval.

    Each resample draws N records with replacement, again until every class has a positive (and a negative, which no
    split of the benchmark ever lost). Classes that have one value from the start are left out. Raises DataError where
    no class is left, or hardly any resample would keep them all.
    """
    scores, labels = checked_matrix(scores, labels)
    kept = has_both_values(labels)
    if not kept.any() or num_resamples < 1:
        raise DataError(
            f"{int(kept.sum())} classes with both values and {num_resamples} resamples; give at least one of each"
        )
    scores, labels = scores[:, kept], labels[:, kept]
    blocks = _complete_resamples(labels, num_resamples, generator)
    macro = np.concatenate([weighted_auroc(scores, labels, weights).mean(axis=1) for weights in blocks])
    low, high = np.quantile(macro, QUANTILES)
    return BenchmarkInterval(macro_auroc(scores, labels).value, float(low), float(high))


def _complete_resamples(labels: np.ndarray, num_resamples: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each record is drawn, (N, M) int32, in resamples that keep both values of every class."""
    sides = [np.flatnonzero(column == value) for column in labels.T for value in (True, False)]
    sides.sort(key=len)  # the rarest are lost most often: looked at first, most of what is drawn again costs little
    drawn, found = 0, 0
    block: list[np.ndarray] = []
    while found < num_resamples:
        drawn += 1
        if drawn > MOST_DRAWN:
            raise DataError(
                f"{found} of {MOST_DRAWN} resamples keep both values of each of the {labels.shape[1]} classes, "
                f"and {num_resamples} are wanted; leave out the rarest labels, or ask a larger split"
            )
        weights = np.bincount(generator.integers(len(labels), size=len(labels)), minlength=len(labels))
        if all(weights[rows].any() for rows in sides):
            block.append(weights.astype(np.int32))
            found += 1
        if block and (len(block) == RESAMPLES_AT_ONCE or found == num_resamples):
            yield np.stack(block, axis=1)
            block = []
