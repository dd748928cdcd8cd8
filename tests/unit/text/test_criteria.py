"""The table of criteria: every finding has texts that mean it, texts that do not, and no text has two meanings."""

from __future__ import annotations

import re

import pytest

from ecg_text.errors import TextError
from ecg_text.text.concepts import concepts
from ecg_text.text.criteria import Criterion, Description, criteria, read_criteria
from ecg_text.text.synonyms import name_concepts

# Findings that the table of concepts does not have, or has under no name of their own.
OWN = """
    technically poor ecg
    normal heart rate
    regular rhythm
    irregular rhythm
    atrial flutter with 2:1 conduction
    atrial flutter with 4:1 conduction
    atrial flutter with variable block
    multifocal atrial tachycardia
    torsades de pointes
    asystole
    pacemaker failure to capture
    pacemaker failure to sense
    retrograde p waves
    tall r wave in v1
    normal r wave progression
    s1q3t3 pattern
    electrical alternans
    epsilon wave
    osborn wave
    horizontal st depression
    downsloping st depression
    upsloping st depression
    diffuse subendocardial ischaemia
    hyperacute t waves
    secondary repolarisation changes
    hypothermia
    brugada pattern type 1
    brugada pattern type 2
    wellens syndrome
    de winter pattern
    takotsubo cardiomyopathy
    subacute myocardial infarction
    myocardial infarction, age undetermined
    inferior st elevation myocardial infarction
    anterior st elevation myocardial infarction
    lateral st elevation myocardial infarction
    q wave infarction
    mains hum
    chest lead reversal
    poor electrode contact
"""


def found(name: str) -> Criterion:
    return next(each for each in criteria() if each.name == name)


def test_every_finding_has_enough_texts() -> None:
    assert len(criteria()) >= 130
    assert [each.name for each in criteria() if len(each.says) < 6 or len(each.differs) < 3] == []


def test_every_finding_is_said_in_german_and_swedish_too() -> None:
    for each in criteria():
        assert {said.language for said in each.says} == {"en", "de", "sv"}, each.name


def test_no_text_stands_twice() -> None:
    texts = [text.text for each in criteria() for text in (*each.says, *each.differs)]
    texts += [each.name for each in criteria()]
    assert len(texts) == len(set(texts))


def test_texts_are_british_and_free_of_prefixes() -> None:
    for each in criteria():
        for said in (*each.says, *each.differs):
            assert not re.match(r"[a-z]{2}: ", said.text)
            assert (
                not re.search(r"ischemia|polariz|kalemi[ac]|calcemi[ac]|artifact", said.text) or said.language == "sv"
            )


def test_names_are_those_of_concepts_but_for_the_table_s_own() -> None:
    known = {concept.name for concept in concepts()}
    assert {each.name for each in criteria()} - known == {line.strip() for line in OWN.strip().splitlines()}


def test_a_text_that_is_a_concept_s_wording_is_that_finding_s() -> None:
    known = {concept.name for concept in concepts()}
    faults = [
        (each.name, said.text, read)
        for each in criteria()
        for said in each.says
        if (read := name_concepts(said.text)) in known and read != each.name
    ]
    assert faults == []


def test_a_text_that_differs_is_no_wording_of_its_finding() -> None:
    faults = [
        (each.name, near.text)
        for each in criteria()
        for near in each.differs
        if name_concepts(near.text) in (each.name, *(name_concepts(said.text) for said in each.says))
    ]
    assert faults == []


def test_left_bundle_branch_block_is_described() -> None:
    texts = {said.text: said.language for said in found("left bundle branch block").says}
    assert texts["wide notched qrs, broad r in i and v6 without q, deep s in v1"] == "en"
    assert texts["linksschenkelblock"] == "de"
    assert texts["vänstergrenblock"] == "sv"


def test_a_table_is_read_and_its_prefixes_are_languages() -> None:
    table = '[[finding]]\nname = "asystole"\nsays = ["flat line", "de:nulllinie"]\ndiffers = ["noted: flat t"]'
    assert read_criteria(table) == (
        Criterion(
            name="asystole",
            says=(Description(text="flat line"), Description(text="nulllinie", language="de")),
            differs=(Description(text="noted: flat t"),),
        ),
    )


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('name = "asystole"\nsays = ["flat line"]\nsay = ["x"]', r"'asystole'.*unknown keys \['say'\]"),
        ('name = "asystole"\nsays = []', r"'asystole' says nothing"),
        ('name = "asystole"\ndiffers = ["flat t"]', r"'asystole' says nothing"),
        ('name = "asystole"\nsays = "flat line"', r"says of 'asystole' is not a list of texts"),
        ('name = "asystole"\nsays = [1]', r"says of 'asystole' is not a list of texts"),
        ('name = "asystole"\nsays = ["Flat line"]', r"'asystole' has upper case in 'Flat line'"),
        ('name = "Asystole"\nsays = ["flat line"]', r"'Asystole' has upper case in 'Asystole'"),
        ('name = "asystole"\nsays = ["flat  line"]', r"'asystole' has an empty text or stray spaces"),
        ('name = "asystole"\nsays = ["se: nollinje"]', r"'se: nollinje'; a language is one of de, sv"),
        ('name = "asystole"\nsays = ["de: "]', r"'asystole' has an empty text or stray spaces"),
        ('name = "asystole"\nsays = ["flat line", "flat line"]', r"'flat line' of 'asystole' stands twice"),
        ('name = "asystole"\nsays = ["flat line"]\ndiffers = ["flat line"]', r"'flat line' of 'asystole' stands twice"),
        ('name = "asystole"\nsays = ["asystole"]', r"'asystole' of 'asystole' stands twice"),
        (
            'name = "asystole"\nsays = ["flat line"]\n[[finding]]\nname = "flat t"\nsays = ["de: flat line"]',
            r"'flat line' of 'flat t' stands twice, first with 'asystole'",
        ),
        ('says = ["flat line"]', r"a finding has no name"),
        ('name = "asystole', r"criteria\.toml"),
    ],
)
def test_a_bad_table_is_refused(table: str, fault: str) -> None:
    with pytest.raises(TextError, match=fault):
        read_criteria("[[finding]]\n" + table)


def test_a_table_without_findings_is_refused() -> None:
    with pytest.raises(TextError, match=r"\[\[finding\]\] alone, found \['concept'\]"):
        read_criteria('[[concept]]\nname = "asystole"')
