"""Pairs of texts of one label of a prompt set, by which the texts of a label are taught to find each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecg_text.text.prompt_files import list_prompt_sets, load_prompt_set

# The labels of a set, each the tuple of its texts.
LabelTexts = tuple[tuple[str, ...], ...]


def read_label_texts() -> tuple[LabelTexts, ...]:
    """The labels of each packaged prompt set that have two texts or more, in lower case."""
    sets = [load_prompt_set(name) for name in dict(list_prompt_sets())]
    told = (
        tuple(tuple(dict.fromkeys(text.lower() for text in label.texts)) for label in prompts.labels)
        for prompts in sets
    )
    return tuple(tuple(texts for texts in labels if len(texts) > 1) for labels in told)


class LabelSampler:
    """Draws a prompt set, at most num_labels of its labels, and two texts of each.

    A label is wider than a meaning: "left bundle branch block" and "third degree av block" are both conduction
    disturbances. So its texts are only compared with those of other labels of the same set.
    """

    def __init__(self, sets: Sequence[LabelTexts], num_labels: int) -> None:
        self._sets = [labels for labels in sets if len(labels) > 1]
        self._num_labels = num_labels

    def __call__(self, generator: np.random.Generator) -> list[tuple[str, str]]:
        """Two texts each of different labels of one set; chance comes from the generator alone."""
        labels = self._sets[generator.integers(len(self._sets))]
        drawn = generator.permutation(len(labels))[: self._num_labels]
        pairs = []
        for texts in (labels[k] for k in drawn):
            first, second = generator.permutation(len(texts))[:2]
            pairs.append((texts[first], texts[second]))
        return pairs
