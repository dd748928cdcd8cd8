"""The labels of a prompt set are read from reports: by its wordings, the longest first, what is denied left out."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ecg_text.errors import PromptError
from ecg_text.text.label_reader import LabelReader
from ecg_text.text.prompt_files import list_prompt_sets, load_prompt_set
from ecg_text.text.prompts import PromptLabel, PromptSet


@cache
def reader(name: str) -> LabelReader:
    return LabelReader.of(load_prompt_set(name))


def of_two(first: tuple[str, ...], second: tuple[str, ...]) -> LabelReader:
    labels = (PromptLabel(name=name, title=name, texts=texts) for name, texts in (("A", first), ("B", second)))
    return LabelReader.of(PromptSet(name="two", version=1, labels=tuple(labels)))


@pytest.mark.parametrize(
    ("name", "report", "labels"),
    [
        ("ptbxl-rhythm", "sinus rhythm. normal ecg", ("SR",)),
        ("ptbxl-rhythm", "regular rhythm, no p waves recognised. atrial fibrillation", ("AFIB",)),
        ("ptbxl-rhythm", "Sinus Rhythm. No atrial fibrillation.", ("SR",)),
        ("ptbxl-rhythm", "premature ventricular contractions, bigeminy. sinus arrhythmia", ("SARRH", "BIGU")),
        ("ptbxl-rhythm", "vorhofflimmern, kein schrittmacher", ("AFIB",)),
        ("ptbxl-rhythm", "förmaksflimmer", ("AFIB",)),
        ("ptbxl-rhythm", "afib with rvr", ("AFIB",)),
        ("ptbxl-rhythm", "", ()),
        ("ptbxl-rhythm", "...", ()),
        ("ptbxl-superclass", "this ecg is normal", ("NORM",)),
        ("ptbxl-superclass", "abnormal ecg", ()),
        ("ptbxl-superclass", "otherwise normal ecg", ("NORM",)),
        ("ptbxl-superclass", "no definite pathology", ("NORM",)),
        ("ptbxl-superclass", "possible inferior myocardial damage", ("MI",)),
        ("ptbxl-superclass", "anterior myocardial infarction cannot be excluded", ("MI",)),
        ("ptbxl-superclass", "no evidence of ischemia, infarction or hypertrophy", ()),
        ("ptbxl-superclass", "progress trace advised to rule out recent myocardial infarction", ()),
        ("ptbxl-subclass", "incomplete right bundle branch block", ("IRBBB",)),
        ("ptbxl-subclass", "complete right bundle branch block", ("CRBBB",)),
        ("ptbxl-subclass", "unvollständiger rechtsschenkelblock", ("IRBBB",)),
        ("ptbxl-subclass", "anteroseptal myocardial infarction, possibly acute", ("AMI",)),
        ("ptbxl-form", "high voltage in chest leads suggesting left ventricular hypertrophy", ("VCLVH",)),
        ("ptbxl-form", "low or flat t waves in leads v4, v5", ("LOWT",)),
        ("ptbxl-form", "non-specific t wave abnormality", ("NDT",)),  # a text of NDT, though a concept of NT names it
        ("ptbxl-form", "non-specific st-t abnormality", ()),
        ("ptbxl-form", "st segment depression and t wave inversion in leads i, avl", ("INVT", "STD")),
    ],
)
def test_a_report_says_these_labels(name: str, report: str, labels: tuple[str, ...]) -> None:
    assert set(reader(name).read(report)) == set(labels)


@pytest.mark.parametrize("name", [name for name, _ in list_prompt_sets()])
def test_every_text_says_its_own_label_and_none_of_the_opposite(name: str) -> None:
    def said(text: str) -> tuple[str, ...]:
        return reader(name).read(f"this is an ecg. {text}")  # whose words tell that it is English

    for label in load_prompt_set(name).labels:
        missed = [text for text in label.texts if label.name not in said(text)]
        wrong = [text for text in label.opposite if label.name in said(text)]
        assert (missed, wrong) == ([], []), label.name
        assert label.name not in said(f"no {label.texts[0]}")


def test_a_text_of_several_sentences_is_said_by_all_of_them() -> None:
    both = of_two(("left axis. left anterior fascicular block",), ("atrial flutter",))
    assert both.read("left anterior fascicular block. sinus rhythm. left axis") == ("A",)
    assert both.read("left axis") == ()


def test_what_means_the_same_counts_where_it_is_found_for_one_label_alone() -> None:
    places = of_two(("st segment elevation in leads ii, iii, avf",), ("st segment elevation in leads v1-v4",))
    assert places.read("st segment elevation in leads ii, iii, avf") == ("A",)
    assert places.read("st segment elevation in leads v5, v6") == ()
    one = of_two(("st segment elevation in leads ii, iii, avf",), ("atrial flutter",))
    assert one.read("st segment elevation in leads v5, v6") == ("A",)
    shared = of_two(("non-specific t wave abnormality",), ("non-specific t wave changes",))
    assert shared.read("non-specific t wave abnormality") == ("A",)


def test_the_case_of_a_wording_does_not_matter() -> None:
    loud = of_two(("Atrial Fibrillation",), ("PVCs",))
    assert loud.read("AFIB. premature ventricular contractions") == ("A", "B")


def test_many_reports_are_read_as_each_alone() -> None:
    rhythm = reader("ptbxl-rhythm")
    reports = ["sinus rhythm", "", "atrial flutter. no sinus rhythm", "sinus rhythm"]
    said = rhythm.matrix(reports)
    assert (said.dtype, said.shape) == (bool, (4, len(rhythm.names)))
    for row, report in zip(said, reports, strict=True):
        assert tuple(np.array(rhythm.names)[row]) == rhythm.read(report)
    assert rhythm.matrix([]).shape == (0, len(rhythm.names))


def test_a_text_without_a_word_is_refused() -> None:
    with pytest.raises(PromptError, match=r"'\.\.\.' holds no word"):
        of_two(("...",), ("atrial flutter",))
