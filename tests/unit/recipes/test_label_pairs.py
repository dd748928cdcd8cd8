"""Pairs of texts of one label: of one set each time, each label once, two different texts."""

from __future__ import annotations

import numpy as np

from ecg_text.recipes.label_pairs import LabelSampler, read_label_texts
from ecg_text.text.prompt_files import list_prompt_sets, load_prompt_set

SETS = (
    (("a1", "a2", "a3"), ("b1", "b2"), ("c1", "c2")),
    (("d1", "d2"), ("e1", "e2")),
    (("alone1", "alone2"),),
)


def test_pairs_are_of_different_labels_of_one_set():
    sampler, chance = LabelSampler(SETS, 2), np.random.default_rng(0)
    drawn = [sampler(chance) for _ in range(200)]
    for pairs in drawn:
        assert len(pairs) == 2
        assert all(a != b and a[0] == b[0] for a, b in pairs)
        labels = {a[0] for a, _ in pairs}
        assert len(labels) == 2
        assert labels <= set("abc") or labels == set("de")
    assert {text for pairs in drawn for pair in pairs for text in pair} == {
        text for labels in SETS[:2] for texts in labels for text in texts
    }


def test_pairs_depend_on_the_generator_alone():
    sampler = LabelSampler(SETS, 3)
    first, again, other = ([sampler(chance) for _ in range(9)] for chance in map(np.random.default_rng, (1, 1, 2)))
    assert first == again != other


def test_the_labels_are_those_of_the_packaged_sets_that_have_two_texts():
    read = read_label_texts()
    assert len(read) == len(list_prompt_sets())
    superclass = [label.texts for label in load_prompt_set("ptbxl-superclass").labels]
    assert tuple(tuple(text.lower() for text in texts) for texts in superclass) in read
    assert all(len(set(texts)) == len(texts) > 1 for labels in read for texts in labels)
