"""Which texts of a label mean what its first means: none that names a place or a finding beside it."""

from __future__ import annotations

import pytest

from ecg_text.recipes.prompt_texts import places_of, texts_of_one_meaning
from ecg_text.recipes.synonym_pairs import PROMPT_SETS, SOURCES, read_vocabulary
from ecg_text.text.prompt_files import load_prompt_set

LABELS = {(name, label.name): label.texts for name in PROMPT_SETS for label in load_prompt_set(name).labels}


@pytest.fixture(scope="module")
def meanings():
    return read_vocabulary(SOURCES, ()).meanings


@pytest.mark.parametrize("texts", LABELS.values(), ids=map(" ".join, LABELS))
def test_no_text_names_a_place_that_the_first_does_not(texts):
    first, *others = texts_of_one_meaning(texts)
    assert first == texts[0].lower()
    assert not [(first, text) for text in others for place in places_of(text) if place not in first]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("t wave inversion in v4-v6", {"v4-v6"}),
        ("st-t changes in the inferior and lateral leads", {"inferior", "lateral"}),
        ("t wave change, lateral leads", {"lateral"}),
        ("q waves in ii, iii, avf", {"ii", "iii", "avf"}),
        ("second degree av block, mobitz type ii", set()),
        ("low voltage qrs complexes in all leads", set()),
    ],
)
def test_places_are_leads_behind_in_and_territories(text, places):
    assert places_of(text) == places


@pytest.mark.parametrize(
    ("finding", "other"),
    [
        ("bifascicular block", "bifascicular block with a long pr interval"),
        ("bifascicular block", "trifascicular or bifascicular block"),
        ("second degree av block", "second degree av block, wenckebach type"),
        ("second degree av block, mobitz type ii", "high grade av block, mobitz ii"),
        ("junctional rhythm", "junctional tachycardia, junctional rhythm"),
        ("sinus arrest", "sinus pause due to sinoatrial block"),
        ("sinus arrest", "sinoatrial block with a sinus pause"),
        ("ventricular couplets", "ventricular couplets and triplets"),
        ("extreme axis deviation", "extreme or indeterminate axis"),
        ("pacemaker rhythm", "pacemaker rhythm with atrial and ventricular pacing"),
        ("pacemaker rhythm", "ventricular paced rhythm, pacemaker"),
        ("supraventricular tachycardia", "av nodal reentrant supraventricular tachycardia"),
        ("paroxysmal supraventricular tachycardia", "paroxysmal av nodal reentrant tachycardia"),
        ("left ventricular hypertrophy", "left ventricular hypertrophy by voltage"),
        ("left ventricular hypertrophy", "left ventricular hypertrophy with left ventricular strain"),
        ("right ventricular hypertrophy", "right ventricular hypertrophy with strain"),
        ("myocardial infarction", "anterior or inferior myocardial infarction"),
        ("premature atrial contractions", "premature atrial contractions with aberrant conduction"),
        ("atrial fibrillation", "atrial fibrillation with controlled ventricular rate"),
        ("acute myocardial infarction", "acute st elevation myocardial infarction"),
        ("abnormal st interval", "abnormal st interval with a raised st segment"),
        ("t wave abnormality", "t wave abnormality in v4-v6"),
        ("t wave inversion", "deep t wave inversion in the anterior leads"),
        ("st segment elevation", "convex st elevation in the anterior leads"),
        ("tall t waves", "tall peaked t waves in v2-v4"),
        ("st-t changes", "st-t changes in the inferior and lateral leads"),
        (
            "subendocardial injury in the anteroseptal leads",
            "subendocardial injury in the anterolateral leads",
        ),
    ],
)
def test_what_says_more_is_another_meaning(meanings, finding, other):
    assert meanings.get(other, other) != meanings.get(finding, finding)


@pytest.mark.parametrize(
    ("finding", "other"),
    [
        ("first degree av block", "first degree av block with a long pr interval"),
        ("first degree av block", "av block of the first degree"),
        ("left axis deviation", "leftward axis, left axis deviation"),
        ("inferior ischaemia", "ischaemia in the inferior leads"),
        ("pacemaker rhythm", "pacemaker rhythm with pacing spikes"),
    ],
)
def test_what_describes_the_finding_means_it(meanings, finding, other):
    assert meanings[other] == meanings[finding]


def test_texts_come_in_order_and_in_lower_case():
    assert texts_of_one_meaning(("Sinus  rhythm", "The rhythm is sinus", "AF. Sinus rhythm")) == [
        "sinus rhythm",
        "the rhythm is sinus",
    ]
